//go:build !amd64

package gemm

// supported reports whether the instruction set is to be had here: without assembly
// for this processor only the portable code is.
func (k isa) supported() bool { return k == generic }

// run is never reached: choose returns only what is supported.
func (k isa) run(_ int, s shape, _ *tile) { panic(s.unknown()) }
