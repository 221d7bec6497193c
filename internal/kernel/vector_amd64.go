package kernel

import (
	"unsafe"

	"golang.org/x/sys/cpu"
)

// memory is a call as plain bytes. Unlike a *call it can be handed to an unknown function
// without moving the call, and all it points at, to the heap.
type memory = [unsafe.Sizeof(call{})]byte

// emulate, when a test sets it, stands in for the processor, and returns what becomes of the
// call.
var emulate func(k isa, f function, t memory) memory

// supported reports whether the processor has the instructions and the operating system
// saves their registers.
func (k isa) supported() bool {
	switch k {
	case avx512:
		return cpu.X86.HasAVX512F && cpu.X86.HasAVX2
	case avx2:
		return cpu.X86.HasAVX2
	}
	return true
}

// run calls a vector function, which may write results into the call but does not keep it.
func (k isa) run(f function, t *call) {
	switch {
	case emulate != nil:
		*(*memory)(unsafe.Pointer(t)) = emulate(k, f, *(*memory)(unsafe.Pointer(t)))
	case k == avx512:
		avx512Run(f, t)
	default:
		avx2Run(f, t)
	}
}
