package corpus

import (
	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/offheap"
)

// onHeap returns a heap of mapped pages and a buffer on it.
func onHeap() (*offheap.Heap, *bumper.SlabBuffer) {
	heap, err := newHeap()
	if err != nil {
		panic(err)
	}
	return heap, bumper.NewSlabBuffer(bumper.From(heap), bumper.SlabSize(1<<16))
}

// freed returns a heap and a workspace of it that was freed.
func freed() (*offheap.Heap, *offheap.Workspace[float64]) {
	heap, _ := onHeap()
	w, err := offheap.Make[float64](heap, 10)
	must(err)
	must(w.Free())
	return heap, w
}

// offHeaps are mistakes with memory outside the Go heap.
var offHeaps = []Program{
	{Name: "heap-closed", What: "an offheap.Heap closed under a live array: reported; the array keeps its memory, which goes with its buffer",
		Cut: "still held when the heap was closed",
		run: func(Kind) error {
			heap, buf := onHeap()
			x := allocarray.Full(on(buf), 6.0, 10)
			err := heap.Close()
			other, buf2 := onHeap()
			allocarray.Full(on(buf2), -1.0, 10)
			allocarray.AddScalarInto(x, x, 1)
			must(at(x))
			must(buf.Close())
			must(buf2.Close())
			expect(heap.Stats().Blocks == 0, "%d blocks are left", heap.Stats().Blocks)
			must(other.Close())
			return err
		}},
	{Name: "heap-free-foreign", What: "Free of an offheap.Heap called with the memory of a buffer",
		Cut: "another owner",
		run: func(Kind) error {
			heap, buf := onHeap()
			b, err := buf.Alloc(80, 8)
			must(err)
			err = heap.Free(b.Bytes())
			x := allocarray.Full(on(buf), 7.0, 10)
			b.Bytes()[79] = 1
			must(at(x))
			must(buf.Close())
			return err
		}},
	{Name: "workspace-after-free", What: "a workspace used after Free", run: func(Kind) error {
		_, w := freed()
		w.Data()[0] = 1
		return errUnnoticed
	}},
	{Name: "workspace-double-free", What: "a workspace freed twice, with another at its address by then", Cut: "double free", run: func(Kind) error {
		heap, w := freed()
		other, err := offheap.Make[float64](heap, 10)
		must(err)
		err = w.Free()
		other.Data()[9] = 1
		must(other.Free())
		return err
	}},
}
