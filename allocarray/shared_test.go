package allocarray_test

import (
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/testenv"
	"github.com/allocarrays/allocarrays-go/scope"
)

// shapeOf returns the i-th of many shapes, of every rank.
func shapeOf(i int) []int {
	r := rand.New(rand.NewPCG(uint64(i), 3))
	shape := make([]int, 1+i%allocarray.MaxRank)
	longest := [allocarray.MaxRank]int{1, 1000, 1000, 1000, 200, 60, 30, 20}[len(shape)-1] // no product overflows
	for k := range shape {
		shape[k] = 1 + r.IntN(longest)
	}
	shape[i%len(shape)] = 0 // so that all of them are one array
	return shape
}

// flood uses more shapes than any table keeps.
func flood() {
	x := allocarray.Wrap([]int{})
	for i := range 20_000 {
		x.Reshape(shapeOf(1_000_000 + i)...)
	}
}

// TestShapesAreShared: a shape seen before costs no object on the heap, whoever had it,
// and a new one costs one.
func TestShapesAreShared(t *testing.T) {
	testenv.NeedAllocationCounts(t)
	ctx := scope.WithAllocator(t.Context(), bumper.NewAllocBuffer(1<<20))
	x := allocarray.Wrap([]float32{})
	next := 0
	fresh := func() []int { next++; return []int{next, 0, 3, 777} }
	runs := make([][]int, 201)
	for i := range runs {
		runs[i] = fresh()
	}
	i := 0
	require.Equal(t, 1.0, testing.AllocsPerRun(len(runs)-1, func() { x.Similar(ctx, runs[i]...); i++ }), "new")
	i = 0
	require.Zero(t, testing.AllocsPerRun(len(runs)-1, func() { allocarray.Wrap([]int{}, runs[i]...); i++ }), "seen before")

	base, n := allocarray.New[int](t.Context(), 300, 300), 0
	views := map[string]func(){
		"Slice":      func() { base.Slice(0, 1, n) },
		"SliceStep":  func() { base.SliceStep(1, 0, n, 2) },
		"Index":      func() { base.Slice(0, 0, n).Index(1, 0) },
		"Transpose":  func() { base.Slice(1, 0, n).Transpose() },
		"Permute":    func() { base.Slice(0, 0, n).Permute(1, 0) },
		"Reshape":    func() { base.Slice(0, 0, n).Reshape(-1, 10) },
		"ExpandDims": func() { base.Slice(0, 0, n).ExpandDims(1) },
		"Squeeze":    func() { base.Slice(0, 0, n).Slice(1, 4, 5).Squeeze() },
		"Broadcast":  func() { base.Slice(0, 0, 1).Broadcast(n, 300) },
	}
	for name, view := range views {
		for turn := range 2 {
			n = 2
			allocs := testing.AllocsPerRun(100, func() { view(); n++ })
			if turn > 0 {
				require.Zero(t, allocs, "%s: seen before", name)
			} else {
				require.LessOrEqual(t, allocs, 3.0, name) // those of the operands, and one
			}
		}
	}
}

// TestManyShapes: two thousand shapes in turn are kept, nearly all.
func TestManyShapes(t *testing.T) {
	testenv.NeedAllocationCounts(t)
	for _, n := range []int{100, 255, 2000} {
		flood()
		x, shapes := allocarray.Wrap([]int{}), make([][]int, n)
		for i := range shapes {
			shapes[i] = shapeOf(i)
		}
		all := func() {
			for _, s := range shapes {
				x.Reshape(s...)
			}
		}
		for range 20 {
			all()
		}
		require.Less(t, testing.AllocsPerRun(5, all), 0.02*float64(n), "%d shapes", n)
	}
}

// TestShapesOfRequests: shapes that come and go leave nothing behind, whatever views and
// results are made of them.
func TestShapesOfRequests(t *testing.T) {
	if testenv.Slow() {
		t.Skip("counts bytes of the heap after thousands of arrays")
	}
	heap := func() uint64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	x, turn := allocarray.Wrap([]int{}), 0
	requests := func(n int) {
		for range n {
			turn++
			y := x.Reshape(shapeOf(turn)...)
			for y.Rank() > 1 { // a chain of views as long as there are axes
				if y = y.Transpose().Similar(t.Context()).Transpose(); y.Dim(0) > 0 {
					y = y.Index(0, 0)
				} else {
					y = y.Index(-1, 0)
				}
				y = y.ExpandDims(0).Similar(t.Context()).Index(0, 0)
			}
		}
	}
	requests(4_000)
	before := heap()
	requests(12_000)
	require.Less(t, int64(heap()-before), int64(3<<20))
	runtime.KeepAlive(x)
}

// TestChainOfLayouts: an array that stays does not keep what was made of what was made of
// it, however often the shapes between were forgotten.
func TestChainOfLayouts(t *testing.T) {
	x := allocarray.New[int](t.Context(), 2, 37)
	y := x
	for range 8 {
		for range 2 { // there and back
			allocarray.ForgetLayouts()
			y = y.Transpose().Similar(t.Context())
			allocarray.ForgetLayouts()
			y = y.Transpose().Similar(t.Context()).Transpose()
			y.Index(0, 0)
			y.Index(1, 0)
		}
		require.Equal(t, []int{2, 37}, y.Shape())
	}
	require.Equal(t, []int{37, 2}, x.Transpose().Shape())
	require.LessOrEqual(t, allocarray.Reachable(x), 2, "the transposed one")
	for _, shape := range [][]int{{2}, {2, 3}, {2, 3, 4}, {2, 3, 4, 5}, {1, 2, 1, 2, 1, 2, 1, 2}} {
		z := allocarray.New[int](t.Context(), shape...)
		takeApart(z)
		require.LessOrEqual(t, allocarray.Reachable(z), 1<<(2*len(shape)), "%v", shape)
	}
}

// takeApart makes all views of views of a by rows, columns and transposition.
func takeApart(a allocarray.AllocArray[int]) {
	a.Transpose().Transpose()
	if a.Rank() > 0 {
		takeApart(a.Index(0, 0))
		takeApart(a.Index(-1, 0))
		takeApart(a.Transpose().Index(0, 0))
		takeApart(a.Transpose().Index(-1, 0))
	}
}

// TestEqualLayouts: shapes are equal by what they are, though the table has forgotten one
// in between.
func TestEqualLayouts(t *testing.T) {
	a := allocarray.Arange[float64](t.Context(), 6).Reshape(2, 3)
	whole, rows := a.Slice(0, 0, 2), a.Transpose().Transpose()
	flood()
	b := allocarray.Arange[float64](t.Context(), 6).Reshape(2, 3)
	require.Equal(t, []float64{0, 2, 4, 6, 8, 10}, allocarray.Add(t.Context(), a, b).Data())
	c := allocarray.Wrap(a.Data(), 2, 3)
	allocarray.AddInto(c, a, b) // dst is a, with another layout
	require.Equal(t, []float64{0, 2, 4, 6, 8, 10}, a.Data())
	allocarray.MulInto(c, whole, rows)
	require.Equal(t, []float64{0, 4, 16, 36, 64, 100}, a.Data())
	b.CopyTo(a)
	require.Equal(t, b.Data(), a.Data())
	require.Equal(t, 55.0, allocarray.Dot(a, b))
	require.Equal(t, []int{3, 3}, allocarray.MatMul(t.Context(), a.Transpose(), b).Shape())
	require.PanicsWithValue(t, elementwiseOverlap("AddInto", "3", "3"), func() {
		d := a.Reshape(6)
		allocarray.AddInto(d.Slice(0, 0, 3), d.Slice(0, 1, 4), d.Slice(0, 3, 6))
	})
}

// TestShapesFromGoroutines: goroutines that use the same shapes, and fill the table at the
// same time, get arrays of the shapes that they asked for.
func TestShapesFromGoroutines(t *testing.T) {
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			x := allocarray.Wrap([]int{})
			for i := range 3000 {
				shape := shapeOf(i * (1 + g%3))
				y := x.Reshape(shape...)
				if !slices.Equal(y.Shape(), shape) {
					t.Errorf("shape %v, want %v", y.Shape(), shape)
				}
				slices.Reverse(shape)
				if z := y.Transpose(); !slices.Equal(z.Shape(), shape) || !slices.Equal(z.Transpose().Strides(), y.Strides()) {
					t.Errorf("transposed: shape %v, want %v", z.Shape(), shape)
				}
				if shape[0] == 0 {
					continue
				}
				y = y.Transpose().Index(0, 0)
				if !slices.Equal(y.Shape(), shape[1:]) {
					t.Errorf("row: shape %v, want %v", y.Shape(), shape[1:])
				}
			}
		})
	}
	wg.Wait()
}

// TestShapeIsCopied: neither the slice that gives a shape nor one that Shape returns is
// that of the array.
func TestShapeIsCopied(t *testing.T) {
	shape := []int{2, 3}
	a := allocarray.New[int](t.Context(), shape...)
	shape[0] = 9
	a.Shape()[1], a.Strides()[0] = 9, 9
	require.Equal(t, []int{2, 3}, a.Shape())
	require.Equal(t, []int{3, 1}, a.Strides())
	require.Equal(t, []int{2, 3}, allocarray.New[int](t.Context(), 2, 3).Shape())
}
