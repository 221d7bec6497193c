package adopting_test

import (
	"context"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/dsp/fourier"
	"gonum.org/v1/gonum/mat"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/examples/adopting"
)

const order = 30

// equations returns a positive definite matrix and right sides.
func equations() (a, b adopting.Array) {
	ctx := context.Background()
	x := allocarray.Wrap(series(6, order*order), order, order)
	a = allocarray.Add(ctx, allocarray.MatMul(ctx, x, x.Transpose()), allocarray.Eye[float64](ctx, order))
	return a, allocarray.Wrap(series(7, order*2), order, 2)
}

func requireClose(t *testing.T, want, got adopting.Array) {
	t.Helper()
	require.Equal(t, want.Shape(), got.Shape())
	require.InDeltaSlice(t, want.Heap().Data(), got.Heap().Data(), 1e-9)
}

// inOneScope runs fn in a scope on a bump buffer.
func inOneScope(t *testing.T, fn func(ctx context.Context)) { inScope(t, fn)() }

func TestSolve(t *testing.T) {
	a, b := equations()
	inOneScope(t, func(ctx context.Context) {
		x, err := adopting.Solve(ctx, a, b)
		require.NoError(t, err)
		requireClose(t, b, allocarray.MatMul(ctx, a, x))
		_, err = adopting.Solve(ctx, allocarray.New[float64](ctx, order, order), b)
		require.ErrorAs(t, err, new(mat.Condition))
	})
	before := bytesPerRun(func() {
		require.NoError(t, new(mat.Dense).Solve(mat.NewDense(order, order, a.Data()), mat.NewDense(order, 2, b.Data())))
	})
	after := bytesPerRun(inScope(t, func(ctx context.Context) { _, _ = adopting.Solve(ctx, a, b) }))
	requireDocumented(t, before, after)
	require.LessOrEqual(t, after, before-order*2*8, "the result left the heap")
}

func TestInverse(t *testing.T) {
	a, _ := equations()
	inOneScope(t, func(ctx context.Context) {
		x, err := adopting.Inverse(ctx, a)
		require.NoError(t, err)
		requireClose(t, allocarray.Eye[float64](ctx, order), allocarray.MatMul(ctx, a, x))
		_, err = adopting.Inverse(ctx, allocarray.New[float64](ctx, 2, 2))
		require.ErrorAs(t, err, new(mat.Condition))
	})
	before := bytesPerRun(func() { require.NoError(t, new(mat.Dense).Inverse(mat.NewDense(order, order, a.Data()))) })
	after := bytesPerRun(inScope(t, func(ctx context.Context) { _, _ = adopting.Inverse(ctx, a) }))
	requireDocumented(t, before, after)
	require.LessOrEqual(t, after, before-order*order*8, "the result left the heap")
}

func TestCholesky(t *testing.T) {
	a, b := equations()
	inOneScope(t, func(ctx context.Context) {
		l, err := adopting.Cholesky(ctx, a)
		require.NoError(t, err)
		require.Zero(t, l.At(0, 1))
		requireClose(t, a, allocarray.MatMul(ctx, l, l.Transpose()))
		requireClose(t, b, allocarray.MatMul(ctx, a, adopting.CholeskySolve(ctx, l, b)))
		_, err = adopting.Cholesky(ctx, allocarray.MulScalar(ctx, a, -1))
		require.ErrorIs(t, err, adopting.ErrIndefinite)
	})
	before := bytesPerRun(func() {
		var c mat.Cholesky
		require.True(t, c.Factorize(mat.NewSymDense(order, a.Data())))
		require.NoError(t, c.SolveTo(new(mat.Dense), mat.NewDense(order, 2, b.Data())))
	})
	after := bytesPerRun(inScope(t, func(ctx context.Context) {
		l, _ := adopting.Cholesky(ctx, a)
		adopting.CholeskySolve(ctx, l, b)
	}))
	requireDocumented(t, before, after)
	require.Zero(t, after)
}

func TestPower(t *testing.T) {
	const n = 256
	fft, x := fourier.NewFFT(n), allocarray.New[float64](t.Context(), n)
	for i := range n {
		x.SetFlat(math.Cos(2*math.Pi*8*float64(i)/n), i)
	}
	inOneScope(t, func(ctx context.Context) {
		power := adopting.Power(ctx, fft, x)
		require.Equal(t, 8, allocarray.ArgMax(power))
		require.InDelta(t, n/4.0, allocarray.Sum(power), 1e-9)
	})
	before := bytesPerRun(func() { fft.Coefficients(nil, x.Data()) })
	after := bytesPerRun(inScope(t, func(ctx context.Context) { adopting.Power(ctx, fft, x) }))
	requireDocumented(t, before, after)
	require.Zero(t, after)
}

// TestPowerIsChecked: what gonum wrote lives as long as the scope.
func TestPowerIsChecked(t *testing.T) {
	var kept adopting.Array
	inOneScope(t, func(ctx context.Context) {
		kept = adopting.Power(ctx, fourier.NewFFT(4), allocarray.New[float64](ctx, 4))
	})
	require.Panics(t, func() { allocarray.Sum(kept) })
	require.False(t, kept.Live())
}
