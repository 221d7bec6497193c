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

// Mul returns the elementwise product a · b, broadcast, with memory from ctx. The
// matrix product is [MatMul].
func Mul[T Element](ctx context.Context, a, b AllocArray[T]) AllocArray[T] {
	return binary(ctx, kernel.Mul, "Mul", &a, &b)
}

// MulInto sets dst to the elementwise product a · b, broadcast; dst may be a or b.
func MulInto[T Element](dst, a, b AllocArray[T]) {
	binaryInto(kernel.Mul, "MulInto", &dst, &a, &b)
}

// Div returns a / b, broadcast, with memory from ctx. Integers divide as in Go:
// towards zero, and with a panic if b has a zero.
func Div[T Element](ctx context.Context, a, b AllocArray[T]) AllocArray[T] {
	return binary(ctx, kernel.Div, "Div", &a, &b)
}

// DivInto sets dst to a / b, broadcast; dst may be a or b.
func DivInto[T Element](dst, a, b AllocArray[T]) {
	binaryInto(kernel.Div, "DivInto", &dst, &a, &b)
}

// Minimum returns the elementwise smaller of a and b, broadcast, with memory from
// ctx. The smaller of anything and NaN is NaN.
func Minimum[T Element](ctx context.Context, a, b AllocArray[T]) AllocArray[T] {
	return binary(ctx, kernel.Min, "Minimum", &a, &b)
}

// MinimumInto sets dst to the elementwise smaller of a and b, broadcast; dst may
// be a or b.
func MinimumInto[T Element](dst, a, b AllocArray[T]) {
	binaryInto(kernel.Min, "MinimumInto", &dst, &a, &b)
}

// Maximum returns the elementwise larger of a and b, broadcast, with memory from
// ctx. The larger of anything and NaN is NaN.
func Maximum[T Element](ctx context.Context, a, b AllocArray[T]) AllocArray[T] {
	return binary(ctx, kernel.Max, "Maximum", &a, &b)
}

// MaximumInto sets dst to the elementwise larger of a and b, broadcast; dst may be
// a or b.
func MaximumInto[T Element](dst, a, b AllocArray[T]) {
	binaryInto(kernel.Max, "MaximumInto", &dst, &a, &b)
}

// binary allocates the result of an elementwise operation and computes it.
func binary[T Element](ctx context.Context, op kernel.BinaryOp, name string, a, b *AllocArray[T]) AllocArray[T] {
	a.check(name)
	b.check(name)
	dst := resultOf[T](ctx, name, a, b)
	binaryRuns(op, &dst, a, b)
	return dst
}

// resultOf returns an array of the shape that a and b broadcast to.
func resultOf[T, A, B Element](ctx context.Context, name string, a *AllocArray[A], b *AllocArray[B]) (dst AllocArray[T]) {
	if a.alike(&b.layout) {
		dst.allocateLike(ctx, name, &a.layout, len(a.data))
		return dst
	}
	if !broadcastShape(&dst, a, b) {
		panicBroadcast(name, a.shape[:a.rank], b.shape[:b.rank])
	}
	dst.allocate(ctx, name, dst.shape[:dst.rank])
	return dst
}

func binaryInto[T Element](op kernel.BinaryOp, name string, dst, a, b *AllocArray[T]) {
	checkInto(name, dst, a, b)
	binaryRuns(op, dst, a, b)
}

// checkInto panics if dst is not a possible destination of an elementwise
// operation on a and b.
func checkInto[T, A, B Element](name string, dst *AllocArray[T], a *AllocArray[A], b *AllocArray[B]) {
	a.check(name)
	b.check(name)
	dst.checkDst(name)
	if !dst.alike(&a.layout) || !dst.alike(&b.layout) {
		var want AllocArray[T]
		if !broadcastShape(&want, a, b) {
			panicBroadcast(name, a.shape[:a.rank], b.shape[:b.rank])
		}
		requireShape(name, dst, &want)
	}
	requireInPlace(name, dst, a)
	requireInPlace(name, dst, b)
}

func requireShape[T, U Element](name string, dst *AllocArray[T], want *AllocArray[U]) {
	if !sameShape(dst, want) {
		panic(misuse("%s: dst has shape %s, the result %s", name, shapeText(dst.shape[:dst.rank]), shapeText(want.shape[:want.rank])))
	}
}

func panicBroadcast(name string, a, b []int) {
	panic(misuse("%s: shapes %s and %s do not broadcast", name, shapeText(a), shapeText(b)))
}

// binaryRuns computes dst from a and b, which broadcast to dst's shape. Arrays that
// lie alike need no walk, which would cost as much as 64 elements.
func binaryRuns[T Element](op kernel.BinaryOp, dst, a, b *AllocArray[T]) {
	if lineUp(dst, a) && lineUp(dst, b) {
		kernel.Binary(op, dst.data[:dst.size()], a.data, b.data)
		return
	}
	sa, sb := stretched(a, dst), stretched(b, dst)
	w := newWalk(dst.rank, &dst.shape, &dst.stride, &sa, &sb)
	for ok := !w.empty(); ok; ok = w.next() {
		binaryRun(op, &w, dst.data[w.off[0]:], a.data[w.off[1]:], b.data[w.off[2]:])
	}
}

// binaryRun computes one run, in the way that its strides allow.
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
