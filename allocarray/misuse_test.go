package allocarray_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/guard"
)

// TestMisuse: each mistake and the message it panics with.
func TestMisuse(t *testing.T) {
	ctx := t.Context()
	a := allocarray.Arange[float64](ctx, 6).Reshape(2, 3)
	b := allocarray.New[float64](ctx, 4, 4)
	m := allocarray.New[uint8](ctx, 2, 2)
	deep := allocarray.New[float64](ctx, 1, 1, 1, 1, 1, 1)
	for _, c := range []struct {
		want string
		run  func()
	}{
		{"Wrap: 3 elements do not make shape 2×2", func() { allocarray.Wrap([]int{1, 2, 3}, 2, 2) }},
		{"Wrap: shape 1×1×1×1×1×1×1 has more than 6 axes", func() { allocarray.Wrap([]int{1}, 1, 1, 1, 1, 1, 1, 1) }},
		{"Wrap: shape -1×-1 has a negative length", func() { allocarray.Wrap([]int{1}, -1, -1) }},
		{"New: shape 2×-3 has a negative length", func() { allocarray.New[int](ctx, 2, -3) }},
		{"New: shape 0×-3 has a negative length", func() { allocarray.New[int](ctx, 0, -3) }},
		{"New: shape 1×2×3×4×5×6×7 has more than 6 axes", func() { allocarray.New[int](ctx, 1, 2, 3, 4, 5, 6, 7) }},
		{"Full: shape -1 has a negative length", func() { allocarray.Full(ctx, 1, -1) }},
		{"Arange: shape -2 has a negative length", func() { allocarray.Arange[int](ctx, -2) }},
		{"Similar: shape -2 has a negative length", func() { a.Similar(ctx, -2) }},
		{"At: 1 indices into an array of rank 2", func() { a.At(1) }},
		{"At: index 2×0 out of range for shape 2×3", func() { a.At(2, 0) }},
		{"At: index 0×-1 out of range for shape 2×3", func() { a.At(0, -1) }},
		{"Set: index 0×3 out of range for shape 2×3", func() { a.Set(1, 0, 3) }},
		{"Set: 0 indices into an array of rank 2", func() { a.Set(1) }},
		{"Item: shape 2×3 has not one element", func() { a.Item() }},
		{"Dim: axis 2 of an array of rank 2", func() { a.Dim(2) }},
		{"Dim: axis -3 of an array of rank 2", func() { a.Dim(-3) }},
		{"Data: strides 1×3 of shape 3×2 are not contiguous; Clone the view first", func() { a.Transpose().Data() }},
		{"Slice: [1:3:1] of axis 0 in shape 2×3", func() { a.Slice(0, 1, 3) }},
		{"Slice: [-1:2:1] of axis 0 in shape 2×3", func() { a.Slice(0, -1, 2) }},
		{"Slice: [2:1:1] of axis 1 in shape 2×3", func() { a.Slice(1, 2, 1) }},
		{"Slice: axis 2 of an array of rank 2", func() { a.Slice(2, 0, 1) }},
		{"SliceStep: [0:2:0] of axis 0 in shape 2×3", func() { a.SliceStep(0, 0, 2, 0) }},
		{"SliceStep: [0:2:-1] of axis 0 in shape 2×3", func() { a.SliceStep(0, 0, 2, -1) }},
		{"SliceStep: axis -3 of an array of rank 2", func() { a.SliceStep(-3, 0, 2, 1) }},
		{"Index: 2 of axis 0 in shape 2×3", func() { a.Index(0, 2) }},
		{"Index: -1 of axis 1 in shape 2×3", func() { a.Index(1, -1) }},
		{"Index: axis 0 of an array of rank 0", func() { a.Index(0, 0).Index(0, 0).Index(0, 0) }},
		{"Permute: 0 does not order 2 axes", func() { a.Permute(0) }},
		{"Permute: 0×0 names axis 0 twice", func() { a.Permute(0, 0) }},
		{"Permute: 1×-1 names axis 1 twice", func() { a.Permute(1, -1) }},
		{"Permute: axis 2 of an array of rank 2", func() { a.Permute(0, 2) }},
		{"ExpandDims: axis 3 in shape 2×3", func() { a.ExpandDims(3) }},
		{"ExpandDims: axis -4 in shape 2×3", func() { a.ExpandDims(-4) }},
		{"ExpandDims: axis 0 in shape 1×1×1×1×1×1", func() { deep.ExpandDims(0) }},
		{"Reshape: 2×2 has not as many elements as 2×3", func() { a.Reshape(2, 2) }},
		{"Reshape: -1×4 has not as many elements as 2×3", func() { a.Reshape(-1, 4) }},
		{"Reshape: -1×0 has not as many elements as 2×3", func() { a.Reshape(-1, 0) }},
		{"Reshape: shape 0×-1 has a negative length", func() { a.Reshape(-1, -1) }},
		{"Reshape: shape 1×1×1×1×1×1×6 has more than 6 axes", func() { a.Reshape(1, 1, 1, 1, 1, 1, 6) }},
		{"Reshape: strides 1×3 of shape 3×2 are not contiguous; Clone the view first", func() { a.Transpose().Reshape(6) }},
		{"Broadcast: shape 2×3 does not broadcast to 3", func() { a.Broadcast(3) }},
		{"Broadcast: shape 2×3 does not broadcast to 4×3", func() { a.Broadcast(4, 3) }},
		{"Broadcast: shape 1×1×1×1×1×1×1 has more than 6 axes", func() { a.Broadcast(1, 1, 1, 1, 1, 1, 1) }},
		{"CopyTo: shape 2×3 does not broadcast to 4×4", func() { a.CopyTo(b) }},
		{"Add: shapes 2×3 and 4×4 do not broadcast", func() { allocarray.Add(ctx, a, b) }},
		{"AddInto: shapes 2×3 and 4×4 do not broadcast", func() { allocarray.AddInto(b, a, b) }},
		{"AddInto: dst has shape 4×4, the result 2×3", func() { allocarray.AddInto(b, a, a) }},
		{"NegInto: dst has shape 4×4, the result 2×3", func() { allocarray.NegInto(b, a) }},
		{"Less: shapes 4×4 and 2×3 do not broadcast", func() { allocarray.Less(ctx, b, a) }},
		{"Where: shapes 2×3 and 4×4 do not broadcast", func() { allocarray.Where(ctx, m, a, b) }},
		{"Where: shapes 2×2 and 2×3 do not broadcast", func() { allocarray.Where(ctx, m, a, a) }},
		{"WhereInto: dst has shape 4×4, the result 2×3", func() { allocarray.WhereInto(b, m.Slice(1, 0, 1), a, a) }},
		{"Dot: shapes 2×3 and 4×4 differ", func() { allocarray.Dot(a, b) }},
		{"SumAxis: axis 2 of an array of rank 2", func() { allocarray.SumAxis(ctx, a, 2) }},
		{"SumAxisInto: dst has shape 4×4, the result 3", func() { allocarray.SumAxisInto(b, a, 0) }},
		{"ArgMaxAxis: axis -3 of an array of rank 2", func() { allocarray.ArgMaxAxis(ctx, a, -3) }},
		{"MeanAxis: axis 0 of an array of rank 0", func() { allocarray.MeanAxis(ctx, allocarray.New[float64](ctx), 0) }},
		{"Concat of no arrays", func() { allocarray.Concat[int](ctx, 0) }},
		{"Concat: shapes 2×3 and 4×4 do not join along axis 0", func() { allocarray.Concat(ctx, 0, a, b) }},
		{"Concat: shapes 2×3 and 3 do not join along axis 1", func() { allocarray.Concat(ctx, 1, a, a.Index(0, 0)) }},
		{"Concat: axis 2 of an array of rank 2", func() { allocarray.Concat(ctx, 2, a, a) }},
		{"ConcatInto: dst has shape 4×4, the result 4×3", func() { allocarray.ConcatInto(b, 0, a, a) }},
	} {
		require.Equal(t, "allocarray: "+c.want, panicOf(c.run))
	}
	require.Equal(t, []float64{0, 1, 2, 3, 4, 5}, a.Data(), "nothing was written")
}

// TestImpossibleShapes: a shape that no memory can hold is exhausted memory, which
// is an error outside of the scope, and not a crash: it may come from a request.
func TestImpossibleShapes(t *testing.T) {
	buf := bumper.NewSlabBuffer(bumper.Limit(1 << 20))
	for _, ctx := range []context.Context{t.Context(), scope.WithAllocator(t.Context(), buf)} {
		for _, shape := range [][]int{{maxInt}, {maxInt, maxInt}, {maxInt, 2, 0}, {1 << 14, 1 << 14, 1 << 14, 1 << 14, 1 << 14}, {maxInt / 8}, {maxInt / 2, 3}} {
			for name, make := range map[string]func(ctx context.Context){
				"New":     func(ctx context.Context) { allocarray.New[float64](ctx, shape...) },
				"Similar": func(ctx context.Context) { allocarray.Wrap([]float64{1}).Similar(ctx, shape...) },
				"Add": func(ctx context.Context) {
					allocarray.AddScalar(ctx, allocarray.Wrap([]float64{1}).Broadcast(shape...), 1)
				},
			} {
				err := scope.NoEscape(ctx, func(ctx context.Context) error { make(ctx); return nil })
				require.ErrorIs(t, err, scope.ErrExhausted, "%s %v", name, shape)
			}
		}
	}
	empty := allocarray.New[float64](t.Context(), maxInt, 0)
	require.Zero(t, empty.Len())
	require.Equal(t, "[]", empty.String())
	require.Zero(t, allocarray.Sum(empty))
}

func TestHeader(t *testing.T) {
	a := allocarray.New[int16](t.Context(), 2, 0, 3)
	require.Equal(t, 3, a.Rank())
	require.Equal(t, 0, a.Len())
	require.Equal(t, 3, a.Dim(-1))
	require.True(t, a.IsContiguous() && a.Transpose().IsContiguous())
	m := allocarray.New[int16](t.Context(), 2, 3)
	require.Equal(t, []int{1, 3}, m.Transpose().Strides())
	require.Equal(t, []int{0, 0, 1}, m.Index(0, 0).Broadcast(4, 5, 3).Strides())
	require.False(t, m.Transpose().IsContiguous())
	require.True(t, m.Slice(0, 1, 2).IsContiguous() && m.Slice(1, 1, 2).Slice(0, 0, 1).IsContiguous())
	s := m.Shape()
	s[0] = 9
	require.Equal(t, []int{2, 3}, m.Shape(), "the slice is the caller's")
	require.Equal(t, int16(0), allocarray.New[int16](t.Context()).Item())
	require.Equal(t, []int{5, 5, 5}, allocarray.Full(t.Context(), 5, 3).Data())
	require.Equal(t, []float32{0, 1, 2}, allocarray.Arange[float32](t.Context(), 3).Data())
	require.Equal(t, 3, cap(allocarray.Wrap(make([]int, 3, 9)).Data()))
}

// TestNewIsZeroed and TestSimilarIsNot: on memory that was used before.
func TestNewIsZeroed(t *testing.T) {
	defer guard.Set(guard.Set(guard.Off)) // which gives other memory each time
	ctx := scope.WithAllocator(t.Context(), bumper.NewAllocBuffer(1024))
	use := func(fn func(ctx context.Context)) {
		require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error { fn(ctx); return nil }))
	}
	use(func(ctx context.Context) { allocarray.Full(ctx, 7.0, 10) })
	use(func(ctx context.Context) {
		require.Equal(t, 7.0, allocarray.Wrap([]float64{}).Similar(ctx, 10).At(9), "uninitialised")
	})
	use(func(ctx context.Context) { require.Zero(t, allocarray.New[float64](ctx, 10).At(9)) })
}
