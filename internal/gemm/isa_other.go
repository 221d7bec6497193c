//go:build !amd64

package gemm

// supported reports whether there is code for the instruction set: for this
// processor there is only the portable code.
func (k isa) supported() bool { return k == generic }

// run is never reached: choose returns only what is supported.
func (k isa) run(_ kind, s shape, _ *tile) { panic(s.unknown()) }

// multipliesBytes reports whether there is an instruction for bytes: the portable code needs none.
func (k isa) multipliesBytes() bool { return true }
