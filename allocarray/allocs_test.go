package allocarray_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/testenv"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
)

// ofTheHeap are the methods that promise memory of the Go heap.
var ofTheHeap = map[string]bool{"AllocArray.Heap": true, "AllocArray.String": true}

// heapAllocs counts the allocations on the Go heap of each call inside a scope.
func heapAllocs[T allocarray.Element](ctx context.Context, calls []call[T], o *operands[T]) map[string]float64 {
	out := map[string]float64{}
	for _, c := range calls {
		fn := func(ctx context.Context) error { c.run(ctx, o); return nil }
		out[c.name] = testing.AllocsPerRun(20, func() { _ = scope.NoEscape(ctx, fn) })
	}
	return out
}

func requireNoAllocs(t *testing.T, counts map[string]float64) {
	t.Helper()
	for name, n := range counts {
		if !ofTheHeap[name] {
			require.Zero(t, n, "%s allocates on the heap", name)
		}
	}
}

// TestNoAllocs: with a buffer in the context, nothing allocates on the heap.
func TestNoAllocs(t *testing.T) {
	testenv.NeedAllocationCounts(t)
	t.Run("float32", noAllocs(allCalls[float32]()))
	t.Run("float64", noAllocs(allCalls[float64]()))
	t.Run("int64", noAllocs(append(operationCalls[int64](), methodCalls[int64]()...)))
	t.Run("uint8", noAllocs(append(operationCalls[uint8](), methodCalls[uint8]()...)))
	t.Run("int32", noAllocs(append(operationCalls[int32](), methodCalls[int32]()...)))
}

func noAllocs[T allocarray.Element](calls []call[T]) func(t *testing.T) {
	return func(t *testing.T) {
		ctx := scope.WithAllocator(t.Context(), bumper.NewSlabBuffer())
		requireNoAllocs(t, heapAllocs(ctx, calls, newOperands[T](t.Context())))
		requireNoAllocs(t, heapAllocs(ctx, calls, strided[T](t.Context())))
		requireNoAllocs(t, heapAllocs(ctx, calls, newOperands[T](ctx)))
	}
}

// TestNoAllocsInGroup: nor in a worker of a locked.Group.
func TestNoAllocsInGroup(t *testing.T) {
	testenv.NeedAllocationCounts(t)
	g := locked.NewGroup(locked.WithLockedBumper(t.Context(), bumper.NewSlabBuffer()))
	var counts map[string]float64
	g.Go(func(ctx context.Context) error {
		counts = heapAllocs(ctx, allCalls[float64](), newOperands[float64](ctx))
		return nil
	})
	require.NoError(t, g.Wait())
	require.Greater(t, len(counts), 100)
	requireNoAllocs(t, counts)
}

// TestOneAllocOnHeap: without a buffer a call that returns a new array allocates its
// elements and nothing else; a view, or an Into form, nothing.
func TestOneAllocOnHeap(t *testing.T) {
	testenv.NeedAllocationCounts(t)
	api := exported(t)
	for _, o := range []*operands[float64]{newOperands[float64](t.Context()), strided[float64](t.Context())} {
		counts := heapAllocs(t.Context(), allCalls[float64](), o)
		require.Equal(t, 2.0, counts["AllocArray.Similar"], "called twice")
		delete(counts, "AllocArray.Similar")
		delete(counts, "AllocArray.String")
		for name, n := range counts {
			want := 0.0
			if api[name].context || name == "AllocArray.Heap" {
				want = 1
			}
			require.Equal(t, want, n, name)
		}
	}
}
