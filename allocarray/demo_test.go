package allocarray_test

import (
	"context"
	"runtime"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/testenv"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
)

// demo runs the program in the README of AllocArrays.jl, basicReduction of 100 000
// ones, in a scope on ctx's allocator, and returns what a run costs the Go heap.
func demo(t *testing.T, ctx context.Context) (bytes, objects uint64) {
	t.Helper()
	testenv.NeedAllocationCounts(t)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	a, sum := allocarray.Full(t.Context(), 1.0, 100_000), 0.0
	run := func(ctx context.Context) error { sum = basicReduction(ctx, a); return nil }
	require.NoError(t, scope.NoEscape(ctx, run)) // the buffer takes its storage
	const runs = 100
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range runs {
		_ = scope.NoEscape(ctx, run)
	}
	runtime.ReadMemStats(&after)
	require.Equal(t, 200_000.0, sum)
	return (after.TotalAlloc - before.TotalAlloc) / runs, (after.Mallocs - before.Mallocs) / runs
}

// TestDemo is the demo on a bump buffer: nothing of it is on the Go heap.
func TestDemo(t *testing.T) {
	bytes, objects := demo(t, scope.WithAllocator(t.Context(), bumper.NewAllocBuffer(3<<20)))
	require.Zero(t, bytes)
	require.Zero(t, objects)
}

// TestDemoOnALockedBuffer is the demo on a buffer behind a lock, outside a group: all
// that is on the Go heap is the context of the region, one object of 48 bytes.
func TestDemoOnALockedBuffer(t *testing.T) {
	bytes, objects := demo(t, locked.WithLockedBumper(t.Context(), bumper.NewSlabBuffer()))
	require.EqualValues(t, 1, objects)
	if strconv.IntSize == 64 {
		require.EqualValues(t, 48, bytes)
	}
}
