package allocarray

import (
	"context"

	"github.com/allocarrays/allocarrays-go/internal/kernel"
)

// Add returns a + b, broadcast, with memory from ctx.
func Add[T Element](ctx context.Context, a, b AllocArray[T]) AllocArray[T] {
	return binary(ctx, kernel.Add, "Add", &a, &b)
}

// AddInto sets dst to a + b, broadcast; dst may be a or b.
func AddInto[T Element](dst, a, b AllocArray[T]) {
	binaryInto(kernel.Add, "AddInto", &dst, &a, &b)
}

// Sub returns a - b, broadcast, with memory from ctx.
func Sub[T Element](ctx context.Context, a, b AllocArray[T]) AllocArray[T] {
	return binary(ctx, kernel.Sub, "Sub", &a, &b)
}

// SubInto sets dst to a - b, broadcast; dst may be a or b.
func SubInto[T Element](dst, a, b AllocArray[T]) {
	binaryInto(kernel.Sub, "SubInto", &dst, &a, &b)
}

// Mul returns the elementwise product a · b, broadcast, with memory from ctx. For
// the matrix product see [MatMul].
func Mul[T Element](ctx context.Context, a, b AllocArray[T]) AllocArray[T] {
	return binary(ctx, kernel.Mul, "Mul", &a, &b)
}

// MulInto sets dst to the elementwise product a · b, broadcast; dst may be a or b.
func MulInto[T Element](dst, a, b AllocArray[T]) {
	binaryInto(kernel.Mul, "MulInto", &dst, &a, &b)
}

// Div returns a / b, broadcast, with memory from ctx. As in Go, integer division
// truncates toward zero, and panics if an element of b is zero.
func Div[T Element](ctx context.Context, a, b AllocArray[T]) AllocArray[T] {
	return binary(ctx, kernel.Div, "Div", &a, &b)
}

// DivInto sets dst to a / b, broadcast; dst may be a or b. See [Div] for integers;
// if it panics, dst may be partly written.
func DivInto[T Element](dst, a, b AllocArray[T]) {
	binaryInto(kernel.Div, "DivInto", &dst, &a, &b)
}

// Minimum returns the smaller of a and b, element by element, broadcast, with
// memory from ctx. If either is NaN, so is the result.
func Minimum[T Element](ctx context.Context, a, b AllocArray[T]) AllocArray[T] {
	return binary(ctx, kernel.Min, "Minimum", &a, &b)
}

// MinimumInto sets dst to the smaller of a and b, element by element, broadcast;
// dst may be a or b.
func MinimumInto[T Element](dst, a, b AllocArray[T]) {
	binaryInto(kernel.Min, "MinimumInto", &dst, &a, &b)
}

// Maximum returns the larger of a and b, element by element, broadcast, with
// memory from ctx. If either is NaN, so is the result.
func Maximum[T Element](ctx context.Context, a, b AllocArray[T]) AllocArray[T] {
	return binary(ctx, kernel.Max, "Maximum", &a, &b)
}

// MaximumInto sets dst to the larger of a and b, element by element, broadcast;
// dst may be a or b.
func MaximumInto[T Element](dst, a, b AllocArray[T]) {
	binaryInto(kernel.Max, "MaximumInto", &dst, &a, &b)
}

// binary computes an elementwise operation into a new array.
//
// The small arrays are made and added here, with nothing called but what allocates and
// what computes: each further call takes as long as four elements.
func binary[T Element](ctx context.Context, op kernel.BinaryOp, name string, a, b *AllocArray[T]) AllocArray[T] {
	if !a.usable() || !b.usable() {
		return binaryMoved(ctx, op, name, a, b)
	}
	dst := similar[T](ctx, together(name, a.layout, b.layout))
	if !dst.Live() || !a.Live() || !b.Live() {
		late := dst
		recheckAll(name, &late, a, b)
	}
	if dst.alike(a.layout) && dst.alike(b.layout) {
		kernel.Binary(op, dst.elements(), a.elements(), b.elements())
	} else {
		binaryWalk(op, dst, *a, *b)
	}
	if !dst.Live() || !a.Live() || !b.Live() {
		late := dst
		recheckAll(name, &late, a, b)
	}
	return dst
}

// binaryMoved is binary of operands that were moved, or that are not usable at all.
//
//go:noinline
func binaryMoved[T Element](ctx context.Context, op kernel.BinaryOp, name string, a, b *AllocArray[T]) (dst AllocArray[T]) {
	m := take2(name, a, b)
	l := together(name, a.layout, b.layout)
	switch {
	case m&1 != 0 && inPlace(ctx, l, a) && keepsApart(a, b):
		binaryRuns(op, name, a, a, b)
		dst = a.reuse(ctx, name)
	case m&2 != 0 && inPlace(ctx, l, b) && keepsApart(b, a):
		binaryRuns(op, name, b, a, b)
		dst = b.reuse(ctx, name)
	default:
		dst = binary(ctx, op, name, a, b)
	}
	drop2(ctx, name, m, a, b)
	return dst
}

func binaryInto[T Element](op kernel.BinaryOp, name string, dst, a, b *AllocArray[T]) {
	m := checkInto(name, dst, a, b)
	if dst.alike(a.layout) && dst.alike(b.layout) { // as in binaryRuns, without a call
		kernel.Binary(op, dst.elements(), a.elements(), b.elements())
	} else {
		binaryWalk(op, *dst, *a, *b)
	}
	recheckAll(name, dst, a, b)
	if m != 0 {
		drop2(noContext, name, m, a, b)
	}
}

// binaryRuns computes dst from a and b, which broadcast to its shape.
func binaryRuns[T Element](op kernel.BinaryOp, name string, dst, a, b *AllocArray[T]) {
	if dst.alike(a.layout) && dst.alike(b.layout) {
		kernel.Binary(op, dst.elements(), a.elements(), b.elements())
	} else {
		binaryWalk(op, *dst, *a, *b)
	}
	recheckAll(name, dst, a, b)
}

// together returns the layout of a new array with the shape to which a and b broadcast.
// It panics if they do not.
func together(op string, a, b *layout) *layout {
	if a == b && a.fresh {
		return a
	}
	return broadcastLayout(op, a, b)
}

func broadcastLayout(op string, a, b *layout) *layout {
	if a.sameShape(&b.axes) {
		if b.fresh {
			return b
		}
		return a.renewed(op)
	}
	var x axes
	x.broadcast(op, &a.axes, &b.axes)
	return rowMajor(op, x.lengths())
}

// checkInto panics if dst cannot be the destination of an elementwise operation on
// a and b. It returns which of these were moved, for drop2.
func checkInto[T, A, B Element](op string, dst *AllocArray[T], a *AllocArray[A], b *AllocArray[B]) (m moves) {
	if !a.usable() || !b.usable() || !dst.usable() || dst.repeats {
		m = takeInto2(op, dst, a, b)
		dst.checkDst(op)
	}
	if dst.layout != a.layout || dst.layout != b.layout {
		var want axes
		want.broadcast(op, &a.axes, &b.axes)
		requireShape(op, &dst.axes, &want)
	}
	requireInPlace(op, dst, a)
	requireInPlace(op, dst, b)
	return m
}

// binaryWalk computes dst from a and b, which broadcast to its shape. Contiguous arrays of
// one shape need no walk, which would cost as much as 64 elements.
func binaryWalk[T Element](op kernel.BinaryOp, dst, a, b AllocArray[T]) {
	sa, sb := a.stretched(&dst.axes), b.stretched(&dst.axes)
	to, x, y := dst.elements(), a.elements(), b.elements()
	w := newWalk(&dst.axes, &sa, &sb)
	for ok := !w.empty(); ok; ok = w.next() {
		binaryRun(op, &w, to[w.off[0]:], x[w.off[1]:], y[w.off[2]:])
	}
}

// binaryRun computes one run in the way that its strides allow.
func binaryRun[T Element](op kernel.BinaryOp, w *walk, dst, a, b []T) {
	n, ds, as, bs := w.run(), w.step(0), w.step(1), w.step(2)
	switch {
	case ds == 1 && as == 1 && bs == 1:
		kernel.Binary(op, dst[:n], a, b)
	case ds == 1 && as == 1 && bs == 0:
		kernel.BinaryScalar(op, dst[:n], a, b[0])
	case ds == 1 && as == 0 && bs == 1:
		kernel.ScalarBinary(op, dst[:n], a[0], b)
	default:
		kernel.BinaryStrided(op, dst, ds, a, as, b, bs, n)
	}
}
