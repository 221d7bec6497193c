package gemm

import (
	"unsafe"

	"golang.org/x/sys/cpu"
)

//go:generate go run -C ../asm . -dir ..

// memory is a tile as plain bytes. Unlike a *tile it can be handed to an unknown
// function without moving the tile, and all it points at, to the heap.
type memory = [unsafe.Sizeof(tile{})]byte

// emulate, when a test sets it, stands in for the processor: it runs the
// micro-kernel on the tile and the processor does not.
var emulate func(k isa, of kind, s shape, t memory)

// supported reports whether the processor has the instructions and the
// operating system saves their registers; package cpu checks both (XGETBV).
func (k isa) supported() bool {
	switch k {
	case avx512:
		return cpu.X86.HasAVX512F && cpu.X86.HasAVX2 && cpu.X86.HasFMA
	case avx2:
		return cpu.X86.HasAVX2 && cpu.X86.HasFMA
	}
	return true
}

// multipliesBytes reports whether the processor has the instruction for bytes, besides those of the
// set.
func (k isa) multipliesBytes() bool { return k != avx512 || cpu.X86.HasAVX512VNNI || emulate != nil }

// run calls the micro-kernel of the shape, for elements of that kind. It does not keep the
// tile.
func (k isa) run(of kind, s shape, t *tile) {
	switch wide := k == avx512; {
	case emulate != nil:
		emulate(k, of, s, *(*memory)(unsafe.Pointer(t)))
	case wide && of == single:
		avx512F32Run(s, t)
	case wide && of == double:
		avx512F64Run(s, t)
	case wide:
		avx512I8Run(s, t)
	case of == single:
		avx2F32Run(s, t)
	case of == double:
		avx2F64Run(s, t)
	default:
		avx2I8Run(s, t)
	}
}
