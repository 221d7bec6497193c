package allocarray_test

import (
	"context"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/scope"
)

// call is a use of one exported function or method. The tests of staleness,
// exhaustion and allocation go through all of them, and TestCatalogueIsComplete sees
// to it that no function of the package is missing.
type call[T allocarray.Element] struct {
	name string
	run  func(ctx context.Context, o *operands[T])
}

// operationCalls are the functions for elements of all types.
func operationCalls[T allocarray.Element]() []call[T] {
	return append(arrangeCalls[T](), []call[T]{
		{"Add", func(ctx context.Context, o *operands[T]) { allocarray.Add(ctx, o.a, o.b) }},
		{"AddInto", func(ctx context.Context, o *operands[T]) { allocarray.AddInto(o.dst, o.a, o.b) }},
		{"Sub", func(ctx context.Context, o *operands[T]) { allocarray.Sub(ctx, o.a, o.b) }},
		{"SubInto", func(ctx context.Context, o *operands[T]) { allocarray.SubInto(o.dst, o.a, o.b) }},
		{"Mul", func(ctx context.Context, o *operands[T]) { allocarray.Mul(ctx, o.a, o.b) }},
		{"MulInto", func(ctx context.Context, o *operands[T]) { allocarray.MulInto(o.dst, o.a, o.b) }},
		{"Div", func(ctx context.Context, o *operands[T]) { allocarray.Div(ctx, o.a, o.b) }},
		{"DivInto", func(ctx context.Context, o *operands[T]) { allocarray.DivInto(o.dst, o.a, o.b) }},
		{"Minimum", func(ctx context.Context, o *operands[T]) { allocarray.Minimum(ctx, o.a, o.b) }},
		{"MinimumInto", func(ctx context.Context, o *operands[T]) { allocarray.MinimumInto(o.dst, o.a, o.b) }},
		{"Maximum", func(ctx context.Context, o *operands[T]) { allocarray.Maximum(ctx, o.a, o.b) }},
		{"MaximumInto", func(ctx context.Context, o *operands[T]) { allocarray.MaximumInto(o.dst, o.a, o.b) }},
		{"AddScalar", func(ctx context.Context, o *operands[T]) { allocarray.AddScalar(ctx, o.a, 2) }},
		{"AddScalarInto", func(ctx context.Context, o *operands[T]) { allocarray.AddScalarInto(o.dst, o.a, 2) }},
		{"SubScalar", func(ctx context.Context, o *operands[T]) { allocarray.SubScalar(ctx, o.a, 2) }},
		{"SubScalarInto", func(ctx context.Context, o *operands[T]) { allocarray.SubScalarInto(o.dst, o.a, 2) }},
		{"MulScalar", func(ctx context.Context, o *operands[T]) { allocarray.MulScalar(ctx, o.a, 2) }},
		{"MulScalarInto", func(ctx context.Context, o *operands[T]) { allocarray.MulScalarInto(o.dst, o.a, 2) }},
		{"DivScalar", func(ctx context.Context, o *operands[T]) { allocarray.DivScalar(ctx, o.a, 2) }},
		{"DivScalarInto", func(ctx context.Context, o *operands[T]) { allocarray.DivScalarInto(o.dst, o.a, 2) }},
		{"MinimumScalar", func(ctx context.Context, o *operands[T]) { allocarray.MinimumScalar(ctx, o.a, 2) }},
		{"MinimumScalarInto", func(ctx context.Context, o *operands[T]) { allocarray.MinimumScalarInto(o.dst, o.a, 2) }},
		{"MaximumScalar", func(ctx context.Context, o *operands[T]) { allocarray.MaximumScalar(ctx, o.a, 2) }},
		{"MaximumScalarInto", func(ctx context.Context, o *operands[T]) { allocarray.MaximumScalarInto(o.dst, o.a, 2) }},
		{"Neg", func(ctx context.Context, o *operands[T]) { allocarray.Neg(ctx, o.a) }},
		{"NegInto", func(ctx context.Context, o *operands[T]) { allocarray.NegInto(o.dst, o.a) }},
		{"Abs", func(ctx context.Context, o *operands[T]) { allocarray.Abs(ctx, o.a) }},
		{"AbsInto", func(ctx context.Context, o *operands[T]) { allocarray.AbsInto(o.dst, o.a) }},
		{"Square", func(ctx context.Context, o *operands[T]) { allocarray.Square(ctx, o.a) }},
		{"SquareInto", func(ctx context.Context, o *operands[T]) { allocarray.SquareInto(o.dst, o.a) }},
		{"ReLU", func(ctx context.Context, o *operands[T]) { allocarray.ReLU(ctx, o.a) }},
		{"ReLUInto", func(ctx context.Context, o *operands[T]) { allocarray.ReLUInto(o.dst, o.a) }},
		{"Map", func(ctx context.Context, o *operands[T]) { allocarray.Map(ctx, o.a, o.fn) }},
		{"MapInto", func(ctx context.Context, o *operands[T]) { allocarray.MapInto(o.dst, o.a, o.fn) }},
		{"Equal", func(ctx context.Context, o *operands[T]) { allocarray.Equal(ctx, o.a, o.b) }},
		{"EqualInto", func(ctx context.Context, o *operands[T]) { allocarray.EqualInto(o.flags, o.a, o.b) }},
		{"NotEqual", func(ctx context.Context, o *operands[T]) { allocarray.NotEqual(ctx, o.a, o.b) }},
		{"NotEqualInto", func(ctx context.Context, o *operands[T]) { allocarray.NotEqualInto(o.flags, o.a, o.b) }},
		{"Less", func(ctx context.Context, o *operands[T]) { allocarray.Less(ctx, o.a, o.b) }},
		{"LessInto", func(ctx context.Context, o *operands[T]) { allocarray.LessInto(o.flags, o.a, o.b) }},
		{"LessEqual", func(ctx context.Context, o *operands[T]) { allocarray.LessEqual(ctx, o.a, o.b) }},
		{"LessEqualInto", func(ctx context.Context, o *operands[T]) { allocarray.LessEqualInto(o.flags, o.a, o.b) }},
		{"Greater", func(ctx context.Context, o *operands[T]) { allocarray.Greater(ctx, o.a, o.b) }},
		{"GreaterInto", func(ctx context.Context, o *operands[T]) { allocarray.GreaterInto(o.flags, o.a, o.b) }},
		{"GreaterEqual", func(ctx context.Context, o *operands[T]) { allocarray.GreaterEqual(ctx, o.a, o.b) }},
		{"GreaterEqualInto", func(ctx context.Context, o *operands[T]) { allocarray.GreaterEqualInto(o.flags, o.a, o.b) }},
		{"Where", func(ctx context.Context, o *operands[T]) { allocarray.Where(ctx, o.mask, o.a, o.b) }},
		{"WhereInto", func(ctx context.Context, o *operands[T]) { allocarray.WhereInto(o.dst, o.mask, o.a, o.b) }},
		{"Convert", func(ctx context.Context, o *operands[T]) { allocarray.Convert[float64](ctx, o.a) }},
		{"ConvertInto", func(ctx context.Context, o *operands[T]) { allocarray.ConvertInto(o.other, o.a) }},
		{"Concat", func(ctx context.Context, o *operands[T]) { allocarray.Concat(ctx, 0, o.a, o.b) }},
		{"ConcatInto", func(ctx context.Context, o *operands[T]) { allocarray.ConcatInto(o.tall, 0, o.a, o.b) }},
		{"MatMul", func(ctx context.Context, o *operands[T]) { allocarray.MatMul(ctx, o.a, o.b) }},
		{"MatMulInto", func(ctx context.Context, o *operands[T]) { allocarray.MatMulInto(o.dst, o.a, o.b) }},
		{"Sum", func(ctx context.Context, o *operands[T]) { allocarray.Sum(o.a) }},
		{"Max", func(ctx context.Context, o *operands[T]) { allocarray.Max(o.a) }},
		{"Min", func(ctx context.Context, o *operands[T]) { allocarray.Min(o.a) }},
		{"ArgMax", func(ctx context.Context, o *operands[T]) { allocarray.ArgMax(o.a) }},
		{"ArgMin", func(ctx context.Context, o *operands[T]) { allocarray.ArgMin(o.a) }},
		{"Dot", func(ctx context.Context, o *operands[T]) { allocarray.Dot(o.a, o.b) }},
		{"SumAxis", func(ctx context.Context, o *operands[T]) { allocarray.SumAxis(ctx, o.a, 0) }},
		{"SumAxisInto", func(ctx context.Context, o *operands[T]) { allocarray.SumAxisInto(o.line, o.a, 1) }},
		{"MaxAxis", func(ctx context.Context, o *operands[T]) { allocarray.MaxAxis(ctx, o.a, 0) }},
		{"MaxAxisInto", func(ctx context.Context, o *operands[T]) { allocarray.MaxAxisInto(o.line, o.a, 1) }},
		{"MinAxis", func(ctx context.Context, o *operands[T]) { allocarray.MinAxis(ctx, o.a, 0) }},
		{"MinAxisInto", func(ctx context.Context, o *operands[T]) { allocarray.MinAxisInto(o.line, o.a, 1) }},
		{"ArgMaxAxis", func(ctx context.Context, o *operands[T]) { allocarray.ArgMaxAxis(ctx, o.a, 0) }},
		{"ArgMaxAxisInto", func(ctx context.Context, o *operands[T]) { allocarray.ArgMaxAxisInto(o.places, o.a, 1) }},
		{"ArgMinAxis", func(ctx context.Context, o *operands[T]) { allocarray.ArgMinAxis(ctx, o.a, 0) }},
		{"ArgMinAxisInto", func(ctx context.Context, o *operands[T]) { allocarray.ArgMinAxisInto(o.places, o.a, 1) }},
		{"New", func(ctx context.Context, o *operands[T]) { allocarray.New[T](ctx, 2, 3) }},
		{"Full", func(ctx context.Context, o *operands[T]) { allocarray.Full[T](ctx, 1, 2, 3) }},
		{"Arange", func(ctx context.Context, o *operands[T]) { allocarray.Arange[T](ctx, 9) }},
	}...)
}

// floatCalls are the functions for floats only.
func floatCalls[T allocarray.Float]() []call[T] {
	return append(statisticsCalls[T](), []call[T]{
		{"Exp", func(ctx context.Context, o *operands[T]) { allocarray.Exp(ctx, o.a) }},
		{"ExpInto", func(ctx context.Context, o *operands[T]) { allocarray.ExpInto(o.dst, o.a) }},
		{"Log", func(ctx context.Context, o *operands[T]) { allocarray.Log(ctx, o.a) }},
		{"LogInto", func(ctx context.Context, o *operands[T]) { allocarray.LogInto(o.dst, o.a) }},
		{"Sqrt", func(ctx context.Context, o *operands[T]) { allocarray.Sqrt(ctx, o.a) }},
		{"SqrtInto", func(ctx context.Context, o *operands[T]) { allocarray.SqrtInto(o.dst, o.a) }},
		{"Tanh", func(ctx context.Context, o *operands[T]) { allocarray.Tanh(ctx, o.a) }},
		{"TanhInto", func(ctx context.Context, o *operands[T]) { allocarray.TanhInto(o.dst, o.a) }},
		{"Sigmoid", func(ctx context.Context, o *operands[T]) { allocarray.Sigmoid(ctx, o.a) }},
		{"SigmoidInto", func(ctx context.Context, o *operands[T]) { allocarray.SigmoidInto(o.dst, o.a) }},
		{"GELU", func(ctx context.Context, o *operands[T]) { allocarray.GELU(ctx, o.a) }},
		{"GELUInto", func(ctx context.Context, o *operands[T]) { allocarray.GELUInto(o.dst, o.a) }},
		{"GELUTanh", func(ctx context.Context, o *operands[T]) { allocarray.GELUTanh(ctx, o.a) }},
		{"GELUTanhInto", func(ctx context.Context, o *operands[T]) { allocarray.GELUTanhInto(o.dst, o.a) }},
		{"Pow", func(ctx context.Context, o *operands[T]) { allocarray.Pow(ctx, o.a, o.b) }},
		{"PowInto", func(ctx context.Context, o *operands[T]) { allocarray.PowInto(o.dst, o.a, o.b) }},
		{"Softmax", func(ctx context.Context, o *operands[T]) { allocarray.Softmax(ctx, o.a) }},
		{"SoftmaxInto", func(ctx context.Context, o *operands[T]) { allocarray.SoftmaxInto(o.rows, o.a) }},
		{"LogSoftmax", func(ctx context.Context, o *operands[T]) { allocarray.LogSoftmax(ctx, o.a) }},
		{"LogSoftmaxInto", func(ctx context.Context, o *operands[T]) { allocarray.LogSoftmaxInto(o.rows, o.a) }},
		{"Mean", func(ctx context.Context, o *operands[T]) { allocarray.Mean(o.a) }},
		{"MeanAxis", func(ctx context.Context, o *operands[T]) { allocarray.MeanAxis(ctx, o.a, 0) }},
		{"MeanAxisInto", func(ctx context.Context, o *operands[T]) { allocarray.MeanAxisInto(o.line, o.a, 1) }},
	}...)
}

// methodCalls are the methods that touch elements, or give views of them.
func methodCalls[T allocarray.Element]() []call[T] {
	return []call[T]{
		{"AllocArray.At", func(ctx context.Context, o *operands[T]) { o.a.At(1, 2) }},
		{"AllocArray.Set", func(ctx context.Context, o *operands[T]) { o.a.Set(1, 1, 2) }},
		{"AllocArray.AtFlat", func(ctx context.Context, o *operands[T]) { o.a.AtFlat(6) }},
		{"AllocArray.SetFlat", func(ctx context.Context, o *operands[T]) { o.a.SetFlat(1, 6) }},
		{"AllocArray.Item", func(ctx context.Context, o *operands[T]) { o.one.Item() }},
		{"AllocArray.Fill", func(ctx context.Context, o *operands[T]) { o.a.Fill(1) }},
		{"AllocArray.Data", func(ctx context.Context, o *operands[T]) { o.one.Data() }},
		{"AllocArray.CopyTo", func(ctx context.Context, o *operands[T]) { o.a.CopyTo(o.dst) }},
		{"AllocArray.Clone", func(ctx context.Context, o *operands[T]) { o.a.Clone(ctx) }},
		{"AllocArray.Move", func(ctx context.Context, o *operands[T]) { o.a.Move() }},
		{"AllocArray.Heap", func(ctx context.Context, o *operands[T]) { o.a.Heap() }},
		{"AllocArray.Slice", func(ctx context.Context, o *operands[T]) { o.a.Slice(0, 1, 3) }},
		{"AllocArray.SliceStep", func(ctx context.Context, o *operands[T]) { o.a.SliceStep(0, 0, 4, 2) }},
		{"AllocArray.Index", func(ctx context.Context, o *operands[T]) { o.a.Index(0, 1) }},
		{"AllocArray.Transpose", func(ctx context.Context, o *operands[T]) { o.a.Transpose() }},
		{"AllocArray.Permute", func(ctx context.Context, o *operands[T]) { o.a.Permute(1, 0) }},
		{"AllocArray.ExpandDims", func(ctx context.Context, o *operands[T]) { o.a.ExpandDims(0) }},
		{"AllocArray.Squeeze", func(ctx context.Context, o *operands[T]) { o.a.Squeeze() }},
		{"AllocArray.Reshape", func(ctx context.Context, o *operands[T]) { o.one.Reshape(1, 1) }},
		{"AllocArray.SlidingWindow", func(ctx context.Context, o *operands[T]) { o.a.SlidingWindow(0, 2, 1) }},
		{"AllocArray.Broadcast", func(ctx context.Context, o *operands[T]) { o.a.Broadcast(2, side, side) }},
	}
}

// headerCalls use no element of their array, which may therefore be stale.
func headerCalls[T allocarray.Element]() []call[T] {
	return []call[T]{
		{"Wrap", func(ctx context.Context, o *operands[T]) { allocarray.Wrap([]T(nil), 0) }},
		{"Float16Of", func(ctx context.Context, o *operands[T]) { allocarray.Float16Of(1) }},
		{"WrapStamp", func(ctx context.Context, o *operands[T]) { allocarray.WrapStamp([]T(nil), scope.Stamp{}, 0) }},
		{"AllocArray.Unravel", func(ctx context.Context, o *operands[T]) { o.one.Unravel(0) }},
		{"AllocArray.Similar", func(ctx context.Context, o *operands[T]) { o.a.Similar(ctx); o.a.Similar(ctx, 2, 3) }},
		{"AllocArray.Live", func(ctx context.Context, o *operands[T]) { o.a.Live() }},
		{"AllocArray.Rank", func(ctx context.Context, o *operands[T]) { o.a.Rank() }},
		{"AllocArray.Len", func(ctx context.Context, o *operands[T]) { o.a.Len() }},
		{"AllocArray.Dim", func(ctx context.Context, o *operands[T]) { o.a.Dim(1) }},
		{"AllocArray.Shape", func(ctx context.Context, o *operands[T]) { o.a.Shape() }},
		{"AllocArray.Strides", func(ctx context.Context, o *operands[T]) { o.a.Strides() }},
		{"AllocArray.IsContiguous", func(ctx context.Context, o *operands[T]) { o.a.IsContiguous() }},
		{"AllocArray.String", func(ctx context.Context, o *operands[T]) { _ = o.a.String() }},
	}
}

// allCalls is the catalogue.
func allCalls[T allocarray.Float]() []call[T] {
	all := append(operationCalls[T](), floatCalls[T]()...)
	return append(append(all, methodCalls[T]()...), headerCalls[T]()...)
}
