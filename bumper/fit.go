package bumper

import (
	"unsafe"

	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// Fit finds room for size bytes in mem from offset off on, at the alignment that
// the contract of [memory.Allocator] requires. It returns where the block starts
// and ends, or false if there is no room; an empty block always has room. No size
// overflows: it is only compared with what is left.
func Fit(mem []byte, off int, size, align uintptr) (start, end int, ok bool) {
	align = memory.Alignment(size, align)
	free := uintptr(len(mem) - off)
	pad := -(address(mem) + uintptr(off)) & (align - 1)
	if pad > free || size > free-pad {
		return off, off, size == 0 // an empty block may be anywhere
	}
	start = off + int(pad)
	return start, start + int(size), true
}

// fitFast is Fit for storage that begins at a multiple of 64, and for the usual
// alignments: small enough to be inlined. It gives up, with false, where Fit may
// still succeed.
func fitFast(length, off int, size, align uintptr) (start int, ok bool) {
	mask := align - 1
	odd := align&mask != 0 || mask >= 64
	if size >= 64 {
		mask = 63
	}
	start = int((uintptr(off) + mask) &^ mask)
	return start, !odd && start <= length && size <= uintptr(length-start)
}

// aligned returns mem without the bytes before the first multiple of 64.
func aligned(mem []byte) []byte {
	lost := min(int(-address(mem)&63), len(mem))
	return mem[lost:len(mem):len(mem)]
}

// address returns where mem begins. It is used for alignment only and never
// turned back into a pointer. mem does not move while the buffer holds it: Go moves
// no heap object, and the buffer owns storage from elsewhere.
func address(mem []byte) uintptr { return uintptr(unsafe.Pointer(unsafe.SliceData(mem))) }
