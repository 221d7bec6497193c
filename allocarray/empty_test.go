package allocarray_test

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/scope"
)

// long is the length of an axis over which no loop comes to an end.
const long = math.MaxInt / 2

// emptyOperands are operands of a shape without elements, except the single one.
func emptyOperands[T allocarray.Element](ctx context.Context, shape ...int) *operands[T] {
	o := newOperands[T](ctx)
	like := func() allocarray.AllocArray[T] { return allocarray.New[T](ctx, shape...) }
	o.a, o.b, o.dst, o.rows = like(), like(), like(), like()
	o.mask, o.flags = allocarray.New[uint8](ctx, shape...), allocarray.New[uint8](ctx, shape...)
	o.other = allocarray.New[float64](ctx, shape...)
	o.line, o.places = allocarray.New[T](ctx, without(shape, 1)...), allocarray.New[int](ctx, without(shape, 1)...)
	tall := append([]int{2 * shape[0]}, shape[1:]...)
	o.tall = allocarray.New[T](ctx, tall...)
	o.c, o.picks, o.order = like(), allocarray.New[int](ctx, shape...), allocarray.New[int](ctx, shape...)
	o.segments = allocarray.New[int](ctx, 1).Broadcast(shape[0]) // none can be made of that length
	return o
}

// TestEmpty makes each call of the catalogue with arrays without elements, some of
// them with an axis so long that a loop over it would not end. Each comes to an end:
// with a panic that says why if it needs elements, and else without one.
func TestEmpty(t *testing.T) {
	for _, c := range []struct {
		shape []int
		wants map[string]string // of the calls that panic, by the end of their name: what they say
	}{
		{[]int{0, 0}, map[string]string{
			"Max": "has no elements", "Min": "has no elements",
			"MaxAxis": "axis 0 of shape 0×0 has length 0", "MinAxis": "axis 0 of shape 0×0 has length 0",
			"MaxAxisInto": "axis 1 of shape 0×0 has length 0", "MinAxisInto": "axis 1 of shape 0×0 has length 0",
			".At": "index 1, 2 out of range", ".Set": "index 1, 2 out of range", ".Index": "index 1 out of range",
			".Slice": "range 1:3:1 is invalid", ".SliceStep": "range 0:4:2 is invalid", ".Broadcast": "does not broadcast",
			".AtFlat": "position 6 out of range for the 0 elements", ".SetFlat": "position 6 out of range",
			"PadInto": "dst has shape 7×7, want 3×3", "PadEdge": "axis 0 of shape 0×0 has no elements to add", "PadEdgeInto": "no elements",
			"PadReflect": "axis 0 of shape 0×0 has no elements to add", "PadReflectInto": "no elements",
		}},
		{[]int{long, 0, 0}, map[string]string{
			"Max": "has no elements", "Min": "has no elements",
			"MaxAxisInto": fmt.Sprintf("axis 1 of shape %d×0×0 has length 0", long),
			"MinAxisInto": fmt.Sprintf("axis 1 of shape %d×0×0 has length 0", long),
			".At":         "2 indices for rank 3", ".Set": "2 indices for rank 3",
			".Permute": "do not fit rank 3", ".Broadcast": "does not broadcast",
			".AtFlat": "out of range", ".SetFlat": "out of range", "Cov": "is not a matrix", "CovInto": "is not a matrix",
			"Pad": "out of memory", "PadInto": "dst has shape", "PadEdge": "no elements", "PadEdgeInto": "no elements",
			"PadReflect": "no elements", "PadReflectInto": "no elements",
		}},
		{[]int{0, long}, map[string]string{
			"Max": "has no elements", "Min": "has no elements", "MatMul": "do not multiply", "MatMulInto": "do not multiply",
			"MaxAxis": "has length 0", "MinAxis": "has length 0",
			"SumAxis": "out of memory", "MeanAxis": "out of memory", // the sums of nothing are as many as the axis is long
			".At": "out of range", ".Set": "out of range", ".Index": "out of range",
			".Slice": "is invalid", ".SliceStep": "is invalid", ".Broadcast": "does not broadcast",
			"VarAxis": "out of memory", "StdAxis": "out of memory", "NormAxis": "out of memory",
			"QuantileAxis": "out of memory", "MedianAxis": "out of memory", "SegmentSum": "out of memory",
			".AtFlat": "out of range", ".SetFlat": "out of range", "CovInto": "dst has shape",
			"Pad": "out of memory", "PadInto": "dst has shape", "PadEdge": "no elements", "PadEdgeInto": "no elements",
			"PadReflect": "no elements", "PadReflectInto": "no elements",
		}},
	} {
		o := emptyOperands[float64](t.Context(), c.shape...)
		for _, call := range allCalls[float64]() {
			v := panicOf(func() { call.run(t.Context(), o) })
			want, panics := c.wants[strings.TrimPrefix(strings.TrimPrefix(call.name, "Arg"), "AllocArray")]
			if !panics {
				require.Nil(t, v, "%s of %v", call.name, c.shape)
				continue
			}
			require.Contains(t, fmt.Sprint(v), want, "%s of %v", call.name, c.shape)
			require.True(t, strings.HasPrefix(fmt.Sprint(v), "allocarray: ") || want == "out of memory", "%s: %v", call.name, v)
		}
	}
}

// TestResultsOfNothing: what there is to say about no elements.
func TestResultsOfNothing(t *testing.T) {
	ctx := t.Context()
	empty, flat := allocarray.New[float64](ctx, 3, 0), allocarray.New[float64](ctx, 0)
	require.Zero(t, allocarray.Sum(empty))
	require.Zero(t, allocarray.Dot(empty, empty))
	require.True(t, math.IsNaN(allocarray.Mean(empty)))
	require.Equal(t, []float64{0, 0, 0}, allocarray.SumAxis(ctx, empty, 1).Data())
	require.True(t, math.IsNaN(allocarray.MeanAxis(ctx, empty, 1).At(2)))
	require.Equal(t, []int{0}, allocarray.MaxAxis(ctx, empty, 0).Shape())
	require.Equal(t, []float64{0, 0, 0, 0, 0, 0}, allocarray.MatMul(ctx, empty, allocarray.New[float64](ctx, 0, 2)).Data())
	require.Equal(t, []int{3, 0}, allocarray.Concat(ctx, 1, empty, empty, empty).Shape())
	require.Equal(t, []int{6, 0}, allocarray.Concat(ctx, 0, empty, empty).Shape())
	require.Equal(t, []int{0}, allocarray.Softmax(ctx, flat).Shape())
	require.Empty(t, empty.Data())
	require.Empty(t, empty.Transpose().Data())
}

// TestStacksOfNothing: products of so many matrices without elements that counting
// them would not end.
func TestStacksOfNothing(t *testing.T) {
	const most = math.MaxInt / 8
	ctx := t.Context()
	for _, c := range []struct{ a, b, want []int }{
		{[]int{1 << 28, 0, 1}, []int{1, 3}, []int{1 << 28, 0, 3}},
		{[]int{most, 0, 1}, []int{1, 3}, []int{most, 0, 3}},
		{[]int{most, 0, 1}, []int{1}, []int{most, 0}},
		{[]int{1}, []int{most, 1, 0}, []int{most, 0}},
		{[]int{most, 1, 5}, []int{5, 0}, []int{most, 1, 0}},
		{[]int{most, 1, 0, 2}, []int{1, 2, 1}, []int{most, 1, 0, 1}},
		{[]int{most, 3, 0, 0}, []int{0, 0}, []int{most, 3, 0, 0}},
	} {
		// Only shapes matter: a broadcast view has any without its elements.
		a, b := allocarray.New[float32](ctx, c.a[len(c.a)-min(2, len(c.a)):]...), allocarray.New[float32](ctx, c.b[len(c.b)-min(2, len(c.b)):]...)
		a, b = a.Broadcast(c.a...), b.Broadcast(c.b...)
		require.Equal(t, c.want, allocarray.MatMul(ctx, a, b).Shape())
		dst := allocarray.New[float32](ctx, c.want...)
		allocarray.MatMulInto(dst, a, b)
	}
}

// TestConcatOverflow: together, axes of arrays without elements may be longer than an
// int can say.
func TestConcatOverflow(t *testing.T) {
	ctx := t.Context()
	half := allocarray.New[int8](ctx, math.MaxInt/2+1, 0)
	for _, run := range []func(){
		func() { allocarray.Concat(ctx, 0, half, half) },
		func() { allocarray.Concat(ctx, -2, half, half, half, half) },
		func() { allocarray.ConcatInto(half, 0, half, half) },
	} {
		err, _ := panicOf(run).(error)
		require.ErrorIs(t, err, scope.ErrExhausted)
		require.ErrorContains(t, err, "length of axis")
	}
	require.Equal(t, []int{math.MaxInt, 0}, allocarray.Concat(ctx, 0, half, half.Slice(0, 1, half.Dim(0))).Shape())
}
