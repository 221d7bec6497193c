//go:build !amd64

package kernel

// supported reports whether there is code for the instruction set: for this processor
// there are only the loops.
func (k isa) supported() bool { return k == generic }

// run is never reached: choose returns only what is supported.
func (k isa) run(f function, _ *call) { panic(f.unknown()) }
