package offheap_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"weak"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/testenv"
	"github.com/allocarrays/allocarrays-go/offheap"
)

//go:noinline
func allocateHere(t *testing.T, heap *offheap.Heap) []byte {
	mem, err := heap.Alloc(5000)
	require.NoError(t, err)
	return mem
}

//go:noinline
func freeHere(heap *offheap.Heap, mem []byte) error { return heap.Free(mem) }

//go:noinline
func freeAgainHere(heap *offheap.Heap, mem []byte) error { return heap.Free(mem) }

// TestBadFree: each mistake is told from the others, changes nothing, and shows
// every stack there is to show.
func TestBadFree(t *testing.T) {
	for _, test := range []struct {
		name    string
		opts    []offheap.HeapOption
		mistake func(t *testing.T, heap *offheap.Heap) error
		kind    error
		stacks  stacks // in the message
	}{
		{"double", nil, func(t *testing.T, heap *offheap.Heap) error {
			mem := allocateHere(t, heap)
			require.NoError(t, freeHere(heap, mem))
			return freeAgainHere(heap, mem)
		}, offheap.ErrDoubleFree, stacks{"allocated at": "allocateHere", "freed at": "freeHere", "this free": "freeAgainHere"}},
		{"interior", nil, func(t *testing.T, heap *offheap.Heap) error {
			mem := allocateHere(t, heap)
			defer freeHere(heap, mem)
			return freeAgainHere(heap, mem[64:])
		}, offheap.ErrInterior, stacks{"allocated at": "allocateHere", "this free": "freeAgainHere"}},
		{"interior of a freed block", nil, func(t *testing.T, heap *offheap.Heap) error {
			mem := allocateHere(t, heap)
			require.NoError(t, freeHere(heap, mem))
			return freeAgainHere(heap, mem[4999:])
		}, offheap.ErrInterior, stacks{"allocated at": "allocateHere", "freed at": "freeHere", "this free": "freeAgainHere"}},
		{"unknown", nil, func(t *testing.T, heap *offheap.Heap) error {
			return freeAgainHere(heap, make([]byte, 10))
		}, offheap.ErrUnknown, stacks{"this free": "freeAgainHere"}},
		{"of another heap", nil, func(t *testing.T, heap *offheap.Heap) error {
			other := offheap.NewHeap("other", bumper.GoHeap())
			mem := allocateHere(t, other)
			defer freeHere(other, mem)
			return freeAgainHere(heap, mem)
		}, offheap.ErrUnknown, stacks{"this free": "freeAgainHere"}},
		{"double, forgotten", []offheap.HeapOption{offheap.History(0)}, func(t *testing.T, heap *offheap.Heap) error {
			mem := allocateHere(t, heap)
			require.NoError(t, freeHere(heap, mem))
			return freeAgainHere(heap, mem)
		}, offheap.ErrUnknown, stacks{"this free": "freeAgainHere"}},
		{"double, just remembered", []offheap.HeapOption{offheap.History(3)}, func(t *testing.T, heap *offheap.Heap) error {
			mem := allocateHere(t, heap)
			others := [][]byte{allocateHere(t, heap), allocateHere(t, heap)}
			require.NoError(t, freeHere(heap, mem))
			require.NoError(t, freeHere(heap, others[0]))
			require.NoError(t, freeHere(heap, others[1]))
			return freeAgainHere(heap, mem)
		}, offheap.ErrDoubleFree, stacks{"freed at": "freeHere"}},
		{"Release", nil, func(t *testing.T, heap *offheap.Heap) error {
			mem, err := heap.Acquire(5000)
			require.NoError(t, err)
			heap.Release(mem)
			heap.Release(mem)
			return heap.Check()
		}, offheap.ErrDoubleFree, stacks{"allocated at": "TestBadFree.*", "freed at": "TestBadFree.*", "this free": "TestBadFree.*"}},
		{"Release of a caller's", nil, func(t *testing.T, heap *offheap.Heap) error {
			mem := allocateHere(t, heap)
			defer freeHere(heap, mem)
			heap.Release(mem)
			return heap.Check()
		}, offheap.ErrNotOwner, stacks{"allocated at": "allocateHere", "this free": "TestBadFree.*"}},
		{"of a buffer's", nil, func(t *testing.T, heap *offheap.Heap) error {
			buf := bumper.NewSlabBuffer(bumper.SlabSize(5000), bumper.From(heap))
			first, err := buf.Alloc(10, 1)
			require.NoError(t, err)
			err = freeAgainHere(heap, first.Bytes())
			first.Bytes()[9] = 1
			require.NoError(t, buf.Close())
			return err
		}, offheap.ErrNotOwner, stacks{"allocated at": "TestBadFree.*", "this free": "freeAgainHere"}},
		{"of a workspace's", nil, func(t *testing.T, heap *offheap.Heap) error {
			if testenv.Guarded() {
				t.Skip("guard mode gives a workspace other memory")
			}
			w, err := offheap.Make[byte](heap, 5000)
			require.NoError(t, err)
			err = freeAgainHere(heap, w.Data())
			w.Data()[4999] = 1
			require.NoError(t, w.Free())
			return err
		}, offheap.ErrNotOwner, stacks{"allocated at": "TestBadFree.*", "this free": "freeAgainHere"}},
		{"Leaked, a caller's", nil, func(t *testing.T, heap *offheap.Heap) error {
			mem := allocateHere(t, heap)
			defer freeHere(heap, mem)
			heap.Leaked(mem, "main.go:17")
			return heap.Check()
		}, offheap.ErrNotOwner, stacks{"allocated at": "allocateHere", "this free": "TestBadFree.*"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var reported []error
			opts := append(test.opts, offheap.OnError(func(err error) { reported = append(reported, err) }))
			heap := offheap.NewHeap("request", bumper.GoHeap(), opts...)
			err := test.mistake(t, heap)
			require.ErrorIs(t, err, test.kind)
			require.True(t, strings.HasPrefix(err.Error(), test.kind.Error()+": 0x"), err.Error())
			requireStacks(t, err, test.stacks)
			require.Equal(t, strings.Contains(err.Error(), "allocated at"), strings.Contains(err.Error(), `of a block of 5000 bytes at 0x`), err.Error())

			require.Len(t, reported, 1)
			require.ErrorIs(t, heap.Check(), test.kind)
			stats := heap.Stats()
			require.Equal(t, uint64(1), stats.BadFrees)
			require.Zero(t, stats.Size)
			require.Equal(t, stats.Allocs, stats.Frees)
			require.ErrorIs(t, heap.Close(), test.kind)
		})
	}
}

// TestHistory: a long life does not make the history longer, and what is forgotten
// is the oldest.
func TestHistory(t *testing.T) {
	heap := offheap.NewHeap("", bumper.GoHeap(), offheap.History(4))
	var freed [][]byte // kept, so that their addresses are not used again
	for n := range 20 {
		mem := allocateHere(t, heap)
		require.NoError(t, heap.Free(mem))
		freed = append(freed, mem)
		for i, mem := range freed {
			kind := offheap.ErrUnknown
			if n-i < 4 {
				kind = offheap.ErrDoubleFree
			}
			require.ErrorIs(t, heap.Free(mem), kind, "block %d after %d", i, n)
		}
	}
}

// TestEdges: the first byte behind a block, and the last one before it, are not in it.
func TestEdges(t *testing.T) {
	room := make([]byte, 64<<10) // an object of its own, which begins at a page
	heap := offheap.NewHeap("", &liar{mem: room[4096:8192]})
	_, err := heap.Alloc(4096)
	require.NoError(t, err)
	for at, kind := range map[int]error{
		4095: offheap.ErrUnknown, 4097: offheap.ErrInterior, 8191: offheap.ErrInterior, 8192: offheap.ErrUnknown,
	} {
		require.ErrorIs(t, heap.Free(room[at:]), kind, "offset %d", at)
	}
	require.NoError(t, heap.Free(room[4096:]))
}

// TestAddressAgain: of several blocks that had the address it is the last.
func TestAddressAgain(t *testing.T) {
	heap := offheap.NewHeap("", &reuser{map[int][][]byte{}})
	first, err := heap.Label("first").Alloc(5000)
	require.NoError(t, err)
	require.NoError(t, heap.Free(first))
	second, err := heap.Label("second").Alloc(5000)
	require.NoError(t, err)
	require.Equal(t, addr(first), addr(second))
	require.NoError(t, heap.Free(second))
	require.ErrorContains(t, heap.Free(first), `labelled "second"`)
}

// TestHistoryHoldsNothing: what is remembered of a freed block is not its memory,
// which may be the garbage collector's.
func TestHistoryHoldsNothing(t *testing.T) {
	heap := offheap.NewHeap("", bumper.GoHeap())
	gone := func() weak.Pointer[byte] {
		mem := allocateHere(t, heap)
		defer heap.Free(mem)
		return weak.Make(&mem[0])
	}()
	runtime.GC()
	require.Nil(t, gone.Value())
	require.Equal(t, uint64(1), heap.Stats().Frees)
}

// TestLastFreeIsNamed: of an address that was handed out several times, the block that was
// freed last is the one that a double free is about, also when older ones are forgotten.
func TestLastFreeIsNamed(t *testing.T) {
	for _, n := range []int{1, 2, 3, 4, 5, 6, 7, 8} {
		heap := offheap.NewHeap("", &reuser{map[int][][]byte{}}, offheap.History(4))
		var mem []byte
		label := ""
		for i := range n {
			label = fmt.Sprint("block ", i)
			var err error
			mem, err = heap.Label(label).Alloc(4096)
			require.NoError(t, err)
			require.NoError(t, heap.Free(mem))
		}
		other, err := heap.Alloc(8192)
		require.NoError(t, err)
		require.NoError(t, heap.Free(other))
		var wrong *offheap.FreeError
		require.ErrorAs(t, heap.Free(mem), &wrong)
		require.ErrorIs(t, wrong, offheap.ErrDoubleFree)
		require.Equal(t, label, wrong.Block.Label)
	}
}
