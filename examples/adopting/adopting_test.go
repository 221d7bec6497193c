package adopting_test

import (
	"context"
	"math"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/examples/adopting"
	"github.com/allocarrays/allocarrays-go/scope"
)

const runs = 100

// bytesPerRun returns the heap bytes that a call of fn allocates, after a first one.
func bytesPerRun(fn func()) int {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	fn()
	least := math.MaxInt
	for range 3 { // the runtime may allocate beside it
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range runs {
			fn()
		}
		runtime.ReadMemStats(&after)
		least = min(least, int(after.TotalAlloc-before.TotalAlloc)/runs)
	}
	return least
}

// inScope returns fn run in a scope on a bump buffer.
func inScope(t *testing.T, fn func(ctx context.Context)) func() {
	ctx := scope.WithAllocator(context.Background(), bumper.NewSlabBuffer())
	return func() {
		require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
			fn(ctx)
			return nil
		}))
	}
}

func series(seed uint64, n int) []float64 {
	rng, x := rand.New(rand.NewPCG(seed, 0)), make([]float64, n)
	for i := range x {
		x[i] = rng.NormFloat64()
	}
	return x
}

func TestWarp(t *testing.T) {
	a, b := series(1, 200), series(2, 300)
	want := adopting.WarpBefore(a, b)
	require.Equal(t, want, adopting.WarpAfter(context.Background(), a, b), "without an allocator all is as before")
	before := bytesPerRun(func() { adopting.WarpBefore(a, b) })
	after := bytesPerRun(inScope(t, func(ctx context.Context) { adopting.WarpAfter(ctx, a, b) }))
	requireDocumented(t, before, after)
	require.GreaterOrEqual(t, before, 2*301*8)
	require.Zero(t, after)
}

func TestRidge(t *testing.T) {
	const n, k = 500, 20
	x, y := mat.NewDense(n, k, series(3, n*k)), mat.NewVecDense(n, series(4, n))
	want := adopting.RidgeBefore(x, y, 0.1)
	require.Equal(t, want, adopting.RidgeAfter(context.Background(), x, y, 0.1))
	before := bytesPerRun(func() { adopting.RidgeBefore(x, y, 0.1) })
	after := bytesPerRun(inScope(t, func(ctx context.Context) { adopting.RidgeAfter(ctx, x, y, 0.1) }))
	requireDocumented(t, before, after)
	saved := (k*k + k + k + n) * 8
	require.GreaterOrEqual(t, before-after, saved, "all four matrices left the heap")
}

func TestOutliers(t *testing.T) {
	x := series(5, 1000)
	x[17], x[400] = 40, -50
	want := adopting.OutliersBefore(x, 10)
	require.Equal(t, 2, want)
	require.Equal(t, want, adopting.OutliersAfter(context.Background(), x, 10))
	before := bytesPerRun(func() { adopting.OutliersBefore(x, 10) })
	after := bytesPerRun(inScope(t, func(ctx context.Context) { adopting.OutliersAfter(ctx, x, 10) }))
	requireDocumented(t, before, after)
	require.GreaterOrEqual(t, before, 3*1000*8)
	require.Zero(t, after)
}
