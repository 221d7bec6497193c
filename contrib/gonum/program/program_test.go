package program_test

import (
	"context"
	"math"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/dsp/fourier"
	"gonum.org/v1/gonum/mat"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/contrib/gonum/program"
	"github.com/allocarrays/allocarrays-go/internal/testenv"
	"github.com/allocarrays/allocarrays-go/scope"
)

func random(r, c int, scale float64) *mat.Dense {
	source := rand.New(rand.NewPCG(uint64(r), uint64(c)))
	data := make([]float64, r*c)
	for i := range data {
		data[i] = scale * source.NormFloat64()
	}
	return mat.NewDense(r, c, data)
}

// positive returns m·mᵀ with v added to the diagonal.
func positive(m *mat.Dense, v float64) *mat.Dense {
	n, _ := m.Dims()
	var p mat.Dense
	p.Mul(m, m.T())
	for i := range n {
		p.Set(i, i, p.At(i, i)+v)
	}
	return &p
}

// functions are the four, each before and after. Results are compared by their elements.
func functions() []function {
	const n, k = 12, 6
	model := program.Model{F: random(n, n, 0.2), Q: positive(random(n, n, 0.1), 0.1), H: random(k, n, 1), R: positive(random(k, k, 0.1), 0.5)}
	z := random(200, k, 1)
	a := random(200, 40, 1)
	x, y := random(1000, 20, 1), mat.NewVecDense(1000, random(1000, 1, 1).RawMatrix().Data)
	signal := random(65536, 1, 1).RawMatrix().Data
	fft := fourier.NewFFT(1024)
	return []function{
		{"Kalman", func() []float64 { return program.KalmanBefore(model, z) },
			func(ctx context.Context) []float64 { return program.KalmanAfter(ctx, model, z) }},
		{"LowRank", func() []float64 { return program.LowRankBefore(a, 5).RawMatrix().Data },
			func(ctx context.Context) []float64 { return program.LowRankAfter(ctx, a, 5).RawMatrix().Data }},
		{"LeastSquares", func() []float64 { return program.LeastSquaresBefore(x, y) },
			func(ctx context.Context) []float64 { return program.LeastSquaresAfter(ctx, x, y) }},
		{"Spectrum", func() []float64 { return program.SpectrumBefore(fft, signal) },
			func(ctx context.Context) []float64 { return program.SpectrumAfter(ctx, fft, signal) }},
	}
}

type function struct {
	name   string
	before func() []float64
	after  func(context.Context) []float64
}

// TestSame: results are the same but for the last bits, on the heap and in a scope, whatever it
// held before.
func TestSame(t *testing.T) {
	ctx := scope.WithAllocator(t.Context(), bumper.NewSlabBuffer())
	for _, f := range functions() {
		want := f.before()
		for range 3 {
			require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
				for _, got := range [][]float64{f.after(ctx), f.after(t.Context())} {
					require.Len(t, got, len(want))
					for i, v := range got {
						require.InDelta(t, want[i], v, 1e-12*math.Max(1, math.Abs(want[i])), "%s: element %d", f.name, i)
					}
				}
				dirty := scope.Make[float64](ctx, 100_000)
				for i := range dirty {
					dirty[i] = math.NaN()
				}
				return nil
			}))
		}
	}
}

// TestBytes: how much of the Go heap a call takes, before and after. docs/gonum.md has the
// figures.
func TestBytes(t *testing.T) {
	testenv.NeedAllocationCounts(t)
	ctx := scope.WithAllocator(t.Context(), bumper.NewSlabBuffer())
	for _, f := range functions() {
		before := bytesPerCall(func() { f.before() })
		after := bytesPerCall(func() {
			if err := scope.NoEscape(ctx, func(ctx context.Context) error { f.after(ctx); return nil }); err != nil {
				panic(err)
			}
		})
		t.Logf("%-12s %8d → %d bytes a call", f.name, before, after)
		require.Greater(t, before, uint64(30_000), f.name)
		require.Less(t, after, before/50, f.name)
	}
}

func bytesPerCall(fn func()) uint64 {
	const calls = 20
	fn()
	var a, b runtime.MemStats
	runtime.ReadMemStats(&a)
	for range calls {
		fn()
	}
	runtime.ReadMemStats(&b)
	return (b.TotalAlloc - a.TotalAlloc) / calls
}

func BenchmarkProgram(b *testing.B) {
	for _, f := range functions() {
		b.Run(f.name+"/before", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				f.before()
			}
		})
		b.Run(f.name+"/after", func(b *testing.B) {
			b.ReportAllocs()
			ctx := scope.WithAllocator(b.Context(), bumper.NewSlabBuffer())
			for b.Loop() {
				if err := scope.NoEscape(ctx, func(ctx context.Context) error { f.after(ctx); return nil }); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
