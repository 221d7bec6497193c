package misuse_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/offheap"
	"github.com/allocarrays/allocarrays-go/scope"
)

// onHeap returns a heap of mapped pages and a context with a buffer on it.
func onHeap(t *testing.T) (*offheap.Heap, *bumper.SlabBuffer, context.Context) {
	heap := offheap.NewHeap("request", nil)
	probe, err := heap.Alloc(1)
	if errors.Is(err, offheap.ErrUnsupported) {
		t.Skip("no memory mapping on this system")
	}
	require.NoError(t, heap.Free(probe))
	buf := bumper.NewSlabBuffer(bumper.From(heap), bumper.SlabSize(1<<16))
	return heap, buf, scope.WithAllocator(context.Background(), buf)
}

// offHeap are mistakes with memory outside the Go heap.
var offHeap = []mistake{
	{name: "heap-closed", what: "an offheap.Heap closed under a live array: reported; the array keeps its memory, which goes with its buffer", promise: always,
		message: `offheap: leak: 65536 bytes labelled "request": still held when the heap was closed`,
		program: func(t *testing.T) error {
			heap, buf, ctx := onHeap(t)
			x := allocarray.Full(ctx, 7.0, 10)
			err := heap.Close()
			other, buf2, ctx2 := onHeap(t)
			allocarray.Full(ctx2, -1.0, 10)
			require.Equal(t, 70.0, allocarray.Sum(x))
			allocarray.AddScalarInto(x, x, 1)
			require.Equal(t, 80.0, allocarray.Sum(x))
			require.NoError(t, buf.Close())
			require.NoError(t, buf2.Close())
			require.Zero(t, heap.Stats().Blocks)
			require.NoError(t, other.Close())
			return err
		}},
	{name: "heap-free-foreign", what: "Free of an offheap.Heap called with the memory of a buffer", promise: always,
		message: "offheap: free of memory that belongs to another owner: ADDRESS, of a block of 65536 bytes at ADDRESS",
		program: func(t *testing.T) error {
			heap, buf, ctx := onHeap(t)
			b, err := buf.Alloc(80, 8)
			require.NoError(t, err)
			err = heap.Free(b.Bytes())
			x := allocarray.Full(ctx, 7.0, 10)
			b.Bytes()[79] = 1
			require.Equal(t, 70.0, allocarray.Sum(x))
			require.NoError(t, buf.Close())
			return err
		}},
	{name: "workspace-after-free", what: "a workspace used after Free", promise: always,
		message: "offheap: Data of a workspace of 10 float64 whose scope has ended at PLACE; call Free after the last use",
		program: func(t *testing.T) error {
			heap, _, _ := onHeap(t)
			w, err := offheap.Make[float64](heap, 10)
			require.NoError(t, err)
			require.NoError(t, w.Free())
			w.Data()[0] = 1
			return nil
		}},
	{name: "workspace-double-free", what: "a workspace freed twice, with another at its address by then", promise: always,
		message: "offheap: double free: ADDRESS, of a block of ",
		program: func(t *testing.T) error {
			heap, _, _ := onHeap(t)
			w, err := offheap.Make[float64](heap, 10)
			require.NoError(t, err)
			require.NoError(t, w.Free())
			other, err := offheap.Make[float64](heap, 10)
			require.NoError(t, err)
			err = w.Free()
			other.Data()[9] = 1
			require.NoError(t, other.Free())
			return err
		}},
}
