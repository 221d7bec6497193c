package allocarray

import (
	"context"

	"github.com/allocarrays/allocarrays-go/internal/kernel"
)

// Equal returns the mask of a == b, broadcast, with memory from ctx.
func Equal[T Element](ctx context.Context, a, b AllocArray[T]) AllocArray[uint8] {
	return compare(ctx, kernel.Equal, "Equal", &a, &b)
}

// NotEqual returns the mask of a != b, broadcast, with memory from ctx.
func NotEqual[T Element](ctx context.Context, a, b AllocArray[T]) AllocArray[uint8] {
	return compare(ctx, kernel.NotEqual, "NotEqual", &a, &b)
}

// Less returns the mask of a < b, broadcast, with memory from ctx.
func Less[T Element](ctx context.Context, a, b AllocArray[T]) AllocArray[uint8] {
	return compare(ctx, kernel.Less, "Less", &a, &b)
}

// LessEqual returns the mask of a <= b, broadcast, with memory from ctx.
func LessEqual[T Element](ctx context.Context, a, b AllocArray[T]) AllocArray[uint8] {
	return compare(ctx, kernel.LessEqual, "LessEqual", &a, &b)
}

// Greater returns the mask of a > b, broadcast, with memory from ctx.
func Greater[T Element](ctx context.Context, a, b AllocArray[T]) AllocArray[uint8] {
	return compare(ctx, kernel.Greater, "Greater", &a, &b)
}

// GreaterEqual returns the mask of a >= b, broadcast, with memory from ctx.
func GreaterEqual[T Element](ctx context.Context, a, b AllocArray[T]) AllocArray[uint8] {
	return compare(ctx, kernel.GreaterEqual, "GreaterEqual", &a, &b)
}

// EqualInto sets dst to the mask of a == b, broadcast.
func EqualInto[T Element](dst AllocArray[uint8], a, b AllocArray[T]) {
	compareInto(kernel.Equal, "EqualInto", &dst, &a, &b)
}

// NotEqualInto sets dst to the mask of a != b, broadcast.
func NotEqualInto[T Element](dst AllocArray[uint8], a, b AllocArray[T]) {
	compareInto(kernel.NotEqual, "NotEqualInto", &dst, &a, &b)
}

// LessInto sets dst to the mask of a < b, broadcast.
func LessInto[T Element](dst AllocArray[uint8], a, b AllocArray[T]) {
	compareInto(kernel.Less, "LessInto", &dst, &a, &b)
}

// LessEqualInto sets dst to the mask of a <= b, broadcast.
func LessEqualInto[T Element](dst AllocArray[uint8], a, b AllocArray[T]) {
	compareInto(kernel.LessEqual, "LessEqualInto", &dst, &a, &b)
}

// GreaterInto sets dst to the mask of a > b, broadcast.
func GreaterInto[T Element](dst AllocArray[uint8], a, b AllocArray[T]) {
	compareInto(kernel.Greater, "GreaterInto", &dst, &a, &b)
}

// GreaterEqualInto sets dst to the mask of a >= b, broadcast.
func GreaterEqualInto[T Element](dst AllocArray[uint8], a, b AllocArray[T]) {
	compareInto(kernel.GreaterEqual, "GreaterEqualInto", &dst, &a, &b)
}

func compare[T Element](ctx context.Context, op kernel.CompareOp, name string, a, b *AllocArray[T]) AllocArray[uint8] {
	m := take2(name, a, b)
	dst := allocate[uint8](ctx, name, together(name, a.layout, b.layout))
	a.recheck(name)
	b.recheck(name)
	compareRuns(op, name, &dst, a, b)
	if m != 0 {
		drop2(ctx, name, m, a, b)
	}
	return dst
}

func compareInto[T Element](op kernel.CompareOp, name string, dst *AllocArray[uint8], a, b *AllocArray[T]) {
	m := checkInto(name, dst, a, b)
	compareRuns(op, name, dst, a, b)
	if m != 0 {
		drop2(noContext, name, m, a, b)
	}
}

func compareRuns[T Element](op kernel.CompareOp, name string, dst *AllocArray[uint8], a, b *AllocArray[T]) {
	sa, sb := a.stretched(&dst.axes), b.stretched(&dst.axes)
	to, x, y := dst.elements(), a.elements(), b.elements()
	w := newWalk(&dst.axes, &sa, &sb)
	for ok := !w.empty(); ok; ok = w.next() {
		compareRun(op, &w, to[w.off[0]:], x[w.off[1]:], y[w.off[2]:])
	}
	dst.recheck(name)
	a.recheck(name)
	b.recheck(name)
}

// compareRun computes one run in the way that its strides allow.
func compareRun[T Element](op kernel.CompareOp, w *walk, dst []uint8, a, b []T) {
	n, ds, as, bs := w.run(), w.step(0), w.step(1), w.step(2)
	switch {
	case ds == 1 && as == 1 && bs == 1:
		kernel.Compare(op, dst[:n], a, b)
	case ds == 1 && as == 1 && bs == 0:
		kernel.CompareScalar(op, dst[:n], a, b[0])
	default:
		compareGathered(op, w, dst, a, b)
	}
}

// compareGathered copies the elements of a run together, a few at a time, and
// compares them there.
func compareGathered[T Element](op kernel.CompareOp, w *walk, dst []uint8, a, b []T) {
	var x, y [64]T
	var mask [64]uint8
	ds, as, bs := w.step(0), w.step(1), w.step(2)
	for i := 0; i < w.run(); i += len(x) {
		n := min(len(x), w.run()-i)
		kernel.CopyStrided(x[:], 1, a[i*as:], as, n)
		kernel.CopyStrided(y[:], 1, b[i*bs:], bs, n)
		kernel.Compare(op, mask[:n], x[:], y[:])
		kernel.CopyStrided(dst[i*ds:], ds, mask[:], 1, n)
	}
}
