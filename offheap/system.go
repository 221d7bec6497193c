package offheap

import "unsafe"

// system is what this package needs of the operating system. Each source has its own, so
// that tests can make any of its calls fail.
type system interface {
	pageSize() int
	mmap(size int) ([]byte, error) // anonymous, private, zero, readable and writable
	munmap(mem []byte) error       // exactly what mmap returned
	adviseHuge(mem []byte) error   // a multiple of hugePage at a multiple of hugePage
	discard(mem []byte) error      // whole pages, which are zero when touched again
}

// hugePage is the size of a huge page on amd64, and on arm64 with pages of 4 KiB.
const hugePage = 2 << 20

const maxInt = int(^uint(0) >> 1)

// address returns where mem begins; 0 if it is nil. It is compared and never
// turned back into a pointer.
func address[T any](mem []T) uintptr { return uintptr(unsafe.Pointer(unsafe.SliceData(mem))) }

// within reports whether mem lies in whole.
func within(mem, whole []byte) bool {
	offset := address(mem) - address(whole) // wraps around below whole
	return offset <= uintptr(len(whole)) && uintptr(len(mem)) <= uintptr(len(whole))-offset
}

// roundUp rounds size up to a multiple of unit, a power of two; false if that
// overflows.
func roundUp(size, unit int) (int, bool) {
	if size > maxInt-unit {
		return 0, false
	}
	return (size + unit - 1) &^ (unit - 1), true
}
