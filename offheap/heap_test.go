package offheap_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/offheap"
)

func TestHeap(t *testing.T) {
	for name, source := range map[string]bumper.Source{"mmap": nil, "Go heap": bumper.GoHeap()} {
		t.Run(name, func(t *testing.T) {
			if source == nil {
				needMmap(t)
			}
			heap := offheap.NewHeap("weights", source)
			a, err := heap.Alloc(100)
			require.NoError(t, err)
			require.Len(t, a, 100)
			require.Equal(t, 100, cap(a))
			b, err := heap.Label("scratch").Acquire(100_000)
			require.NoError(t, err)
			require.GreaterOrEqual(t, len(b), 100_000)
			require.Zero(t, addr(a)%64|addr(b)%64)

			live := heap.Live()
			require.Len(t, live, 2)
			require.Equal(t, []string{"scratch", "weights"}, []string{live[0].Label, live[1].Label}, "largest first")
			require.Equal(t, []uintptr{addr(b), addr(a)}, []uintptr{live[0].Addr, live[1].Addr})
			require.Contains(t, live[0].String(), "offheap_test.TestHeap")
			require.Contains(t, live[0].Frames()[0].Function, "offheap_test.TestHeap")

			size := live[0].Size + live[1].Size
			require.Equal(t, offheap.Stats{Size: size, Blocks: 2, Peak: size, Allocs: 2}, heap.Stats())
			require.NoError(t, heap.Check(), "live blocks are no error")
			require.NoError(t, heap.Free(a[:7]), "how long it is does not matter")
			heap.Release(b)
			require.Equal(t, offheap.Stats{Peak: size, Allocs: 2, Frees: 2}, heap.Stats())
			require.Empty(t, heap.Live())
			require.Equal(t, fmt.Sprintf("offheap.Heap: 0 bytes in 0 blocks, peak %d bytes, 2 allocations, 2 frees, 0 leaks, 0 bad frees", size), heap.String())
			require.NoError(t, heap.Close())
		})
	}
}

func TestNothing(t *testing.T) {
	heap := offheap.NewHeap("", bumper.GoHeap())
	mem, err := heap.Alloc(0)
	require.NoError(t, err)
	require.Empty(t, mem)
	require.NoError(t, heap.Free(mem))
	require.PanicsWithValue(t, "offheap: Alloc: size -3 is negative", func() { _, _ = heap.Alloc(-3) })
	require.PanicsWithValue(t, "offheap: History: -1 blocks is negative", func() { offheap.History(-1) })
	require.Equal(t, offheap.Stats{}, heap.Stats())
}

// TestManyFaults: a fault in a loop does not fill the memory.
func TestManyFaults(t *testing.T) {
	reported := 0
	heap := offheap.NewHeap("", bumper.GoHeap(), offheap.OnError(func(error) { reported++ }))
	for range 1000 {
		_, err := heap.Alloc(1)
		require.NoError(t, err)
	}
	err := heap.Close()
	require.Equal(t, 1000, reported)
	require.ErrorContains(t, err, "offheap: and 936 more errors")
}

// TestFaultsAreCounted: 64 errors are listed, and all others counted.
func TestFaultsAreCounted(t *testing.T) {
	for n, want := range map[int]string{63: "", 64: "", 65: "offheap: and 1 more errors", 66: "offheap: and 2 more errors"} {
		heap := offheap.NewHeap("", bumper.GoHeap())
		for range n {
			_, err := heap.Alloc(1)
			require.NoError(t, err)
		}
		err := heap.Close().Error()
		require.Equal(t, min(n, 64), strings.Count(err, "still held when the heap was closed"))
		if want == "" {
			require.NotContains(t, err, "more errors")
		} else {
			require.Contains(t, err, want)
		}
	}
}

// TestUpstreamErrors: an error of upstream reaches the caller, and what upstream has
// recorded reaches Check.
func TestUpstreamErrors(t *testing.T) {
	needMmap(t)
	sys := newFlaky()
	sys.failMmap, sys.failMunmap = 2, 1
	heap := offheap.NewHeap("", offheap.MmapOn(sys))
	mem, err := heap.Alloc(1)
	require.NoError(t, err)
	before := heap.Stats()
	_, err = heap.Alloc(12345)
	require.ErrorIs(t, err, errNoMemory)
	require.ErrorContains(t, err, "12345 bytes")
	require.Equal(t, before, heap.Stats())
	require.NoError(t, heap.Check())
	require.NoError(t, heap.Free(mem), "as far as the heap is concerned")
	require.ErrorIs(t, heap.Check(), errNoMemory)
	require.ErrorIs(t, heap.Close(), errNoMemory)
}

// liar is a source that breaks its contract.
type liar struct {
	mem      []byte
	released int
}

func (l *liar) Acquire(int) ([]byte, error) { return l.mem, nil }
func (l *liar) Release([]byte)              { l.released++ }

func TestLyingSource(t *testing.T) {
	page := make([]byte, 2*os.Getpagesize()) // an object of its own, which begins at a page
	for name, source := range map[string]*liar{"short": {mem: page[:99]}, "misaligned": {mem: page[1:]}} {
		t.Run(name, func(t *testing.T) {
			heap := offheap.NewHeap("", source)
			_, err := heap.Alloc(100)
			require.ErrorContains(t, err, "offheap: source *offheap_test.liar broke its contract")
			require.Equal(t, offheap.Stats{}, heap.Stats())
		})
	}
	t.Run("again", func(t *testing.T) {
		source := &liar{mem: page}
		heap := offheap.NewHeap("", source)
		mem, err := heap.Alloc(100)
		require.NoError(t, err)
		before := heap.Stats()
		_, err = heap.Alloc(100)
		require.ErrorContains(t, err, "offheap: source broke its contract: it gave a live block again")
		require.Equal(t, before, heap.Stats())
		require.Zero(t, source.released, "the block is in use")
		require.NoError(t, heap.Free(mem))
	})
}

func TestNoMappingHere(t *testing.T) {
	require.ErrorIs(t, offheap.ErrUnsupported, errors.ErrUnsupported)
}
