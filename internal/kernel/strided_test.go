package kernel_test

import (
	"testing"

	"github.com/allocarrays/allocarrays-go/internal/kernel"
)

// testStrided runs the strided kernels over every combination of a few strides, zero included for sources.
func testStrided[T kernel.Number](t *testing.T, n int) {
	if n > 20 && n < maxLen {
		return // the strides are what varies here, not the length
	}
	for _, ds := range []int{1, 3} {
		for _, as := range []int{0, 1, 2} {
			for _, bs := range []int{0, 1, 5} {
				for _, op := range binaryOps {
					stridedCase[T](t, op, n, ds, as, bs)
				}
				stridedCompare[T](t, n, ds, as, bs)
			}
			stridedCopy[T](t, n, ds, as)
		}
	}
}

// span is how long a slice must be to hold n elements a stride apart.
func span(n, stride int) int {
	if n == 0 {
		return 0
	}
	return (n-1)*stride + 1
}

func stridedCase[T kernel.Number](t *testing.T, op kernel.BinaryOp, n, ds, as, bs int) {
	a, _ := operands[T](op, span(n, as))
	_, b := operands[T](op, span(n, bs))
	dst, intact := guarded[T](t, span(n, ds), 2)
	want := append([]T(nil), dst...) // what lies between strides stays
	for i := range n {
		want[i*ds] = refBinary(op, a[i*as], b[i*bs])
	}
	kernel.BinaryStrided(op, dst, ds, a, as, b, bs, n)
	requireSame(t, want, dst, op >= kernel.Min, "BinaryStrided", op, ds, as, bs)
	if as != 0 { // in place over a
		kernel.BinaryStrided(op, a, as, a, as, b, bs, n)
		for i := range n {
			requireSame(t, want[i*ds:i*ds+1], a[i*as:i*as+1], op >= kernel.Min, "BinaryStrided dst == a", op, as, bs)
		}
	}
	intact()
}

func stridedCompare[T kernel.Number](t *testing.T, n, ds, as, bs int) {
	a, b := random[T](1, span(n, as), true), random[T](1, span(n, bs), true)
	dst, intact := guarded[uint8](t, span(n, ds), 2)
	for _, op := range compareOps {
		want := append([]uint8(nil), dst...)
		for i := range n {
			want[i*ds] = refCompare(op, a[i*as], b[i*bs])
		}
		kernel.CompareStrided(op, dst, ds, a, as, b, bs, n)
		requireSame(t, want, dst, false, "CompareStrided", op, ds, as, bs)
	}
	intact()
}

func stridedCopy[T kernel.Number](t *testing.T, n, ds, as int) {
	a := random[T](2, span(n, as), true)
	dst, intact := guarded[T](t, span(n, ds), 2)
	want := append([]T(nil), dst...)
	for i := range n {
		want[i*ds] = a[i*as]
	}
	kernel.CopyStrided(dst, ds, a, as, n)
	requireSame(t, want, dst, false, "CopyStrided", ds, as)
	intact()
}
