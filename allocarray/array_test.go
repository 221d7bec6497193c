package allocarray_test

import (
	"context"
	"math"
	"reflect"
	"strconv"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/guard"
)

// TestHeaderFitsRegisters: Go keeps a struct in registers if it has at most four words and
// four fields, and so have the structs within, and no arrays that are not empty.
func TestHeaderFitsRegisters(t *testing.T) {
	a := reflect.TypeFor[allocarray.AllocArray[float32]]()
	require.LessOrEqual(t, a.Size(), 4*max(unsafe.Sizeof(uint64(0)), unsafe.Sizeof(uintptr(0))))
	require.LessOrEqual(t, a.NumField(), 4)
	for i := range a.NumField() {
		if f := a.Field(i).Type; f.Size() > 0 {
			require.NotEqual(t, reflect.Array, f.Kind())
			require.True(t, f.Kind() != reflect.Struct || f.NumField() <= 4)
		}
	}
	if strconv.IntSize == 64 {
		require.EqualValues(t, 32, a.Size())
	}
}

// TestHeaderIsOpaque: what is alike inside is not so outside.
func TestHeaderIsOpaque(t *testing.T) {
	a := reflect.TypeFor[allocarray.AllocArray[float32]]()
	require.False(t, a.Comparable(), "copies of an array, not arrays, would be equal")
	require.False(t, reflect.TypeFor[allocarray.AllocArray[int32]]().ConvertibleTo(a))
	require.False(t, reflect.TypeFor[allocarray.AllocArray[uint32]]().AssignableTo(a))
	x := allocarray.Wrap([]float32{1, 2})
	require.True(t, reflect.DeepEqual(x, x))
	require.False(t, reflect.DeepEqual(x, allocarray.Wrap([]float32{1, 3})))
	require.False(t, reflect.DeepEqual(x, x.Heap()))
}

// TestImpossibleShapes: a shape that no memory can hold is exhausted memory, which
// is an error outside of the scope, and not a crash: it may come from a request.
func TestImpossibleShapes(t *testing.T) {
	buf := bumper.NewSlabBuffer(bumper.Limit(1 << 20))
	for _, ctx := range []context.Context{t.Context(), scope.WithAllocator(t.Context(), buf)} {
		for _, shape := range [][]int{{math.MaxInt}, {math.MaxInt, math.MaxInt}, {math.MaxInt, 2, 0}, {1 << 14, 1 << 14, 1 << 14, 1 << 14, 1 << 14}, {math.MaxInt / 8}, {math.MaxInt / 2, 3}} {
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
	empty := allocarray.New[float64](t.Context(), math.MaxInt, 0)
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

// TestSimilarOfViews: whatever the strides of a view, those of what is similar to it
// are those of a new array.
func TestSimilarOfViews(t *testing.T) {
	a := allocarray.New[int](t.Context(), 2, 1, 3)
	for name, v := range map[string]allocarray.AllocArray[int]{
		"itself": a, "Transpose": a.Transpose(), "Permute": a.Permute(2, 0, 1), "Slice": a.Slice(2, 1, 3),
		"SliceStep": a.SliceStep(2, 0, 3, 2), "Index": a.Index(0, 1), "ExpandDims": a.ExpandDims(0), "Squeeze": a.Squeeze(),
		"Broadcast": a.Broadcast(4, 2, 5, 3), "Reshape": a.Reshape(3, 2), "scalar": a.Index(0, 0).Squeeze().Index(0, 0),
	} {
		want := allocarray.New[int](t.Context(), v.Shape()...)
		got := v.Similar(t.Context())
		require.Equal(t, want.Shape(), got.Shape(), name)
		require.Equal(t, want.Strides(), got.Strides(), name)
		require.Len(t, got.Data(), want.Len(), name)
	}
}
