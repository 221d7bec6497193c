package offheap_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/testenv"
	"github.com/allocarrays/allocarrays-go/offheap"
)

// TestAllocs: what the records take from the Go heap. Acquire and Release take nothing,
// once the history is full and the maps have their size.
func TestAllocs(t *testing.T) {
	testenv.NeedAllocationCounts(t)
	needMmap(t)
	for name, source := range map[string]bumper.Source{
		"Mmap":            offheap.Mmap(),
		"Mmap, huge":      offheap.Mmap(offheap.HugePages()),
		"Heap":            offheap.NewHeap("", nil),
		"Heap, forgetful": offheap.NewHeap("", nil, offheap.History(0)),
	} {
		t.Run(name, func(t *testing.T) {
			cycle := func() {
				mem, err := source.Acquire(3 << 20)
				if err != nil {
					panic(err)
				}
				source.Release(mem)
			}
			for range 200 {
				cycle()
			}
			require.Zero(t, testing.AllocsPerRun(500, cycle))
		})
	}
	t.Run("Workspace", func(t *testing.T) {
		heap := offheap.NewHeap("", nil)
		require.LessOrEqual(t, testing.AllocsPerRun(500, func() {
			w, err := offheap.Make[float64](heap, 1000)
			if err != nil {
				panic(err)
			}
			if err := w.Free(); err != nil {
				panic(err)
			}
		}), 8.0)
	})
}
