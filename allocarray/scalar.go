package allocarray

import (
	"context"

	"github.com/allocarrays/allocarrays-go/internal/kernel"
)

// AddScalar returns a + s with memory from ctx.
func AddScalar[T Element](ctx context.Context, a AllocArray[T], s T) AllocArray[T] {
	return scalar(ctx, kernel.Add, "AddScalar", &a, s)
}

// AddScalarInto sets dst to a + s; dst may be a.
func AddScalarInto[T Element](dst, a AllocArray[T], s T) {
	scalarInto(kernel.Add, "AddScalarInto", &dst, &a, s)
}

// SubScalar returns a - s with memory from ctx.
func SubScalar[T Element](ctx context.Context, a AllocArray[T], s T) AllocArray[T] {
	return scalar(ctx, kernel.Sub, "SubScalar", &a, s)
}

// SubScalarInto sets dst to a - s; dst may be a.
func SubScalarInto[T Element](dst, a AllocArray[T], s T) {
	scalarInto(kernel.Sub, "SubScalarInto", &dst, &a, s)
}

// MulScalar returns a · s with memory from ctx.
func MulScalar[T Element](ctx context.Context, a AllocArray[T], s T) AllocArray[T] {
	return scalar(ctx, kernel.Mul, "MulScalar", &a, s)
}

// MulScalarInto sets dst to a · s; dst may be a.
func MulScalarInto[T Element](dst, a AllocArray[T], s T) {
	scalarInto(kernel.Mul, "MulScalarInto", &dst, &a, s)
}

// DivScalar returns a / s with memory from ctx. See [Div] for integers.
func DivScalar[T Element](ctx context.Context, a AllocArray[T], s T) AllocArray[T] {
	return scalar(ctx, kernel.Div, "DivScalar", &a, s)
}

// DivScalarInto sets dst to a / s; dst may be a. See [Div] for integers.
func DivScalarInto[T Element](dst, a AllocArray[T], s T) {
	scalarInto(kernel.Div, "DivScalarInto", &dst, &a, s)
}

// MinimumScalar returns the smaller of a and s, element by element, with memory
// from ctx. If either is NaN, so is the result.
func MinimumScalar[T Element](ctx context.Context, a AllocArray[T], s T) AllocArray[T] {
	return scalar(ctx, kernel.Min, "MinimumScalar", &a, s)
}

// MinimumScalarInto sets dst to the smaller of a and s, element by element; dst may
// be a.
func MinimumScalarInto[T Element](dst, a AllocArray[T], s T) {
	scalarInto(kernel.Min, "MinimumScalarInto", &dst, &a, s)
}

// MaximumScalar returns the larger of a and s, element by element, with memory from
// ctx. If either is NaN, so is the result.
func MaximumScalar[T Element](ctx context.Context, a AllocArray[T], s T) AllocArray[T] {
	return scalar(ctx, kernel.Max, "MaximumScalar", &a, s)
}

// MaximumScalarInto sets dst to the larger of a and s, element by element; dst may
// be a.
func MaximumScalarInto[T Element](dst, a AllocArray[T], s T) {
	scalarInto(kernel.Max, "MaximumScalarInto", &dst, &a, s)
}

func scalar[T Element](ctx context.Context, op kernel.BinaryOp, name string, a *AllocArray[T], s T) AllocArray[T] {
	return unary(ctx, name, a, func(d, x []T) { kernel.BinaryScalar(op, d, x, s) })
}

func scalarInto[T Element](op kernel.BinaryOp, name string, dst, a *AllocArray[T], s T) {
	unaryInto(name, dst, a, func(d, x []T) { kernel.BinaryScalar(op, d, x, s) })
}
