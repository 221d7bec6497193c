package allocarray

import (
	"context"

	"github.com/allocarrays/allocarrays-go/internal/kernel"
)

// AddScalar returns a + s with memory from ctx.
func AddScalar[T Element](ctx context.Context, a AllocArray[T], s T) AllocArray[T] {
	return withScalar(ctx, kernel.Add, "AddScalar", &a, s)
}

// AddScalarInto sets dst to a + s; dst may be a.
func AddScalarInto[T Element](dst, a AllocArray[T], s T) {
	withScalarInto(kernel.Add, "AddScalarInto", &dst, &a, s)
}

// SubScalar returns a - s with memory from ctx.
func SubScalar[T Element](ctx context.Context, a AllocArray[T], s T) AllocArray[T] {
	return withScalar(ctx, kernel.Sub, "SubScalar", &a, s)
}

// SubScalarInto sets dst to a - s; dst may be a.
func SubScalarInto[T Element](dst, a AllocArray[T], s T) {
	withScalarInto(kernel.Sub, "SubScalarInto", &dst, &a, s)
}

// MulScalar returns a · s with memory from ctx.
func MulScalar[T Element](ctx context.Context, a AllocArray[T], s T) AllocArray[T] {
	return withScalar(ctx, kernel.Mul, "MulScalar", &a, s)
}

// MulScalarInto sets dst to a · s; dst may be a.
func MulScalarInto[T Element](dst, a AllocArray[T], s T) {
	withScalarInto(kernel.Mul, "MulScalarInto", &dst, &a, s)
}

// DivScalar returns a / s with memory from ctx; see [Div] for integers.
func DivScalar[T Element](ctx context.Context, a AllocArray[T], s T) AllocArray[T] {
	return withScalar(ctx, kernel.Div, "DivScalar", &a, s)
}

// DivScalarInto sets dst to a / s; dst may be a.
func DivScalarInto[T Element](dst, a AllocArray[T], s T) {
	withScalarInto(kernel.Div, "DivScalarInto", &dst, &a, s)
}

// MinimumScalar returns the elementwise smaller of a and s with memory from ctx.
func MinimumScalar[T Element](ctx context.Context, a AllocArray[T], s T) AllocArray[T] {
	return withScalar(ctx, kernel.Min, "MinimumScalar", &a, s)
}

// MinimumScalarInto sets dst to the elementwise smaller of a and s; dst may be a.
func MinimumScalarInto[T Element](dst, a AllocArray[T], s T) {
	withScalarInto(kernel.Min, "MinimumScalarInto", &dst, &a, s)
}

// MaximumScalar returns the elementwise larger of a and s with memory from ctx.
func MaximumScalar[T Element](ctx context.Context, a AllocArray[T], s T) AllocArray[T] {
	return withScalar(ctx, kernel.Max, "MaximumScalar", &a, s)
}

// MaximumScalarInto sets dst to the elementwise larger of a and s; dst may be a.
func MaximumScalarInto[T Element](dst, a AllocArray[T], s T) {
	withScalarInto(kernel.Max, "MaximumScalarInto", &dst, &a, s)
}

func withScalar[T Element](ctx context.Context, op kernel.BinaryOp, name string, a *AllocArray[T], s T) AllocArray[T] {
	dst := resultLike(ctx, name, a)
	scalarRuns(op, &dst, a, s)
	return dst
}

func withScalarInto[T Element](op kernel.BinaryOp, name string, dst, a *AllocArray[T], s T) {
	checkUnaryInto(name, dst, a)
	scalarRuns(op, dst, a, s)
}

// checkUnaryInto panics if dst is not a possible destination of an elementwise
// operation on a.
func checkUnaryInto[T, A Element](name string, dst *AllocArray[T], a *AllocArray[A]) {
	a.check(name)
	dst.checkDst(name)
	requireShape(name, dst, a)
	requireInPlace(name, dst, a)
}

func scalarRuns[T Element](op kernel.BinaryOp, dst, a *AllocArray[T], s T) {
	unaryRuns(dst, a, func(d, x []T) { kernel.BinaryScalar(op, d, x, s) })
}
