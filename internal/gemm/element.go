package gemm

import "unsafe"

// An Element is what matrices are made of.
type Element interface{ float32 | float64 }

// sizeOf returns the bytes of an element.
func sizeOf[T Element]() int {
	var zero T
	return int(unsafe.Sizeof(zero))
}

// first returns the address of an element for a tile.
func first[T Element](x *T) *byte { return (*byte)(unsafe.Pointer(x)) }
