package replay_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/scope/guard"
)

type numbers = allocarray.AllocArray[float64]

// fresh returns an array of a KiB.
func fresh(ctx context.Context) numbers { return allocarray.Full(ctx, 1.0, kib/8) }

// arrayRules are the rules by which arrays are reused, each with a case in which one is and one in
// which it must not be: what TestRules is for blocks.
var arrayRules = []rule{
	{"last use", 2 * kib, kib, kib, kib, func(t *testing.T, ctx context.Context, _ int) {
		fresh(ctx).Release(ctx)
		fresh(ctx)
	}},
	{"last use, not yet", 2 * kib, 2 * kib, 2 * kib, 2 * kib, func(t *testing.T, ctx context.Context, _ int) {
		x := fresh(ctx)
		fresh(ctx)
		x.Release(ctx)
	}},
	{"last use: an operand is released by the operation", 4 * kib, 2 * kib, 2 * kib, 2 * kib, func(t *testing.T, ctx context.Context, _ int) {
		x := allocarray.Arange[float64](ctx, kib/8)
		for range 3 {
			x = allocarray.Roll(ctx, x.Move(), 1, 0)
		}
		require.Equal(t, 125.0, x.At(0))
	}},
	{"last use, not: an operand that is needed again", 4 * kib, 3 * kib, 3 * kib, 3 * kib, func(t *testing.T, ctx context.Context, _ int) {
		x := allocarray.Arange[float64](ctx, kib/8)
		y := allocarray.Roll(ctx, x, 1, 0)
		y = allocarray.Roll(ctx, y.Move(), 1, 0)
		y = allocarray.Roll(ctx, y.Move(), 1, 0)
		require.Equal(t, []float64{0, 125}, []float64{x.At(0), y.At(0)})
	}},

	{"view: it ends with its array", 2 * kib, kib, kib, kib, func(t *testing.T, ctx context.Context, _ int) {
		x := fresh(ctx)
		view := x.Reshape(8, 16).Transpose().Slice(0, 2, 5)
		x.Release(ctx)
		require.False(t, view.Live())
		fresh(ctx)
	}},
	{"view, not: it is used after the next array", 2 * kib, 2 * kib, 2 * kib, 2 * kib, func(t *testing.T, ctx context.Context, _ int) {
		x := fresh(ctx)
		view := x.Reshape(8, 16).Transpose().Slice(0, 2, 5)
		fresh(ctx).Fill(9)
		require.Equal(t, 24.0, allocarray.Sum(view))
		x.Release(ctx)
	}},
	{"view: of all elements in their order, it releases them", 2 * kib, kib, kib, kib, func(t *testing.T, ctx context.Context, _ int) {
		fresh(ctx).Reshape(8, 16).Release(ctx)
		fresh(ctx)
	}},
	{"view, not: of a part, it releases nothing", 2 * kib, 2 * kib, 2 * kib, 2 * kib, func(t *testing.T, ctx context.Context, _ int) {
		x := fresh(ctx)
		require.Panics(t, func() { x.Slice(0, 0, 64).Release(ctx) })
		fresh(ctx).Fill(9)
		require.Equal(t, 128.0, allocarray.Sum(x))
	}},

	{"in place", 2 * kib, 2 * kib, 2 * kib, 2 * kib, func(t *testing.T, ctx context.Context, _ int) {
		x, y := fresh(ctx), fresh(ctx)
		x = allocarray.Add(ctx, x.Move(), y)
		x = allocarray.Sqrt(ctx, allocarray.Mul(ctx, x.Move(), x).Move())
		require.Equal(t, 256.0, allocarray.Sum(x))
	}},
	{"in place, not: not moved", 3 * kib, 3 * kib, 3 * kib, 3 * kib, func(t *testing.T, ctx context.Context, _ int) {
		x, y := fresh(ctx), fresh(ctx)
		z := allocarray.Add(ctx, x, y)
		require.Equal(t, 384.0, allocarray.Sum(x)+allocarray.Sum(z))
	}},
	{"in place, not: another element type", 2*kib + kib/2, kib + kib/2, kib + kib/2, kib + kib/2, func(t *testing.T, ctx context.Context, _ int) {
		x := allocarray.Convert[float32](ctx, fresh(ctx).Move())
		fresh(ctx).Fill(9) // where the operand was
		require.EqualValues(t, 128, allocarray.Sum(x))
	}},
	{"in place, not: a result of another shape", 5 * kib, 5 * kib, 5 * kib, 5 * kib, func(t *testing.T, ctx context.Context, _ int) {
		x, y := fresh(ctx), allocarray.Full(ctx, 1.0, 2, 128)
		require.Equal(t, 512.0, allocarray.Sum(allocarray.Add(ctx, x.Move(), y)))
	}},
	{"in place, not: the other operand is another view of it", 2 * kib, 2 * kib, 2 * kib, 2 * kib, func(t *testing.T, ctx context.Context, _ int) {
		x := allocarray.Arange[float64](ctx, 121).Reshape(11, 11)
		y := allocarray.Sub(ctx, x.Move(), x.Transpose())
		require.Equal(t, []float64{0, -10, 100}, []float64{y.At(3, 3), y.At(0, 1), y.At(10, 0)})
	}},
	{"in place, not: all elements are read for each", 2 * kib, 2 * kib, 2 * kib, 2 * kib, func(t *testing.T, ctx context.Context, _ int) {
		x := fresh(ctx)
		require.Equal(t, 1.0, allocarray.Roll(ctx, x.Move(), 1, 0).At(1))
	}},

	{"escape: results go to an array of the scope around", 3 * kib, 3 * kib, 3 * kib, 3 * kib, func(t *testing.T, outer context.Context, _ int) {
		out := fresh(outer)
		for range 10 {
			inner(t, outer, func(ctx context.Context) {
				x := fresh(ctx)
				allocarray.AddInto(out, out, allocarray.CumSum(ctx, x, 0))
			})
		}
		require.Equal(t, 1281.0, out.At(127))
	}},
	{"escape, not: what is allocated around stays", 11 * kib, 11 * kib, 11 * kib, 11 * kib, func(t *testing.T, outer context.Context, _ int) {
		out := fresh(outer)
		for range 10 {
			x := fresh(outer)
			inner(t, outer, func(ctx context.Context) { allocarray.AddInto(out, out, x) })
		}
		require.Equal(t, 11.0, out.At(127))
	}},

	{"branch: the other one, taken again, is planned", 4 * kib, 4 * kib, 6 * kib, 4 * kib, func(t *testing.T, ctx context.Context, round int) {
		x := fresh(ctx)
		if round == 0 {
			y := fresh(ctx)
			x.Release(ctx)
			allocarray.Full(ctx, 1.0, 2, 128).Release(ctx)
			y.Release(ctx)
			return
		}
		y := allocarray.Full(ctx, 2.0, 3, 128)
		require.Equal(t, 128.0+768, allocarray.Sum(x)+allocarray.Sum(y))
	}},
	{"branch, not: another one with the same arrays is no divergence", 3 * kib, 2 * kib, 2 * kib, 2 * kib, func(t *testing.T, ctx context.Context, round int) {
		x := fresh(ctx)
		x.Release(ctx)
		x = fresh(ctx)
		if round == 0 {
			fresh(ctx)
			return
		}
		y := fresh(ctx)
		require.Equal(t, 256.0, allocarray.Sum(x)+allocarray.Sum(y))
	}},

	{"loop", 2 * kib, 2 * kib, 2 * kib, 2 * kib, func(t *testing.T, ctx context.Context, _ int) {
		x, y := fresh(ctx), fresh(ctx)
		for range 999 {
			x = allocarray.Add(ctx, x.Move(), y)
		}
		require.Equal(t, 1000.0, x.At(0))
	}},
	{"loop, by Release: the old and the new value", 1001 * kib, 3 * kib, 3 * kib, 3 * kib, func(t *testing.T, ctx context.Context, _ int) {
		x, y := fresh(ctx), fresh(ctx)
		for range 999 {
			z := allocarray.Add(ctx, x, y)
			x.Release(ctx)
			x = z
		}
		require.Equal(t, 1000.0, x.At(0))
	}},
	{"loop, not: nothing is given up", 101 * kib, 101 * kib, 101 * kib, 101 * kib, func(t *testing.T, ctx context.Context, _ int) {
		x, y := fresh(ctx), fresh(ctx)
		for range 99 {
			x = allocarray.Add(ctx, x, y)
		}
		require.Equal(t, 100.0, x.At(0))
	}},

	{"divergence: moved no more", 2 * kib, 2 * kib, 3 * kib, 3 * kib, func(t *testing.T, ctx context.Context, round int) {
		x, y := fresh(ctx), fresh(ctx)
		if round == 0 {
			x = x.Move()
		}
		require.Equal(t, 256.0, allocarray.Sum(allocarray.Add(ctx, x, y)))
	}},
	{"divergence, not: other data, and views", 3 * kib, 2 * kib, 2 * kib, 2 * kib, func(t *testing.T, ctx context.Context, round int) {
		x := fresh(ctx)
		x.Fill(float64(round))
		for range round {
			x.Reshape(2, 64).Index(0, 1).Fill(3)
		}
		x = allocarray.Roll(ctx, x.Move(), 1, 0)
		allocarray.Roll(ctx, x.Move(), 1, 0).Release(ctx)
	}},
}

// TestArrayRules runs each rule on a buffer and checks what is needed, to the byte.
func TestArrayRules(t *testing.T) {
	defer guard.Set(guard.Set(guard.Off)) // which computes nothing in place
	checkRules(t, arrayRules)
}
