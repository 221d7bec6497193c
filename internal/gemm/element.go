package gemm

import "unsafe"

// An Element is what matrices are made of: numbers, or bytes in units of 32 bits (see Bytes), whose
// products are sums of 32 bits.
type Element interface{ float32 | float64 | int32 }

// A kind tells micro-kernels for different elements apart.
type kind int

const (
	single kind = iota
	double
	inBytes
)

// kindOf returns the kind of an element.
func kindOf[T Element]() kind {
	var zero T
	switch any(zero).(type) {
	case float64:
		return double
	case int32:
		return inBytes
	}
	return single
}

// wide is how many panels the micro-kernel of the given height takes at once.
func (k kind) wide(rows int) int {
	if k == inBytes && rows == 3 {
		return 1 // AVX2 has too few registers
	}
	return wide(rows)
}

// sizeOf returns the bytes of an element.
func sizeOf[T Element]() int {
	var zero T
	return int(unsafe.Sizeof(zero))
}

// first returns the address of an element for a tile.
func first[T Element](x *T) *byte { return (*byte)(unsafe.Pointer(x)) }
