package adopting_test

import (
	"context"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/examples/adopting"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
)

// matrix returns an n×n matrix with elements from the normal distribution.
func matrix(seed uint64, n int) adopting.Matrix {
	m, x := adopting.NewMatrix(n, n), series(seed, n*n)
	for i := range n {
		for j := range n {
			m.Set(i, j, x[i*n+j])
		}
	}
	return m
}

// TestExpIsRight compares with exponentials that have a closed form.
func TestExpIsRight(t *testing.T) {
	for _, turn := range []float64{0, 1e-3, 1, 20} {
		m := adopting.NewMatrix(2, 2)
		m.Set(0, 1, -turn)
		m.Set(1, 0, turn)
		rotation := adopting.ExpBefore(m)
		sin, cos := math.Sincos(turn)
		require.InDelta(t, cos, rotation.At(0, 0), 1e-13, "turn by %v", turn)
		require.InDelta(t, -sin, rotation.At(0, 1), 1e-13, "turn by %v", turn)
		require.InDelta(t, sin, rotation.At(1, 0), 1e-13, "turn by %v", turn)
	}
	m := adopting.NewMatrix(1, 1)
	m.Set(0, 0, -3)
	require.InEpsilon(t, math.Exp(-3), adopting.ExpBefore(m).At(0, 0), 1e-13)
	m.Set(0, 0, math.NaN())
	require.True(t, math.IsNaN(adopting.ExpBefore(m).At(0, 0)))
}

func TestExp(t *testing.T) {
	const n = 20
	a := matrix(6, n)
	want := adopting.ExpBefore(a)
	require.Equal(t, want, adopting.ExpAfter(t.Context(), a), "without an allocator all is as before")
	require.NoError(t, scope.NoEscape(locked.WithLockedBumper(t.Context(), bumper.NewSlabBuffer()), func(ctx context.Context) error {
		got := adopting.ExpAfter(ctx, a)
		for i := range n {
			for j := range n {
				require.Equal(t, want.At(i, j), got.At(i, j))
			}
		}
		return nil
	}))
	before := bytesPerRun(func() { adopting.ExpBefore(a) })
	after := bytesPerRun(inScope(t, func(ctx context.Context) { adopting.ExpAfter(ctx, a) }))
	requireDocumented(t, before, after)
	require.GreaterOrEqual(t, before, 20*n*n*8, "x, sum, one for each term, some for the squarings")
	require.Zero(t, after)
}

// TestExpKeepsOnlyItsResult: what is left of a call in the caller's scope is one
// matrix, not twenty.
func TestExpKeepsOnlyItsResult(t *testing.T) {
	const n = 20
	buf := bumper.NewSlabBuffer()
	ctx := scope.WithAllocator(t.Context(), buf)
	require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
		adopting.ExpAfter(ctx, matrix(6, n))
		require.Equal(t, n*n*8, buf.Stats().Used)
		require.GreaterOrEqual(t, buf.Stats().HighWater, 20*n*n*8)
		return nil
	}))
	require.Zero(t, buf.Stats().Used)
}

// TestExpIsChecked: a matrix that leaves its scope is found at its first use, by the
// check that the type got, and the panic says where the scope ended.
func TestExpIsChecked(t *testing.T) {
	a, kept := matrix(6, 3), adopting.NewMatrix(3, 3)
	for name, ctx := range map[string]context.Context{
		"bump buffer":   scope.WithAllocator(t.Context(), bumper.NewSlabBuffer()),
		"locked buffer": locked.WithLockedBumper(t.Context(), bumper.NewSlabBuffer()),
	} {
		t.Run(name, func(t *testing.T) {
			var escaped adopting.Matrix
			require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
				escaped = adopting.ExpAfter(ctx, a) // wrong! it ends with this scope
				escaped.CopyTo(kept)                // right
				return nil
			}))
			require.Equal(t, adopting.ExpBefore(a), kept)
			for use, f := range map[string]func(){
				"At":         func() { escaped.At(0, 0) },
				"Set":        func() { escaped.Set(0, 0, 1) },
				"CopyTo":     func() { escaped.CopyTo(kept) },
				"as operand": func() { adopting.ExpAfter(t.Context(), escaped) },
			} {
				err := panicOf(f)
				require.ErrorIs(t, err, scope.ErrStale, use)
				require.Regexp(t, `^adopting: use of a 3×3 Matrix whose scope has ended at .*expm_test\.go:\d+ .*; `+
					`copy it with CopyTo before its scope ends$`, err.Error(), use)
			}
		})
	}
}

// TestExpExhausted: too small a buffer is an error of the scope, and what was in it is
// released.
func TestExpExhausted(t *testing.T) {
	buf := bumper.NewAllocBuffer(10 * 20 * 20 * 8)
	err := scope.NoEscape(scope.WithAllocator(t.Context(), buf), func(ctx context.Context) error {
		adopting.ExpAfter(ctx, matrix(6, 20))
		return nil
	})
	require.ErrorIs(t, err, scope.ErrExhausted)
	require.Zero(t, buf.Stats().Used)
}

// panicOf returns the error that f panics with, nil if it does not.
func panicOf(f func()) (err error) {
	defer func() { err, _ = recover().(error) }()
	f()
	return nil
}
