package allocarray_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
)

// TestMisuse: each mistake and the message it panics with.
func TestMisuse(t *testing.T) {
	ctx := t.Context()
	a := allocarray.Arange[float64](ctx, 6).Reshape(2, 3)
	b := allocarray.New[float64](ctx, 4, 4)
	m := allocarray.New[uint8](ctx, 2, 2)
	deep := allocarray.New[float64](ctx, 1, 1, 1, 1, 1, 1, 1, 1)
	for _, c := range []struct {
		want string
		run  func()
	}{
		{"Wrap: 3 elements do not fit shape 2×2", func() { allocarray.Wrap([]int{1, 2, 3}, 2, 2) }},
		{"Wrap: shape 1×1×1×1×1×1×1×1×1 has more than 8 axes", func() { allocarray.Wrap([]int{1}, 1, 1, 1, 1, 1, 1, 1, 1, 1) }},
		{"Wrap: shape -1×-1 has a negative length", func() { allocarray.Wrap([]int{1}, -1, -1) }},
		{"New: shape 2×-3 has a negative length", func() { allocarray.New[int](ctx, 2, -3) }},
		{"New: shape 0×-3 has a negative length", func() { allocarray.New[int](ctx, 0, -3) }},
		{"New: shape 1×2×3×4×5×6×7×8×9 has more than 8 axes", func() { allocarray.New[int](ctx, 1, 2, 3, 4, 5, 6, 7, 8, 9) }},
		{"Full: shape -1 has a negative length", func() { allocarray.Full(ctx, 1, -1) }},
		{"Arange: shape -2 has a negative length", func() { allocarray.Arange[int](ctx, -2) }},
		{"Similar: shape -2 has a negative length", func() { a.Similar(ctx, -2) }},
		{"At: 1 indices for rank 2", func() { a.At(1) }},
		{"At: index 2, 0 out of range for shape 2×3", func() { a.At(2, 0) }},
		{"At: index 0, -1 out of range for shape 2×3", func() { a.At(0, -1) }},
		{"Set: index 0, 3 out of range for shape 2×3", func() { a.Set(1, 0, 3) }},
		{"Set: 0 indices for rank 2", func() { a.Set(1) }},
		{"Item: shape 2×3 does not have exactly one element", func() { a.Item() }},
		{"Dim: axis 2 out of range for rank 2", func() { a.Dim(2) }},
		{"Dim: axis -3 out of range for rank 2", func() { a.Dim(-3) }},
		{"Data: the array of shape 3×2 and strides [1 3] is not contiguous; Clone it first", func() { a.Transpose().Data() }},
		{"Slice: range 1:3:1 is invalid for axis 0 of shape 2×3", func() { a.Slice(0, 1, 3) }},
		{"Slice: range -1:2:1 is invalid for axis 0 of shape 2×3", func() { a.Slice(0, -1, 2) }},
		{"Slice: range 2:1:1 is invalid for axis 1 of shape 2×3", func() { a.Slice(1, 2, 1) }},
		{"Slice: axis 2 out of range for rank 2", func() { a.Slice(2, 0, 1) }},
		{"SliceStep: range 0:2:0 is invalid for axis 0 of shape 2×3", func() { a.SliceStep(0, 0, 2, 0) }},
		{"SliceStep: range 0:2:-1 is invalid for axis 0 of shape 2×3", func() { a.SliceStep(0, 0, 2, -1) }},
		{"SliceStep: axis -3 out of range for rank 2", func() { a.SliceStep(-3, 0, 2, 1) }},
		{"Index: index 2 out of range for axis 0 of shape 2×3", func() { a.Index(0, 2) }},
		{"Index: index -1 out of range for axis 1 of shape 2×3", func() { a.Index(1, -1) }},
		{"Index: axis 0 out of range for rank 0", func() { a.Index(0, 0).Index(0, 0).Index(0, 0) }},
		{"Permute: axes [0] do not fit rank 2", func() { a.Permute(0) }},
		{"Permute: axes [0 0] repeat axis 0", func() { a.Permute(0, 0) }},
		{"Permute: axes [1 -1] repeat axis 1", func() { a.Permute(1, -1) }},
		{"Permute: axis 2 out of range for rank 2", func() { a.Permute(0, 2) }},
		{"ExpandDims: no room for axis 3 in shape 2×3", func() { a.ExpandDims(3) }},
		{"ExpandDims: no room for axis -4 in shape 2×3", func() { a.ExpandDims(-4) }},
		{"ExpandDims: no room for axis 0 in shape 1×1×1×1×1×1×1×1", func() { deep.ExpandDims(0) }},
		{"Reshape: shape 2×3 does not fit shape 2×2", func() { a.Reshape(2, 2) }},
		{"Reshape: shape 2×3 does not fit shape -1×4", func() { a.Reshape(-1, 4) }},
		{"Reshape: shape 2×3 does not fit shape -1×0", func() { a.Reshape(-1, 0) }},
		{"Reshape: shape 0×-1 has a negative length", func() { a.Reshape(-1, -1) }},
		{"Reshape: shape 1×1×1×1×1×1×1×1×6 has more than 8 axes", func() { a.Reshape(1, 1, 1, 1, 1, 1, 1, 1, 6) }},
		{"Reshape: the array of shape 3×2 and strides [1 3] is not contiguous; Clone it first", func() { a.Transpose().Reshape(6) }},
		{"Broadcast: shape 2×3 does not broadcast to 3", func() { a.Broadcast(3) }},
		{"Broadcast: shape 2×3 does not broadcast to 4×3", func() { a.Broadcast(4, 3) }},
		{"Broadcast: shape 1×1×1×1×1×1×1×1×1 has more than 8 axes", func() { a.Broadcast(1, 1, 1, 1, 1, 1, 1, 1, 1) }},
		{"CopyTo: shape 2×3 does not broadcast to 4×4", func() { a.CopyTo(b) }},
		{"Add: shapes 2×3 and 4×4 do not broadcast", func() { allocarray.Add(ctx, a, b) }},
		{"AddInto: shapes 2×3 and 4×4 do not broadcast", func() { allocarray.AddInto(b, a, b) }},
		{"AddInto: dst has shape 4×4, want 2×3", func() { allocarray.AddInto(b, a, a) }},
		{"NegInto: dst has shape 4×4, want 2×3", func() { allocarray.NegInto(b, a) }},
		{"Less: shapes 4×4 and 2×3 do not broadcast", func() { allocarray.Less(ctx, b, a) }},
		{"Where: shapes 2×3 and 4×4 do not broadcast", func() { allocarray.Where(ctx, m, a, b) }},
		{"Where: shapes 2×2 and 2×3 do not broadcast", func() { allocarray.Where(ctx, m, a, a) }},
		{"WhereInto: dst has shape 4×4, want 2×3", func() { allocarray.WhereInto(b, m.Slice(1, 0, 1), a, a) }},
		{"Dot: shapes 2×3 and 4×4 differ", func() { allocarray.Dot(a, b) }},
		{"SumAxis: axis 2 out of range for rank 2", func() { allocarray.SumAxis(ctx, a, 2) }},
		{"SumAxisInto: dst has shape 4×4, want 3", func() { allocarray.SumAxisInto(b, a, 0) }},
		{"ArgMaxAxis: axis -3 out of range for rank 2", func() { allocarray.ArgMaxAxis(ctx, a, -3) }},
		{"MeanAxis: axis 0 out of range for rank 0", func() { allocarray.MeanAxis(ctx, allocarray.New[float64](ctx), 0) }},
		{"Concat: no arrays", func() { allocarray.Concat[int](ctx, 0) }},
		{"Concat: shapes 2×3 and 4×4 do not join along axis 0", func() { allocarray.Concat(ctx, 0, a, b) }},
		{"Concat: shapes 2×3 and 3 do not join along axis 1", func() { allocarray.Concat(ctx, 1, a, a.Index(0, 0)) }},
		{"Concat: axis 2 out of range for rank 2", func() { allocarray.Concat(ctx, 2, a, a) }},
		{"ConcatInto: dst has shape 4×4, want 4×3", func() { allocarray.ConcatInto(b, 0, a, a) }},
	} {
		require.Equal(t, "allocarray: "+c.want, panicOf(c.run))
	}
	require.Equal(t, []float64{0, 1, 2, 3, 4, 5}, a.Data(), "nothing was written")
}
