package arrowscope_test

import (
	"context"
	"runtime"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/compute"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	arrowscope "github.com/allocarrays/allocarrays-go/contrib/arrow"
	"github.com/allocarrays/allocarrays-go/internal/testenv"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
)

// columns returns two columns of n values on the Go heap.
func columns(n int) (a, b arrow.Array) {
	build := func(f func(int) float64) arrow.Array {
		values := make([]float64, n)
		for i := range values {
			values[i] = f(i)
		}
		builder := array.NewFloat64Builder(memory.DefaultAllocator)
		builder.AppendValues(values, nil)
		return builder.NewArray()
	}
	return build(func(i int) float64 { return float64(i % 1000) }), build(func(i int) float64 { return float64(i % 77) })
}

// pipeline returns those of (a+b)·b that are less than 20,000. It releases all else.
func pipeline(ctx context.Context, a, b arrow.Array) (arrow.Array, error) {
	var err error
	call := func(name string, args ...compute.Datum) compute.Datum {
		if err != nil {
			return nil
		}
		var out compute.Datum
		if out, err = compute.CallFunction(ctx, name, nil, args...); err != nil {
			return nil
		}
		return out
	}
	x, y, limit := compute.NewDatum(a), compute.NewDatum(b), compute.NewDatum(20000.0)
	sum := call("add", x, y)
	product := call("multiply", sum, y)
	small := call("less", product, limit)
	if err != nil {
		return nil, err
	}
	filtered, err := compute.Filter(ctx, product, small, *compute.DefaultFilterOptions())
	for _, d := range []compute.Datum{x, y, limit, sum, product, small} {
		d.Release()
	}
	if err != nil {
		return nil, err
	}
	defer filtered.Release()
	return filtered.(*compute.ArrayDatum).MakeArray(), nil
}

// TestCompute: results are those on the heap, and outlive the scope when they are detached.
func TestCompute(t *testing.T) {
	a, b := columns(100_000)
	want, err := pipeline(t.Context(), a, b)
	require.NoError(t, err)
	buf := newShared()
	for range 3 {
		soil(t, buf)
		var kept arrow.Array
		inScope(t, buf, func(ctx context.Context, mem *arrowscope.Allocator) {
			got, err := pipeline(compute.WithAllocator(ctx, mem), a, b)
			require.NoError(t, err)
			kept = arrowscope.Detach(got)
			assert.Greater(t, mem.Stats().Bytes, 1_600_000)
			assert.Zero(t, mem.Stats().Heap)
		})
		soil(t, buf)
		require.True(t, array.Equal(want, kept))
	}
}

// TestComputeExhausted: a limit in the middle of a pipeline, in Arrow's goroutines, is an error
// of Do. What has been computed is right.
func TestComputeExhausted(t *testing.T) {
	a, b := columns(100_000)
	want, err := pipeline(t.Context(), a, b)
	require.NoError(t, err)
	for _, limit := range []int{1 << 10, 100 << 10, 1 << 20, 2 << 20} {
		ctx := scope.WithAllocator(t.Context(), locked.Share(bumper.NewSlabBuffer(bumper.Limit(limit))))
		var got arrow.Array
		err := scope.NoEscape(ctx, func(ctx context.Context) error {
			return arrowscope.Do(ctx, func(mem *arrowscope.Allocator) (err error) {
				got, err = pipeline(compute.WithAllocator(ctx, mem), a, b)
				require.True(t, array.Equal(want, got))
				return err
			})
		})
		require.ErrorIs(t, err, scope.ErrExhausted, "%d", limit)
	}
}

// TestComputeBytes: only objects are left to the Go heap, however long the columns.
func TestComputeBytes(t *testing.T) {
	testenv.NeedAllocationCounts(t)
	heap, inside := perRun(t, 1000), perRun(t, 100_000)
	t.Logf("bytes of the Go heap a run: 1,000 rows %d, 100,000 rows %d", heap, inside)
	require.Less(t, inside, uint64(16<<10))
	require.Less(t, inside, heap+4096)
}

// perRun returns the bytes of the Go heap that a run of the pipeline on n rows takes, in a scope.
func perRun(t *testing.T, n int) uint64 {
	const runs = 50
	a, b := columns(n)
	ctx := scope.WithAllocator(t.Context(), newShared())
	run := func() { require.NoError(t, inPlaceOfTheHeap(ctx, a, b)) }
	run()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range runs {
		run()
	}
	runtime.ReadMemStats(&after)
	return (after.TotalAlloc - before.TotalAlloc) / runs
}

func inPlaceOfTheHeap(ctx context.Context, a, b arrow.Array) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		return arrowscope.Do(ctx, func(mem *arrowscope.Allocator) error {
			_, err := pipeline(compute.WithAllocator(ctx, mem), a, b)
			return err
		})
	})
}

// BenchmarkPipeline is add, multiply, less and filter of 100,000 float64.
func BenchmarkPipeline(b *testing.B) {
	x, y := columns(100_000)
	b.Run("heap", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			out, err := pipeline(b.Context(), x, y)
			require.NoError(b, err)
			out.Release()
		}
	})
	b.Run("scope", func(b *testing.B) {
		b.ReportAllocs()
		ctx := scope.WithAllocator(b.Context(), newShared())
		for b.Loop() {
			require.NoError(b, inPlaceOfTheHeap(ctx, x, y))
		}
	})
}
