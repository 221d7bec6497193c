package offheap_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/offheap"
	"github.com/allocarrays/allocarrays-go/scope"
)

// TestClose: Close reports what is held and where it was allocated, and refuses new
// blocks. What is held stays, and goes with its owner's free.
func TestClose(t *testing.T) {
	needMmap(t)
	pages := offheap.Mmap()
	heap := offheap.NewHeap("request", pages)
	var held [][]byte
	for range 3 {
		held = append(held, allocateHere(t, heap))
	}
	before := pages.Stats()
	err := heap.Label("same heap").Close()
	require.ErrorIs(t, err, offheap.ErrLeak)
	var leak *offheap.LeakError
	require.ErrorAs(t, err, &leak)
	require.Equal(t, "request", leak.Block.Label)
	require.Contains(t, leak.Error(), `labelled "request": still held when the heap was closed`)
	requireStacks(t, leak, stacks{"allocated at": "allocateHere"})
	require.Equal(t, before, pages.Stats(), "nothing is unmapped")
	require.Equal(t, 3, heap.Stats().Blocks)
	require.Zero(t, heap.Stats().Leaks, "they may still be freed")

	for name, alloc := range map[string]func() error{
		"Alloc":   func() error { _, err := heap.Alloc(1000); return err },
		"Acquire": func() error { _, err := heap.Label("another").Acquire(1000); return err },
		"Make":    func() error { _, err := offheap.Make[byte](heap, 1000); return err },
	} {
		require.ErrorIs(t, alloc(), offheap.ErrClosed, name)
	}
	require.Equal(t, before, pages.Stats(), "nothing stays mapped that nobody has")
	require.NoError(t, heap.Close(), "once is enough")
	require.ErrorIs(t, heap.Check(), offheap.ErrLeak)
	for _, mem := range held {
		mem[4999] = 1
		require.NoError(t, heap.Free(mem))
	}
	require.Equal(t, offheap.PagesStats{}, pages.Stats())
	require.ErrorIs(t, heap.Free(held[0]), offheap.ErrDoubleFree)
}

// TestCloseUnderArrays attacks the promise that nothing in use is unmapped: arrays of
// every kind of owner keep their data after Close, share it with no later heap, and their
// memory goes when the owner ends them.
func TestCloseUnderArrays(t *testing.T) {
	needMmap(t)
	type owned struct {
		data    []float64
		live    func() bool
		release func() error
	}
	onBuffer := func(ctx context.Context, buf interface{ Close() error }) owned {
		a := allocarray.Full(ctx, 7.0, 1000)
		return owned{a.Data(), a.Live, buf.Close}
	}
	for name, own := range map[string]func(*offheap.Heap) owned{
		"AllocBuffer": func(h *offheap.Heap) owned {
			buf := bumper.NewAllocBuffer(10_000, bumper.From(h))
			return onBuffer(scope.WithAllocator(t.Context(), buf), buf)
		},
		"SlabBuffer": func(h *offheap.Heap) owned {
			buf := bumper.NewSlabBuffer(bumper.SlabSize(10_000), bumper.From(h))
			return onBuffer(scope.WithAllocator(t.Context(), buf), buf)
		},
		"SlabBuffer, custom slab": func(h *offheap.Heap) owned {
			buf := bumper.NewSlabBuffer(bumper.SlabSize(1000), bumper.From(h))
			return onBuffer(scope.WithAllocator(t.Context(), buf), buf)
		},
		"AutoscalingBuffer": func(h *offheap.Heap) owned {
			buf := bumper.NewAutoscalingBuffer(bumper.Initial(10_000), bumper.From(h))
			return onBuffer(scope.WithAllocator(t.Context(), buf), buf)
		},
		"locked": func(h *offheap.Heap) owned {
			buf := bumper.NewSlabBuffer(bumper.SlabSize(10_000), bumper.From(h))
			return onBuffer(locked.WithLockedBumper(t.Context(), buf), buf)
		},
		"Workspace": func(h *offheap.Heap) owned {
			w, err := offheap.Make[float64](h, 1000)
			require.NoError(t, err)
			for i := range w.Data() {
				w.Data()[i] = 7
			}
			return owned{w.Data(), w.Stamp().Live, w.Free}
		},
	} {
		t.Run(name, func(t *testing.T) {
			pages := offheap.Mmap()
			heap := offheap.NewHeap("first", pages)
			a := own(heap)
			err := heap.Close()
			require.ErrorIs(t, err, offheap.ErrLeak)
			require.ErrorContains(t, err, "close_test.go:", "the place is named")
			require.Equal(t, 1, pages.Stats().Pieces)

			second := offheap.NewHeap("second", pages)
			for range 100 { // as many as it takes for the system to use an address again
				w, err := offheap.Make[float64](second, len(a.data))
				require.NoError(t, err)
				defer w.Free()
				for i := range w.Data() {
					w.Data()[i] = -1
				}
				apart := addr(w.Data()) >= addr(a.data)+8000 || addr(w.Data())+8000 <= addr(a.data)
				require.True(t, apart, "memory of the first heap is handed out again")
			}
			require.True(t, a.live())
			for i := range a.data {
				require.Equal(t, 7.0, a.data[i])
				a.data[i]++
			}
			require.NoError(t, a.release(), "the owner can still give it back")
			require.False(t, a.live())
			require.Equal(t, 100, pages.Stats().Pieces, "the second heap's")
		})
	}
}

// TestCollectedAfterClose: the memory of an owner that is forgotten goes when the garbage
// collector has found it, on a closed heap too, and not before.
func TestCollectedAfterClose(t *testing.T) {
	needMmap(t)
	pages := offheap.Mmap()
	heap := offheap.NewHeap("request", pages)
	array := func() allocarray.AllocArray[float64] {
		ctx := scope.WithAllocator(t.Context(), bumper.NewSlabBuffer(bumper.From(heap)))
		return allocarray.Full(ctx, 7.0, 1000)
	}()
	workspace := makeHere(t, heap)
	require.ErrorIs(t, heap.Close(), offheap.ErrLeak)
	for range 3 {
		runtime.GC()
		require.Equal(t, 7000.0, allocarray.Sum(array))
		workspace.Data()[999] = 1
	}
	require.Equal(t, 2, pages.Stats().Pieces)
	runtime.KeepAlive(workspace)
	workspace = nil
	collect(t, func() bool { return pages.Stats().Pieces == 1 })
	require.Equal(t, 7.0, array.At(999))
	runtime.KeepAlive(array)
	array = allocarray.AllocArray[float64]{}
	collect(t, func() bool { return pages.Stats() == offheap.PagesStats{} })
	require.Equal(t, uint64(2), heap.Stats().Leaks)
	require.Zero(t, heap.Stats().Blocks)
}

// TestBufferOnClosedHeap: a buffer serves what it has, says why it gets no more, and can
// be closed.
func TestBufferOnClosedHeap(t *testing.T) {
	heap := offheap.NewHeap("request", bumper.GoHeap())
	buf := bumper.NewSlabBuffer(bumper.SlabSize(1<<16), bumper.From(heap), bumper.Prompt())
	ctx := scope.WithAllocator(t.Context(), buf)
	scope.Make[byte](ctx, 1000)
	require.ErrorIs(t, heap.Close(), offheap.ErrLeak)
	err := scope.NoEscape(ctx, func(ctx context.Context) error {
		scope.Make[byte](ctx, 1000)[999] = 1
		scope.Make[byte](ctx, 1<<16)
		return nil
	})
	require.ErrorIs(t, err, scope.ErrExhausted)
	require.ErrorIs(t, err, offheap.ErrClosed)
	require.NoError(t, buf.Close())
	require.Zero(t, heap.Stats().Blocks)
}

// TestConcurrentClose: goroutines allocate while two others close. One of the two reports,
// each block that was given out is in the report, and nobody gets one afterwards.
func TestConcurrentClose(t *testing.T) {
	needMmap(t)
	for range 20 {
		var leaks atomic.Int64
		pages := offheap.Mmap()
		heap := offheap.NewHeap("", pages, offheap.OnError(func(err error) {
			if errors.Is(err, offheap.ErrLeak) {
				leaks.Add(1)
			}
		}))
		var mu sync.Mutex
		var given [][]byte
		var closed atomic.Bool
		var wrong atomic.Int64
		var started, wg sync.WaitGroup
		for range 4 {
			started.Add(1)
			wg.Go(func() {
				for i := 0; ; i++ {
					late := closed.Load()
					mem, err := heap.Alloc(100 + i)
					if i == 0 {
						started.Done()
					}
					if err != nil {
						if !errors.Is(err, offheap.ErrClosed) {
							wrong.Add(1)
						}
						return
					}
					if late {
						wrong.Add(1)
					}
					mem[99] = 1
					mu.Lock()
					given = append(given, mem)
					mu.Unlock()
				}
			})
		}
		started.Wait()
		var reports atomic.Int64
		for range 2 {
			wg.Go(func() {
				if heap.Close() != nil {
					reports.Add(1)
				}
				closed.Store(true)
			})
		}
		wg.Wait()
		require.Zero(t, wrong.Load())
		require.Equal(t, int64(1), reports.Load())
		require.Equal(t, int64(len(given)), leaks.Load())
		require.Equal(t, len(given), heap.Stats().Blocks)
		require.Equal(t, len(given), pages.Stats().Pieces)
		for _, mem := range given {
			mem[99]++
			require.NoError(t, heap.Free(mem))
		}
		require.Equal(t, offheap.PagesStats{}, pages.Stats())
	}
}
