package offheap_test

import (
	"context"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/offheap"
	"github.com/allocarrays/allocarrays-go/scope"
)

func TestWorkspace(t *testing.T) {
	type pixel struct{ r, g, b uint8 }
	for name, source := range map[string]bumper.Source{"mmap": nil, "Go heap": bumper.GoHeap()} {
		t.Run(name, func(t *testing.T) {
			if source == nil {
				needMmap(t)
			}
			heap := offheap.NewHeap("", source)
			testWorkspace(t, heap, 1000, 1.5)
			testWorkspace(t, heap, 1, int8(-1))
			testWorkspace(t, heap, 0, uint64(1))
			testWorkspace(t, heap, 77_777, pixel{1, 2, 3})
			testWorkspace(t, heap, 5, struct{}{})
			require.Zero(t, heap.Stats().Size)
			require.NoError(t, heap.Close())
		})
	}
}

func testWorkspace[T comparable](t *testing.T, heap *offheap.Heap, n int, v T) {
	w, err := offheap.Make[T](heap, n)
	require.NoError(t, err)
	data := w.Data()
	require.Len(t, data, n)
	require.Equal(t, n, w.Len())
	require.Equal(t, n, cap(data))
	var zero T
	for i := range data {
		require.True(t, data[i] == zero, "element %d is not zero", i)
		data[i] = v
	}
	require.True(t, w.Stamp().Live())
	require.NoError(t, w.Free())
	require.False(t, w.Stamp().Live())
	require.Zero(t, heap.Stats().Size)
}

// dirty is a source whose memory is not zero.
type dirty struct{ bumper.Source }

func (d dirty) Acquire(size int) ([]byte, error) {
	mem, err := d.Source.Acquire(size)
	for i := range mem {
		mem[i] = 0xDB
	}
	return mem, err
}

func TestMakeZeroes(t *testing.T) {
	w, err := offheap.Make[int32](offheap.NewHeap("", dirty{bumper.GoHeap()}), 1000)
	require.NoError(t, err)
	require.Equal(t, make([]int32, 1000), w.Data())
	require.NoError(t, w.Free())
}

func TestMakeErrors(t *testing.T) {
	needMmap(t)
	heap := offheap.NewHeap("", nil)
	_, err := offheap.Make[float64](heap, int(^uint(0)>>1))
	require.ErrorIs(t, err, scope.ErrExhausted)
	sys := newFlaky()
	sys.failMmap = 1
	_, err = offheap.Make[byte](offheap.NewHeap("", offheap.MmapOn(sys)), 12345)
	require.ErrorIs(t, err, scope.ErrExhausted)
	require.ErrorIs(t, err, errNoMemory)
	require.ErrorContains(t, err, "offheap: mmap of 12345 bytes")
	require.PanicsWithValue(t, "scope: length -1 is negative", func() { _, _ = offheap.Make[byte](heap, -1) })
	require.Panics(t, func() { _, _ = offheap.Make[*int](heap, 1) })
	require.Equal(t, offheap.Stats{}, heap.Stats())
	require.NoError(t, heap.Close())
	_, err = offheap.Make[byte](heap, 1)
	require.ErrorIs(t, err, offheap.ErrClosed)
}

//go:noinline
func makeHere(t *testing.T, heap *offheap.Heap) *offheap.Workspace[float64] {
	w, err := offheap.Make[float64](heap, 1000)
	require.NoError(t, err)
	return w
}

//go:noinline
func endHere[T any](w *offheap.Workspace[T]) error { return w.Free() }

func TestDataAfterFree(t *testing.T) {
	heap := offheap.NewHeap("", bumper.GoHeap())
	w := makeHere(t, heap)
	require.NoError(t, endHere(w))
	err := panicOf(t, func() { w.Data() })
	require.ErrorIs(t, err, scope.ErrStale)
	require.Regexp(t, `^offheap: Data of a workspace of 1000 float64 whose scope has ended at \S+workspace_test\.go:\d+ \(.*endHere.*\); call Free after the last use$`, err.Error())
}

func panicOf(t *testing.T, f func()) (err error) {
	defer func() {
		var ok bool
		err, ok = recover().(error)
		require.True(t, ok, "no panic with an error")
	}()
	f()
	return nil
}

// TestDoubleFree: a workspace is known by more than its address, which a later one gets,
// and it remembers its own free however short the heap's history is.
func TestDoubleFree(t *testing.T) {
	needMmap(t)
	heap := offheap.NewHeap("", nil, offheap.History(0))
	first := makeHere(t, heap)
	was := &first.Data()[0]
	require.NoError(t, endHere(first))
	var others []*offheap.Workspace[float64]
	same := false
	for range 10 {
		w := makeHere(t, heap)
		others = append(others, w)
		same = same || &w.Data()[0] == was
	}
	t.Log("same address:", same)
	before := heap.Stats()
	err := first.Free()
	require.ErrorIs(t, err, offheap.ErrDoubleFree)
	requireStacks(t, err, stacks{"allocated at": "makeHere", "freed at": `endHere\[\.\.\.\]`, "this free": "TestDoubleFree"})
	before.BadFrees++
	require.Equal(t, before, heap.Stats(), "no other workspace is freed")
	require.ErrorIs(t, heap.Check(), offheap.ErrDoubleFree)
	for _, w := range others {
		w.Data()[999] = 1
		require.NoError(t, w.Free())
	}
}

// TestFreeOnce: after the free of a workspace, its address may belong to another. Neither
// a second Free nor the leak guard of the first touches that one.
func TestFreeOnce(t *testing.T) {
	for _, history := range []int{0, 10} {
		heap := offheap.NewHeap("", &reuser{map[int][][]byte{}}, offheap.History(history))
		w, err := offheap.Make[byte](heap, 4096)
		require.NoError(t, err)
		was := heap.Live()[0].Addr
		require.NoError(t, w.Free())
		mem, err := heap.Alloc(4096)
		require.NoError(t, err)
		require.Equal(t, addr(mem), was, "the case that is tested")

		err = w.Free()
		require.ErrorIs(t, err, offheap.ErrDoubleFree)
		requireStacks(t, err, stacks{"freed at": "TestFreeOnce"})
		w = nil
		runtime.GC()
		runtime.GC()
		require.Equal(t, 1, heap.Stats().Blocks)
		require.Zero(t, heap.Stats().Leaks)
		require.NoError(t, heap.Free(mem))
	}
}

// TestForgotten: the leak guard frees a forgotten workspace within two collections, and
// reports where it was made.
func TestForgotten(t *testing.T) {
	needMmap(t)
	reported := make(chan error, 10)
	heap := offheap.NewHeap("request", nil, offheap.OnError(func(err error) { reported <- err }))
	func() { makeHere(t, heap).Data()[999] = 1 }()
	kept := makeHere(t, heap)
	freed := makeHere(t, heap)
	require.NoError(t, freed.Free())

	collect(t, func() bool { return heap.Stats().Blocks == 1 })
	err := <-reported
	require.ErrorIs(t, err, offheap.ErrLeak)
	require.ErrorContains(t, err, `labelled "request": a workspace of 1000 float64 was forgotten: nobody called Free`)
	requireStacks(t, err, stacks{"allocated at": "makeHere"})
	require.Equal(t, err.Error(), heap.Check().Error(), "once")
	kept.Data()[999] = 1
	require.NoError(t, kept.Free())
	stats := heap.Stats()
	require.Equal(t, [3]uint64{1, 3, 0}, [3]uint64{stats.Leaks, stats.Frees, stats.BadFrees})
	require.ErrorIs(t, heap.Close(), offheap.ErrLeak)
}

// TestTrap shows what the documentation warns of: the slice does not keep the
// workspace alive, but what keeps it, or its stamp, does.
func TestTrap(t *testing.T) {
	needMmap(t)
	heap := offheap.NewHeap("", nil)
	w := makeHere(t, heap)
	data, stamp := w.Data(), w.Stamp()
	runtime.GC()
	runtime.GC()
	data[999] = 1
	require.Equal(t, 1, heap.Stats().Blocks, "the workspace is used below")
	runtime.KeepAlive(w)

	runtime.GC()
	runtime.GC()
	data[999] = 1
	require.Equal(t, 1, heap.Stats().Blocks, "its stamp is used below")
	require.True(t, stamp.Live())

	collect(t, func() bool { return heap.Stats().Blocks == 0 })
	require.Len(t, data, 1000, "the slice is still here; its memory is not")
}

// TestArraysHaveNoTrap: an array keeps the buffer that it stands on, so that the
// buffer's storage is not reclaimed while the array is in use.
func TestArraysHaveNoTrap(t *testing.T) {
	needMmap(t)
	heap := offheap.NewHeap("", nil)
	view := func() allocarray.AllocArray[float64] {
		ctx := scope.WithAllocator(context.Background(), bumper.NewSlabBuffer(bumper.From(heap)))
		return allocarray.Full(ctx, 1.0, 30, 40).Transpose()
	}()
	for range 3 {
		runtime.GC()
		require.Equal(t, 1.0, view.At(39, 29))
	}
	require.Equal(t, 1, heap.Stats().Blocks)
	require.NoError(t, heap.Check())
	runtime.KeepAlive(view)
	view = allocarray.AllocArray[float64]{}

	collect(t, func() bool { return heap.Stats().Blocks == 0 })
	require.ErrorIs(t, heap.Check(), offheap.ErrLeak)
	require.ErrorContains(t, heap.Check(), "workspace_test.go:", "where the buffer was made")
	require.Zero(t, strings.Count(heap.Check().Error(), "free of"), "and nothing else")
}

// TestPeak: what an explicit Free is good for. The collector does not see foreign
// memory and has no reason to run; here it may not, so that the figures are exact.
func TestPeak(t *testing.T) {
	needMmap(t)
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	const loops, size = 64, 1 << 20
	peak := func(use func(w *offheap.Workspace[byte])) (int, *offheap.Heap) {
		heap := offheap.NewHeap("", nil)
		for range loops {
			w, err := offheap.Make[byte](heap, size)
			require.NoError(t, err)
			use(w)
		}
		return heap.Stats().Peak, heap
	}
	explicit, heap := peak(func(w *offheap.Workspace[byte]) { require.NoError(t, w.Free()) })
	require.Equal(t, size, explicit)
	require.NoError(t, heap.Close())

	forgotten, heap := peak(func(*offheap.Workspace[byte]) {})
	require.Equal(t, loops*size, forgotten)
	collect(t, func() bool { return heap.Stats().Blocks == 0 })
	require.Equal(t, uint64(loops), heap.Stats().Leaks)
}
