package offheap_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/offheap"
	"github.com/allocarrays/allocarrays-go/scope/scopetest"
)

// TestBuffers: the buffers keep their contract on memory of this package. The suite leaves
// them to the garbage collector, which brings back all memory, also to a closed heap.
func TestBuffers(t *testing.T) {
	needMmap(t)
	for name, pages := range map[string]*offheap.Pages{
		"mmap": offheap.Mmap(),
		"huge": offheap.Mmap(offheap.HugePages()),
	} {
		heap := offheap.NewHeap("conformance", pages)
		for name, source := range map[string]bumper.Source{name: pages, name + "/heap": heap} {
			from := bumper.From(source)
			for kind, new := range map[string]func() bumper.Buffer{
				"alloc":             func() bumper.Buffer { return bumper.NewAllocBuffer(200_001, from) },
				"slab":              func() bumper.Buffer { return bumper.NewSlabBuffer(from) },
				"slab/5000":         func() bumper.Buffer { return bumper.NewSlabBuffer(bumper.SlabSize(5000), from) },
				"slab/5000/limit":   func() bumper.Buffer { return bumper.NewSlabBuffer(bumper.SlabSize(5000), bumper.Limit(400_000), from) },
				"autoscaling":       func() bumper.Buffer { return bumper.NewAutoscalingBuffer(from) },
				"autoscaling/limit": func() bumper.Buffer { return bumper.NewAutoscalingBuffer(bumper.Limit(800_000), from) },
			} {
				t.Run(name+"/"+kind, func(t *testing.T) { scopetest.TestBuffer(t, new) })
			}
		}
		require.ErrorIs(t, heap.Close(), offheap.ErrLeak)
		collect(t, func() bool { return heap.Stats().Blocks == 0 && pages.Stats().Pieces == 0 })
	}
}
