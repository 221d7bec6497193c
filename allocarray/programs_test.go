package allocarray_test

import (
	"context"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/testenv"
	"github.com/allocarrays/allocarrays-go/scope"
)

// Programs as a user would write them, against the same in plain loops. A Kalman filter,
// which needs a factorisation, is in examples/adopting.

type doubles = allocarray.AllocArray[float64]

// features are what a service computes of a batch of series, one a row: for each the mean
// and deviation of its last values, robust deviation, trend, and the largest moving
// average, standardised over the batch.
func features(ctx context.Context, series doubles) doubles {
	n := series.Dim(1)
	b := allocarray.NewBuilder[float64](ctx, 5, series.Dim(0))
	last := series.Slice(1, max(n-7, 0), n)
	b.AppendArray(allocarray.MeanAxis(ctx, last, 1))
	b.AppendArray(allocarray.StdAxis(ctx, last, 1, 1))

	median := allocarray.MedianAxis(ctx, series, 1).ExpandDims(1)
	distance := allocarray.Map2(ctx, series, median, func(x, m float64) float64 { return math.Abs(x - m) })
	b.AppendArray(allocarray.MedianAxis(ctx, distance, 1))

	time := allocarray.SubScalar(ctx, allocarray.Arange[float64](ctx, n), float64(n-1)/2)
	b.AppendArray(allocarray.MatMul(ctx, series, allocarray.DivScalar(ctx, time, allocarray.Dot(time, time))))

	b.AppendArray(allocarray.MaxAxis(ctx, allocarray.MeanAxis(ctx, series.SlidingWindow(1, 5, 1), -1), 1))

	x := b.Array().Transpose()
	mean, std := allocarray.MeanAxis(ctx, x, 0), allocarray.StdAxis(ctx, x, 0, 0)
	return allocarray.Map3(ctx, x, mean, std, func(x, m, s float64) float64 { return (x - m) / max(s, 1e-9) })
}

func TestFeatureService(t *testing.T) {
	ctx := scope.WithAllocator(t.Context(), bumper.NewSlabBuffer())
	r := newRand()
	series := allocarray.Wrap(fillWith(func() float64 { return r.NormFloat64() })(40*30), 40, 30)
	for i := range 30 { // the last one rises
		series.Set(float64(i), 39, i)
	}
	var kept doubles
	serve := func() error {
		return scope.NoEscape(ctx, func(ctx context.Context) error {
			f := features(ctx, series)
			for _, i := range []int{0, 3, 4} { // mean, trend, moving average
				require.Equal(t, 39, allocarray.ArgMax(f.Index(1, i)))
			}
			require.InDelta(t, 0, allocarray.Sum(f), 1e-9)
			require.InDelta(t, 40, allocarray.Norm(f.Index(1, 3))*allocarray.Norm(f.Index(1, 3)), 1e-9)
			kept = f
			return nil
		})
	}
	require.NoError(t, serve())
	require.IsType(t, &scope.StaleError{}, panicOf(func() { kept.At(0, 0) }))
	// The rising series by hand.
	require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
		line := series.Slice(0, 39, 40)
		require.Equal(t, 7.5, allocarray.Median(allocarray.Map(ctx, line, func(x float64) float64 { return math.Abs(x - 14.5) })))
		return nil
	}))
}

// kMeans moves k centers to the means of the points nearest to them (Lloyd, 1957) until no
// point changes its center. Each round has a scope of its own.
func kMeans(ctx context.Context, points, centers doubles) (labels allocarray.AllocArray[int], rounds int, err error) {
	n, k := points.Dim(0), centers.Dim(0)
	labels = allocarray.Full(ctx, -1, n)
	ones := allocarray.Full(ctx, 1.0, n)
	square := func(x float64) float64 { return x * x }
	for changed := true; changed; rounds++ {
		err := scope.NoEscape(ctx, func(ctx context.Context) error {
			// |p-c|² = |p|² - 2p·c + |c|², of which |p|² does not matter.
			norms := allocarray.Map(ctx, allocarray.NormAxis(ctx, centers, 1), square)
			products := allocarray.MatMul(ctx, points, centers.Transpose())
			distance := allocarray.Map2(ctx, products, norms, func(p, c float64) float64 { return c - 2*p })
			nearest := allocarray.ArgMinAxis(ctx, distance, 1)
			changed = allocarray.CountNonzero(allocarray.NotEqual(ctx, nearest, labels)) > 0
			nearest.CopyTo(labels)

			counts := allocarray.SegmentSum(ctx, ones, labels, k).ExpandDims(1)
			sums := allocarray.SegmentSum(ctx, points, labels, k)
			allocarray.Map3Into(centers, sums, counts, centers, func(sum, count, old float64) float64 {
				if count == 0 {
					return old // nobody is near
				}
				return sum / count
			})
			return nil
		})
		if err != nil {
			return labels, rounds, err
		}
	}
	return labels, rounds, nil
}

func TestKMeans(t *testing.T) {
	r := newRand()
	centers := [][2]float64{{0, 0}, {10, 0}, {0, 10}}
	points := allocarray.New[float64](t.Context(), 300, 2)
	for i := range 300 {
		points.Set(centers[i%3][0]+r.NormFloat64(), i, 0)
		points.Set(centers[i%3][1]+r.NormFloat64(), i, 1)
	}
	ctx := scope.WithAllocator(t.Context(), bumper.NewSlabBuffer())
	run := func() error {
		return scope.NoEscape(ctx, func(ctx context.Context) error {
			start := allocarray.Take(ctx, points, allocarray.Arange[int](ctx, 4), 0) // two of one cluster
			start.Index(0, 3).Fill(1000)                                             // or rather nobody's
			labels, rounds, err := kMeans(ctx, points, start)
			require.Less(t, rounds, 20)
			for i := range 300 {
				require.Equal(t, i%3, labels.At(i))
			}
			for i, c := range centers {
				require.InDeltaSlice(t, c[:], start.Index(0, i).Data(), 0.5)
			}
			require.Equal(t, 1000.0, start.At(3, 1))
			return err
		})
	}
	require.NoError(t, run())
}

// lowess smooths y(x) at each x by a weighted line through its nearest neighbours
// (Cleveland, "Robust Locally Weighted Regression and Smoothing Scatterplots", 1979),
// without the robust steps. x need not be sorted.
func lowess(ctx context.Context, x, y doubles, neighbours int) doubles {
	order := allocarray.Argsort(ctx, x, 0)
	xs, ys := allocarray.Take(ctx, x, order, 0), allocarray.Take(ctx, y, order, 0)
	smooth := y.Similar(ctx)
	windows, values := xs.SlidingWindow(0, neighbours, 1), ys.SlidingWindow(0, neighbours, 1)
	at := 0 // the window of the nearest
	for i := range xs.Len() {
		here := xs.At(i)
		for at+1 < windows.Dim(0) && windows.At(at+1, neighbours-1)-here < here-windows.At(at, 0) {
			at++
		}
		err := scope.NoEscape(ctx, func(ctx context.Context) error {
			wx, wy := windows.Index(0, at), values.Index(0, at)
			reach := max(here-wx.At(0), wx.At(neighbours-1)-here)
			weights := allocarray.Map(ctx, wx, func(v float64) float64 {
				u := math.Abs(v-here) / reach
				return math.Pow(1-u*u*u, 3)
			})
			allocarray.DivScalarInto(weights, weights, allocarray.Sum(weights))
			mx, my := allocarray.Dot(weights, wx), allocarray.Dot(weights, wy)
			sxx := allocarray.Sum(allocarray.Map2(ctx, weights, wx, func(w, v float64) float64 { return w * (v - mx) * (v - mx) }))
			sxy := allocarray.Sum(allocarray.Map3(ctx, weights, wx, wy, func(w, v, z float64) float64 { return w * (v - mx) * (z - my) }))
			smooth.Set(my+sxy/sxx*(here-mx), order.At(i))
			return nil
		})
		if err != nil {
			panic(err)
		}
	}
	return smooth
}

// TestLowess: a line stays a line, and noise on a curve gets less; one call in a scope
// leaves nothing on the heap.
func TestLowess(t *testing.T) {
	const n = 200
	r := newRand()
	x, line, curve, noisy := make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)
	for i, p := range r.Perm(n) {
		x[i] = float64(p)/n + 1e-4*r.Float64()
		line[i], curve[i] = 3*x[i]-1, math.Sin(4*x[i])
		noisy[i] = curve[i] + 0.1*r.NormFloat64()
	}
	ctx := scope.WithAllocator(t.Context(), bumper.NewSlabBuffer())
	require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
		require.InDeltaSlice(t, line, lowess(ctx, allocarray.Wrap(x), allocarray.Wrap(line), 31).Data(), 1e-12)
		smooth := lowess(ctx, allocarray.Wrap(x), allocarray.Wrap(noisy), 31)
		before := allocarray.Norm(allocarray.Sub(ctx, allocarray.Wrap(noisy), allocarray.Wrap(curve)))
		after := allocarray.Norm(allocarray.Sub(ctx, smooth, allocarray.Wrap(curve)))
		require.Less(t, after, before/2)
		return nil
	}))
}

// TestProgramsLeaveNoGarbage: all that the programs make is memory of the scope, but for
// the two small objects of a Builder.
func TestProgramsLeaveNoGarbage(t *testing.T) {
	testenv.NeedAllocationCounts(t)
	ctx := scope.WithAllocator(t.Context(), bumper.NewSlabBuffer())
	x := allocarray.Wrap(fillWith(newRand().NormFloat64)(500*20), 500, 20)
	for name, c := range map[string]struct {
		want float64 // objects on the heap
		run  func(ctx context.Context)
	}{
		"features": {2, func(ctx context.Context) { features(ctx, x) }},
		"k-means": {0, func(ctx context.Context) {
			_, _, _ = kMeans(ctx, x, allocarray.Take(ctx, x, allocarray.Arange[int](ctx, 3), 0))
		}},
		"lowess": {0, func(ctx context.Context) { lowess(ctx, x.Index(1, 0), x.Index(1, 1), 20) }},
	} {
		got := testing.AllocsPerRun(3, func() { _ = scope.NoEscape(ctx, func(ctx context.Context) error { c.run(ctx); return nil }) })
		require.Equal(t, c.want, got, name)
	}
}
