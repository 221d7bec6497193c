package adopting_test

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/examples/adopting"
	"github.com/allocarrays/allocarrays-go/scope"
)

// kalman is a filter of a state x with covariance p that moves by f with noise q and is
// measured by h with noise r (Kalman, 1960). x and p live outside the scope of a step.
type kalman struct{ x, p, f, q, h, r adopting.Array }

// step predicts, and corrects the prediction by the measurement z. All but the new state is
// released at its end.
func (k *kalman) step(ctx context.Context, z adopting.Array) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		x := allocarray.MatMul(ctx, k.f, k.x)
		p := allocarray.Add(ctx, allocarray.MatMul(ctx, allocarray.MatMul(ctx, k.f, k.p), k.f.Transpose()), k.q)

		hp := allocarray.MatMul(ctx, k.h, p)
		s := allocarray.Add(ctx, allocarray.MatMul(ctx, hp, k.h.Transpose()), k.r)
		l, err := adopting.Cholesky(ctx, s)
		if err != nil {
			return err
		}
		gain := adopting.CholeskySolve(ctx, l, hp).Transpose() // p·hᵀ·s⁻¹
		error := allocarray.Sub(ctx, z, allocarray.MatMul(ctx, k.h, x))

		allocarray.AddInto(k.x, x, allocarray.MatMul(ctx, gain, error))
		allocarray.SubInto(k.p, p, allocarray.MatMul(ctx, gain, hp))
		return nil
	})
}

// TestKalman follows a point that moves with constant velocity and is seen with noise: the
// estimate is better than what is seen, finds the velocity, and costs no garbage.
func TestKalman(t *testing.T) {
	heap, dt := t.Context(), 0.1
	eye := func(n int, s float64) adopting.Array {
		return allocarray.MulScalar(heap, allocarray.Eye[float64](heap, n), s)
	}
	k := kalman{
		x: allocarray.New[float64](heap, 4), p: eye(4, 10), f: eye(4, 1), q: eye(4, 1e-6),
		h: eye(4, 1).Slice(0, 0, 2), r: eye(2, 1),
	}
	k.f.Set(dt, 0, 2)
	k.f.Set(dt, 1, 3)

	ctx, rng := scope.WithAllocator(heap, bumper.NewSlabBuffer()), rand.New(rand.NewPCG(1, 2))
	at, z := [2]float64{3, -5}, allocarray.New[float64](heap, 2)
	see := func() {
		at[0], at[1] = at[0]+2*dt, at[1]-1*dt
		z.Set(at[0]+rng.NormFloat64(), 0)
		z.Set(at[1]+rng.NormFloat64(), 1)
	}
	for range 500 {
		see()
		require.NoError(t, k.step(ctx, z))
	}
	require.InDeltaSlice(t, []float64{at[0], at[1], 2, -1}, k.x.Data(), 0.5)
	require.Less(t, allocarray.Norm(k.p), 0.5)
	require.Zero(t, bytesPerRun(func() { see(); _ = k.step(ctx, z) }))
}
