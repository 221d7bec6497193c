package allocarray_test

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/scope"
)

// A Builder collects rows whose number is not known beforehand.
func ExampleBuilder() {
	ctx := context.Background()
	x := allocarray.Arange[float64](ctx, 12).Reshape(4, 3)
	large := allocarray.NewBuilder[float64](ctx, 0, 3)
	for i := range x.Dim(0) {
		if row := x.Index(0, i); allocarray.Sum(row) > 10 {
			large.AppendArray(row)
		}
	}
	large.Append(1, 2, 3)
	fmt.Println(large.Array())
	// Output:
	// [[ 3  4  5]
	//  [ 6  7  8]
	//  [ 9 10 11]
	//  [ 1  2  3]]
}

// TestBuilder: in place at the end of a buffer, beside other allocations and on the heap,
// what was appended is there, and arrays of before stay as they were.
func TestBuilder(t *testing.T) {
	for name, ctx := range map[string]context.Context{
		"bump": scope.WithAllocator(t.Context(), bumper.NewSlabBuffer()), "heap": t.Context(),
	} {
		for _, between := range []bool{false, true} {
			b := allocarray.NewBuilder[int32](ctx, 1, 2, 3)
			src := allocarray.Arange[int32](ctx, 6000).Reshape(1000, 2, 3)
			var views []allocarray.AllocArray[int32]
			for i := 0; i < 1000; {
				if views = append(views, b.Array()); between {
					allocarray.New[int8](ctx, 5)
				}
				switch i % 3 {
				case 0:
					b.AppendArray(src.Index(0, i).Transpose().Heap().Transpose()) // not contiguous
					i++
				case 1:
					b.Append(src.Index(0, i).Data()...)
					i++
				default:
					n := min(i+1, 1000-i)
					b.AppendArray(src.Slice(0, i, i+n))
					i += n
				}
				require.Equal(t, i, b.Len())
			}
			require.Equal(t, src.Data(), b.Array().Data(), name)
			for _, v := range views {
				require.Equal(t, src.Slice(0, 0, v.Dim(0)).Data(), v.Data())
			}
		}
	}
}

// TestBuilderStale: the Builder and its array end with the scope.
func TestBuilderStale(t *testing.T) {
	ctx := scope.WithAllocator(t.Context(), bumper.NewSlabBuffer())
	var b *allocarray.Builder[float32]
	var array allocarray.AllocArray[float32]
	require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
		b = allocarray.NewBuilder[float32](ctx, 0)
		b.Append(1, 2, 3)
		array = b.Array()
		require.Equal(t, []int{3}, array.Shape())
		return nil
	}))
	for _, run := range []func(){
		func() { array.At(0) }, func() { b.Append(1) }, func() { b.Array() }, func() { b.Len() },
		func() { b.AppendArray(allocarray.Wrap([]float32{1})) },
	} {
		require.IsType(t, &scope.StaleError{}, panicOf(run))
	}
	live := allocarray.NewBuilder[float32](t.Context(), 0)
	require.IsType(t, &scope.StaleError{}, panicOf(func() { live.AppendArray(array) }))
}

func TestBuilderRefuses(t *testing.T) {
	ctx := t.Context()
	b := allocarray.NewBuilder[int](ctx, 0, 2, 3)
	for want, run := range map[string]func(){
		"NewBuilder: shape -1×3 has a negative length":                                func() { allocarray.NewBuilder[int](ctx, -1, 3) },
		"NewBuilder: parts of shape 3×0 have no elements":                             func() { allocarray.NewBuilder[int](ctx, 0, 3, 0) },
		"NewBuilder: an array of parts of shape 1×1×1×1×1×1×1×1 has more than 8 axes": func() { allocarray.NewBuilder[int](ctx, 0, 1, 1, 1, 1, 1, 1, 1, 1) },
		"out of memory": func() { allocarray.NewBuilder[int8](ctx, math.MaxInt, 2) },
		"Append: 7 elements are no whole parts of shape 2×3":                         func() { b.Append(make([]int, 7)...) },
		"AppendArray: shape 3×2 is neither a part of shape 2×3 nor an array of such": func() { b.AppendArray(allocarray.New[int](ctx, 3, 2)) },
		"AppendArray: shape 1×3×2 is neither a part of shape 2×3":                    func() { b.AppendArray(allocarray.New[int](ctx, 1, 3, 2)) },
		"AppendArray: the zero AllocArray":                                           func() { b.AppendArray(allocarray.AllocArray[int]{}) },
	} {
		require.Contains(t, fmt.Sprint(panicOf(run)), want)
	}
	b.AppendArray(allocarray.New[int](ctx, 0, 2, 3))
	b.Append()
	require.Equal(t, []int{0, 2, 3}, b.Array().Shape())
}

// TestBuilderAllOrNothing: an array that does not fit leaves no part of itself, also if it
// is added in pieces.
func TestBuilderAllOrNothing(t *testing.T) {
	ctx := scope.WithAllocator(t.Context(), bumper.NewAllocBuffer(1<<10))
	b := allocarray.NewBuilder[float64](ctx, 4, 2)
	b.Append(1, 2)
	err, _ := panicOf(func() { b.AppendArray(allocarray.New[float64](t.Context(), 2, 1000).Transpose()) }).(error)
	require.ErrorIs(t, err, scope.ErrExhausted)
	require.Equal(t, []float64{1, 2}, b.Array().Data())
}
