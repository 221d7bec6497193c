package allocarray

import (
	"context"

	"github.com/allocarrays/allocarrays-go/internal/kernel"
)

// SumAxis returns the sums along an axis, which is missing from the result, with memory
// from ctx. Axes count from the last with -1.
func SumAxis[T Element](ctx context.Context, a AllocArray[T], axis int) AllocArray[T] {
	dst := alongAxis[T](ctx, "SumAxis", &a, axis)
	sumAxis(&dst, &a, a.axis("SumAxis", axis))
	return dst
}

// SumAxisInto sets dst to the sums along an axis; dst must not overlap a.
func SumAxisInto[T Element](dst, a AllocArray[T], axis int) {
	checkAxisInto("SumAxisInto", &dst, &a, axis)
	sumAxis(&dst, &a, a.axis("SumAxisInto", axis))
}

// MeanAxis returns the means along an axis, which is missing from the result, with memory
// from ctx.
func MeanAxis[T Float](ctx context.Context, a AllocArray[T], axis int) AllocArray[T] {
	dst := alongAxis[T](ctx, "MeanAxis", &a, axis)
	meanAxis(&dst, &a, a.axis("MeanAxis", axis))
	return dst
}

// MeanAxisInto sets dst to the means along an axis; dst must not overlap a.
func MeanAxisInto[T Float](dst, a AllocArray[T], axis int) {
	checkAxisInto("MeanAxisInto", &dst, &a, axis)
	meanAxis(&dst, &a, a.axis("MeanAxisInto", axis))
}

// MaxAxis returns the largest elements along an axis, which is missing from the result,
// with memory from ctx. It panics if the axis has length 0.
func MaxAxis[T Element](ctx context.Context, a AllocArray[T], axis int) AllocArray[T] {
	dst := alongAxis[T](ctx, "MaxAxis", &a, axis)
	extremeAxis("MaxAxis", kernel.Max, &dst, &a, a.axis("MaxAxis", axis))
	return dst
}

// MaxAxisInto sets dst to the largest elements along an axis; dst must not
// overlap a.
func MaxAxisInto[T Element](dst, a AllocArray[T], axis int) {
	checkAxisInto("MaxAxisInto", &dst, &a, axis)
	extremeAxis("MaxAxisInto", kernel.Max, &dst, &a, a.axis("MaxAxisInto", axis))
}

// MinAxis returns the smallest elements along an axis, which is missing from the result,
// with memory from ctx. It panics if the axis has length 0.
func MinAxis[T Element](ctx context.Context, a AllocArray[T], axis int) AllocArray[T] {
	dst := alongAxis[T](ctx, "MinAxis", &a, axis)
	extremeAxis("MinAxis", kernel.Min, &dst, &a, a.axis("MinAxis", axis))
	return dst
}

// MinAxisInto sets dst to the smallest elements along an axis; dst must not
// overlap a.
func MinAxisInto[T Element](dst, a AllocArray[T], axis int) {
	checkAxisInto("MinAxisInto", &dst, &a, axis)
	extremeAxis("MinAxisInto", kernel.Min, &dst, &a, a.axis("MinAxisInto", axis))
}

// ArgMaxAxis returns the positions of the largest elements along an axis, which
// is missing from the result, with memory from ctx. It panics if the axis has length 0.
func ArgMaxAxis[T Element](ctx context.Context, a AllocArray[T], axis int) AllocArray[int] {
	dst := alongAxis[int](ctx, "ArgMaxAxis", &a, axis)
	argumentAxis("ArgMaxAxis", kernel.Max, &dst, &a, a.axis("ArgMaxAxis", axis))
	return dst
}

// ArgMaxAxisInto sets dst to the positions of the largest elements along an axis;
// dst must not overlap a.
func ArgMaxAxisInto[T Element](dst AllocArray[int], a AllocArray[T], axis int) {
	checkAxisInto("ArgMaxAxisInto", &dst, &a, axis)
	argumentAxis("ArgMaxAxisInto", kernel.Max, &dst, &a, a.axis("ArgMaxAxisInto", axis))
}

// ArgMinAxis returns the positions of the smallest elements along an axis, which
// is missing from the result, with memory from ctx. It panics if the axis has length 0.
func ArgMinAxis[T Element](ctx context.Context, a AllocArray[T], axis int) AllocArray[int] {
	dst := alongAxis[int](ctx, "ArgMinAxis", &a, axis)
	argumentAxis("ArgMinAxis", kernel.Min, &dst, &a, a.axis("ArgMinAxis", axis))
	return dst
}

// ArgMinAxisInto sets dst to the positions of the smallest elements along an
// axis; dst must not overlap a.
func ArgMinAxisInto[T Element](dst AllocArray[int], a AllocArray[T], axis int) {
	checkAxisInto("ArgMinAxisInto", &dst, &a, axis)
	argumentAxis("ArgMinAxisInto", kernel.Min, &dst, &a, a.axis("ArgMinAxisInto", axis))
}
