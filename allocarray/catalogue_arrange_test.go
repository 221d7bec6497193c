package allocarray_test

import (
	"context"

	"github.com/allocarrays/allocarrays-go/allocarray"
)

// arrangeCalls are the functions that choose, order, join or count elements of any type.
func arrangeCalls[T allocarray.Element]() []call[T] {
	widths := [2]int{1, 2}
	return []call[T]{
		{"Empty", func(ctx context.Context, o *operands[T]) { allocarray.Empty[T](ctx, 2, 3) }},
		{"Eye", func(ctx context.Context, o *operands[T]) { allocarray.Eye[T](ctx, 3) }},
		{"Mask", func(ctx context.Context, o *operands[T]) { allocarray.Mask(ctx, o.bools, side, side) }},
		{"CopyBools", func(ctx context.Context, o *operands[T]) { allocarray.CopyBools(o.bools[:o.a.Len()], o.a) }},
		{"Not", func(ctx context.Context, o *operands[T]) { allocarray.Not(ctx, o.a) }},
		{"NotInto", func(ctx context.Context, o *operands[T]) { allocarray.NotInto(o.flags, o.a) }},
		{"CountNonzero", func(ctx context.Context, o *operands[T]) { allocarray.CountNonzero(o.a) }},
		{"Map2", func(ctx context.Context, o *operands[T]) { allocarray.Map2(ctx, o.a, o.b, o.fn2) }},
		{"Map2Into", func(ctx context.Context, o *operands[T]) { allocarray.Map2Into(o.dst, o.a, o.b, o.fn2) }},
		{"Map3", func(ctx context.Context, o *operands[T]) { allocarray.Map3(ctx, o.a, o.b, o.c, o.fn3) }},
		{"Map3Into", func(ctx context.Context, o *operands[T]) { allocarray.Map3Into(o.dst, o.a, o.b, o.c, o.fn3) }},
		{"Take", func(ctx context.Context, o *operands[T]) { allocarray.Take(ctx, o.a, o.segments, 0) }},
		{"TakeInto", func(ctx context.Context, o *operands[T]) { allocarray.TakeInto(o.dst, o.a, o.segments, 0) }},
		{"Gather", func(ctx context.Context, o *operands[T]) { allocarray.Gather(ctx, o.a, o.picks, 1) }},
		{"GatherInto", func(ctx context.Context, o *operands[T]) { allocarray.GatherInto(o.dst, o.a, o.picks, 1) }},
		{"ScatterAddInto", func(ctx context.Context, o *operands[T]) { allocarray.ScatterAddInto(o.dst, o.picks, o.a, 1) }},
		{"SegmentSum", func(ctx context.Context, o *operands[T]) { allocarray.SegmentSum(ctx, o.a, o.segments, 3) }},
		{"SegmentSumInto", func(ctx context.Context, o *operands[T]) { allocarray.SegmentSumInto(o.dst, o.a, o.segments) }},
		{"Sort", func(ctx context.Context, o *operands[T]) { allocarray.Sort(ctx, o.a, 1) }},
		{"SortInto", func(ctx context.Context, o *operands[T]) { allocarray.SortInto(o.dst, o.a, 0) }},
		{"Argsort", func(ctx context.Context, o *operands[T]) { allocarray.Argsort(ctx, o.a, 1) }},
		{"ArgsortInto", func(ctx context.Context, o *operands[T]) { allocarray.ArgsortInto(o.order, o.a, 0) }},
		{"CumSum", func(ctx context.Context, o *operands[T]) { allocarray.CumSum(ctx, o.a, 1) }},
		{"CumSumInto", func(ctx context.Context, o *operands[T]) { allocarray.CumSumInto(o.dst, o.a, 0) }},
		{"Roll", func(ctx context.Context, o *operands[T]) { allocarray.Roll(ctx, o.a, 1, 1) }},
		{"RollInto", func(ctx context.Context, o *operands[T]) { allocarray.RollInto(o.dst, o.a, 1, 0) }},
		{"Pad", func(ctx context.Context, o *operands[T]) { allocarray.Pad(ctx, o.a, 1, widths) }},
		{"PadInto", func(ctx context.Context, o *operands[T]) { allocarray.PadInto(o.padded, o.a, 1, widths) }},
		{"PadEdge", func(ctx context.Context, o *operands[T]) { allocarray.PadEdge(ctx, o.a, widths) }},
		{"PadEdgeInto", func(ctx context.Context, o *operands[T]) { allocarray.PadEdgeInto(o.padded, o.a, widths) }},
		{"PadReflect", func(ctx context.Context, o *operands[T]) { allocarray.PadReflect(ctx, o.a, widths) }},
		{"PadReflectInto", func(ctx context.Context, o *operands[T]) { allocarray.PadReflectInto(o.padded, o.a, widths) }},
	}
}

// statisticsCalls are the functions that say how floats are spread.
func statisticsCalls[T allocarray.Float]() []call[T] {
	return []call[T]{
		{"Var", func(ctx context.Context, o *operands[T]) { allocarray.Var(o.a, 1) }},
		{"Std", func(ctx context.Context, o *operands[T]) { allocarray.Std(o.a, 1) }},
		{"Norm", func(ctx context.Context, o *operands[T]) { allocarray.Norm(o.a) }},
		{"Quantile", func(ctx context.Context, o *operands[T]) { allocarray.Quantile(o.a, 0.3) }},
		{"Median", func(ctx context.Context, o *operands[T]) { allocarray.Median(o.a) }},
		{"VarAxis", func(ctx context.Context, o *operands[T]) { allocarray.VarAxis(ctx, o.a, 0, 1) }},
		{"VarAxisInto", func(ctx context.Context, o *operands[T]) { allocarray.VarAxisInto(o.line, o.a, 1, 1) }},
		{"StdAxis", func(ctx context.Context, o *operands[T]) { allocarray.StdAxis(ctx, o.a, 0, 1) }},
		{"StdAxisInto", func(ctx context.Context, o *operands[T]) { allocarray.StdAxisInto(o.line, o.a, 1, 1) }},
		{"NormAxis", func(ctx context.Context, o *operands[T]) { allocarray.NormAxis(ctx, o.a, 0) }},
		{"NormAxisInto", func(ctx context.Context, o *operands[T]) { allocarray.NormAxisInto(o.line, o.a, 1) }},
		{"QuantileAxis", func(ctx context.Context, o *operands[T]) { allocarray.QuantileAxis(ctx, o.a, 0, 0.3) }},
		{"QuantileAxisInto", func(ctx context.Context, o *operands[T]) { allocarray.QuantileAxisInto(o.line, o.a, 1, 0.3) }},
		{"MedianAxis", func(ctx context.Context, o *operands[T]) { allocarray.MedianAxis(ctx, o.a, 0) }},
		{"MedianAxisInto", func(ctx context.Context, o *operands[T]) { allocarray.MedianAxisInto(o.line, o.a, 1) }},
		{"Cov", func(ctx context.Context, o *operands[T]) { allocarray.Cov(ctx, o.a, 1) }},
		{"CovInto", func(ctx context.Context, o *operands[T]) { allocarray.CovInto(o.dst, o.a, 1) }},
	}
}
