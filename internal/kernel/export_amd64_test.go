package kernel

import "unsafe"

// CallMemory is the memory of a call.
type CallMemory = memory

// Emulate lets run take the place of the processor until restore is called. It gets the
// instruction set, the number of the function and the memory of the call.
func Emulate(run func(set string, f uint8, t *CallMemory)) (restore func()) {
	emulate = func(k isa, f function, t memory) memory {
		run(k.String(), uint8(f), &t)
		return t
	}
	return func() { emulate = nil }
}

// WorksWithout runs the self-test of the set in use on the processor, with one function
// that does nothing.
func WorksWithout(broken uint8) bool {
	defer func() { emulate = nil }()
	var hook func(k isa, f function, t memory) memory
	hook = func(k isa, f function, t memory) memory {
		if uint8(f) == broken {
			return t
		}
		emulate = nil
		k.run(f, (*call)(unsafe.Pointer(&t))) // the operands are alive in the caller
		emulate = hook
		return t
	}
	emulate = hook
	return active.works()
}

// Functions is how many generated functions there are.
const Functions = uint8(functions)

// Tables are what a call can point at, besides its operands.
func Tables() (masks []int32, constants [][16]float32) { return tails[:], expConstants[:] }
