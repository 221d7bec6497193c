package allocarray_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/testenv"
	"github.com/allocarrays/allocarrays-go/scope"
)

// The example from which StrideArrays.jl began: a matrix plus 2, its row sums, times
// 3, plus 0. outOfPlace is how one would like to write it, an array per step;
// inPlace is what one writes to save the memory. The numbers differ from element to
// element, so that a row taken for a column shows.

func outOfPlace(ctx context.Context, n int) allocarray.AllocArray[int64] {
	a := allocarray.AllocArray[int64]{}.Similar(ctx, n, n)
	fillNumbers(a.Data(), n)
	a = allocarray.AddScalar(ctx, a, 2)
	b := allocarray.SumAxis(ctx, a, 1)
	b = allocarray.MulScalar(ctx, b, 3)
	return allocarray.AddScalar(ctx, b, 0)
}

func inPlace(n int) []int64 {
	a, b := make([]int64, n*n), make([]int64, n)
	fillNumbers(a, n)
	for i := range a {
		a[i] += 2
	}
	for i := range b {
		for _, v := range a[i*n : (i+1)*n] {
			b[i] += v
		}
	}
	for i := range b {
		b[i] *= 3
	}
	for i := range b {
		b[i] += 0
	}
	return b
}

func fillNumbers(a []int64, n int) {
	for i := range n {
		row := a[i*n : (i+1)*n]
		for j := range row {
			row[j] = int64(i*7 + j)
		}
	}
}

// outOfPlaceScope runs outOfPlace in a scope and copies its result to dst.
func outOfPlaceScope(ctx context.Context, n int, dst allocarray.AllocArray[int64]) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		outOfPlace(ctx, n).CopyTo(dst)
		return nil
	})
}

func TestOutOfPlace(t *testing.T) {
	for _, n := range []int{1, 7, 100, 1000} {
		ctx := scope.WithAllocator(t.Context(), bumper.NewSlabBuffer())
		dst := allocarray.New[int64](t.Context(), n)
		require.NoError(t, outOfPlaceScope(ctx, n, dst))
		require.Equal(t, inPlace(n), dst.Data())
		if !testenv.Slow() {
			allocs := testing.AllocsPerRun(3, func() { _ = outOfPlaceScope(ctx, n, dst) })
			require.Zero(t, allocs, "n=%d: on the heap", n)
		}
	}
}

// basicReduction is the first example of AllocArrays.jl: two temporaries and a sum.
func basicReduction(ctx context.Context, a allocarray.AllocArray[float64]) float64 {
	b := a.Similar(ctx)
	a.CopyTo(b)
	c := a.Similar(ctx)
	a.CopyTo(c)
	return allocarray.Sum(allocarray.Add(ctx, b, c))
}

func TestBasicReduction(t *testing.T) {
	ctx := scope.WithAllocator(t.Context(), bumper.NewAllocBuffer(3<<20))
	a := allocarray.Full(t.Context(), 1.0, 100_000)
	sum := 0.0
	run := func() {
		_ = scope.NoEscape(ctx, func(ctx context.Context) error { sum = basicReduction(ctx, a); return nil })
	}
	run()
	require.Equal(t, 200_000.0, sum)
	if !testenv.Slow() {
		require.Zero(t, testing.AllocsPerRun(3, run))
	}
}

// BenchmarkStrideArrays puts the example out of place, with each kind of allocator,
// beside the one in place by hand on the heap.
func BenchmarkStrideArrays(b *testing.B) {
	for _, n := range []int{100, 1000} {
		b.Run(fmt.Sprintf("n=%d/inplace", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				inPlace(n)
			}
		})
		dst := allocarray.New[int64](b.Context(), n)
		eachAllocator(b, fmt.Sprintf("n=%d", n), func(ctx context.Context) error { return outOfPlaceScope(ctx, n, dst) })
	}
}

func BenchmarkBasicReduction(b *testing.B) {
	a := allocarray.Full(b.Context(), 1.0, 100_000)
	eachAllocator(b, "n=100000", func(ctx context.Context) error {
		return scope.NoEscape(ctx, func(ctx context.Context) error { basicReduction(ctx, a); return nil })
	})
}
