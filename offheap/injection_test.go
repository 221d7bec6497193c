package offheap_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/offheap"
	"github.com/allocarrays/allocarrays-go/scope"
)

// scenario uses a heap in every way there is, and returns the first error.
func scenario(heap *offheap.Heap) error {
	buf := bumper.NewSlabBuffer(bumper.SlabSize(5000), bumper.From(heap.Label("buffer")))
	defer buf.Trim()
	ctx := scope.WithAllocator(context.Background(), buf)
	for range 3 {
		err := scope.NoEscape(ctx, func(ctx context.Context) error {
			scope.Make[float64](ctx, 500)[499] = 1
			scope.Make[float64](ctx, 300)[299] = 1
			scope.Make[float64](ctx, 100_000)[99_999] = 1
			return nil
		})
		if err != nil {
			return err
		}
		buf.Trim()
	}
	w, err := offheap.Make[int32](heap, 1_000_000)
	if err != nil {
		return err
	}
	w.Data()[999_999] = 1
	mem, err := heap.Alloc(3 << 20)
	if err != nil {
		return errors.Join(err, w.Free())
	}
	mem[3<<20-1] = 1
	return errors.Join(w.Free(), heap.Free(mem))
}

// TestEveryCallFails: the scenario with each call of the system failing in turn.
func TestEveryCallFails(t *testing.T) {
	needMmap(t)
	for _, opts := range [][]offheap.MmapOption{nil, {offheap.HugePages()}} {
		whole := newFlaky()
		require.NoError(t, scenario(offheap.NewHeap("", offheap.MmapOn(whole, opts...))))
		require.Equal(t, whole.mmaps, whole.munmaps)
		require.Greater(t, whole.mmaps, 7)
		for i := 1; i <= whole.mmaps; i++ {
			t.Run(fmt.Sprintf("%d options, mmap %d", len(opts), i), func(t *testing.T) { failMmap(t, i, opts) })
			t.Run(fmt.Sprintf("%d options, munmap %d", len(opts), i), func(t *testing.T) { failMunmap(t, i, whole.munmaps, opts) })
		}
	}
}

// failMmap: the error reaches the caller, or the buffer has made do with less;
// nothing stays behind, and the heap can be used again.
func failMmap(t *testing.T, i int, opts []offheap.MmapOption) {
	sys := newFlaky()
	sys.failMmap = i
	pages := offheap.MmapOn(sys, opts...)
	heap := offheap.NewHeap("", pages)
	if err := scenario(heap); err != nil {
		require.ErrorIs(t, err, errNoMemory)
		require.ErrorContains(t, err, "offheap: mmap of ")
	}
	require.GreaterOrEqual(t, sys.mmaps, i)
	require.Equal(t, offheap.PagesStats{}, pages.Stats())
	require.Zero(t, heap.Stats().Size)
	require.NoError(t, scenario(heap))
	require.NoError(t, heap.Close())
}

// failMunmap: nobody is disturbed, it is reported, and made up for with the next
// release.
func failMunmap(t *testing.T, i, last int, opts []offheap.MmapOption) {
	sys := newFlaky()
	sys.failMunmap = i
	pages := offheap.MmapOn(sys, opts...)
	heap := offheap.NewHeap("", pages)
	require.NoError(t, scenario(heap))
	require.Zero(t, heap.Stats().Size)
	require.ErrorIs(t, heap.Check(), errNoMemory)
	if i == last {
		require.Equal(t, 1, pages.Stats().Stuck)
		require.Positive(t, pages.Stats().Mapped)
		require.NoError(t, scenario(heap))
	}
	require.Equal(t, offheap.PagesStats{}, pages.Stats())
}
