package allocarray_test

import (
	"math"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
)

// uneven returns an array of numbers whose sum depends on the order.
func uneven(shape ...int) allocarray.AllocArray[float64] {
	n := 1
	for _, d := range shape {
		n *= d
	}
	rng, s := rand.New(rand.NewPCG(11, 12)), make([]float64, n)
	for i := range s {
		s[i] = math.Ldexp(rng.Float64()-0.5, rng.IntN(40))
	}
	return allocarray.Wrap(s, shape...)
}

// TestSumInTheOrderOfMemory: the elements of a view are added in the order in which they lie in
// memory, as one run if they follow one another; and those that repeat, run by run.
func TestSumInTheOrderOfMemory(t *testing.T) {
	a := uneven(30, 40, 50)
	want := allocarray.Sum(a)
	for _, order := range [][]int{{2, 1, 0}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}} {
		require.Equal(t, want, allocarray.Sum(a.Permute(order...)), "%v", order)
	}
	row := uneven(5000)
	sum, repeated := allocarray.Sum(row), row.Broadcast(3, 5000)
	require.Equal(t, sum+sum+sum, allocarray.Sum(repeated))
	require.Equal(t, sum+sum+sum, allocarray.Sum(repeated.Transpose()))
}

// TestRowsAreSummedAsOne: each sum along an axis whose elements follow one another in memory has
// the bits of Sum, and is as exact.
func TestRowsAreSummedAsOne(t *testing.T) {
	for _, n := range []int{1, 2, 7, 100, 5000} {
		a := uneven(9, n)
		along, across := allocarray.SumAxis(t.Context(), a, 1), allocarray.SumAxis(t.Context(), a.Transpose(), 0)
		for i := range 9 {
			want := allocarray.Sum(a.Index(0, i))
			require.Equal(t, want, along.At(i), "%d numbers", n)
			require.Equal(t, want, across.At(i), "%d numbers", n)
		}
	}
}

// TestEmptyViewBeginsInItsArray: a view without elements does not point behind the memory.
func TestEmptyViewBeginsInItsArray(t *testing.T) {
	s := make([]float64, 12)
	a := allocarray.Wrap(s, 3, 4)
	for name, v := range map[string]allocarray.AllocArray[float64]{
		"rows": a.Slice(0, 3, 3), "columns": a.Slice(1, 4, 4), "both": a.Slice(0, 3, 3).Slice(1, 4, 4), "step": a.SliceStep(0, 3, 3, 7),
	} {
		require.Zero(t, v.Len(), name)
		require.Equal(t, reflect.ValueOf(s).Pointer(), reflect.ValueOf(v.Data()).Pointer(), name)
	}
}

// TestLoneIndex: a step of any length beyond a single index is as good as none.
func TestLoneIndex(t *testing.T) {
	a, b := uneven(5, 6), uneven(6, 20)
	for _, step := range []int{1, 5, 1 << 30, math.MaxInt/6 + 1, math.MaxInt/2 + 1, math.MaxInt} {
		row, column := a.SliceStep(0, 2, 3, step), a.SliceStep(1, 4, 5, step)
		for _, c := range []struct {
			want, got allocarray.AllocArray[float64]
		}{
			{a.Slice(0, 2, 3), row}, {a.Slice(1, 4, 5), column},
			{allocarray.MatMul(t.Context(), a.Slice(0, 2, 3), b), allocarray.MatMul(t.Context(), row, b)},
			{allocarray.MatMul(t.Context(), a.Slice(1, 4, 5), b.Slice(0, 1, 2)), allocarray.MatMul(t.Context(), column, b.SliceStep(0, 1, 2, step))},
			{allocarray.Add(t.Context(), a, a.Slice(0, 2, 3)), allocarray.Add(t.Context(), a, row)},
		} {
			require.Equal(t, c.want.Shape(), c.got.Shape())
			require.Equal(t, c.want.Clone(t.Context()).Data(), c.got.Clone(t.Context()).Data(), "step %d", step)
		}
		require.Equal(t, 6, row.Reshape(6).Len())
	}
}

// TestNoChainOfLayouts: the layout of an array does not keep those of others alive that were its
// like and went, though the transposed one is still in use.
func TestNoChainOfLayouts(t *testing.T) {
	first := uneven(3, 7, 11)
	kept := first.Transpose()
	require.Equal(t, allocarray.Reachable(first), allocarray.Reachable(kept))
	for range 5 {
		allocarray.ForgetLayoutOf(first)
		next := uneven(3, 7, 11)
		require.Equal(t, kept.Shape(), next.Transpose().Shape())
		require.Equal(t, 1, allocarray.Reachable(next), "neither remembers the other")
		first = next
	}
	require.Equal(t, 2, allocarray.Reachable(kept))
}
