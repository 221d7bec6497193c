//go:build !amd64

package gemm

// supported reports whether there is code for the instruction set: for this
// processor there is only the portable code.
func (k isa) supported() bool { return k == generic }

// run is never reached: choose returns only what is supported.
func (k isa) run(_ int, s shape, _ *tile) { panic(s.unknown()) }
