//go:build !amd64

package gemm

// supported reports whether the kernel runs here: without assembly for this
// processor only the portable one does.
func (k kernel) supported() bool { return k == generic }

// run is never reached: choose returns only supported kernels.
func (k kernel) run(_ int, s shape, _ *tile) { panic(s.unknown()) }
