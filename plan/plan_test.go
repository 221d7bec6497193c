package plan_test

import (
	"context"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/allocarrays/allocarrays-go/plan"
	"github.com/allocarrays/allocarrays-go/plan/internal/training"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A problem that makes no sense is an error that names the block.
func TestInvalid(t *testing.T) {
	for name, tt := range map[string]struct {
		p    plan.Problem
		want string
	}{
		"size":     {plan.Problem{Blocks: []plan.Block{{Size: -1, To: 1}}}, "block 0: size -1 is negative"},
		"align":    {plan.Problem{Blocks: []plan.Block{{Align: 3}}}, "block 0: alignment 3 is not a power of two"},
		"life":     {plan.Problem{Blocks: []plan.Block{{}, {From: 2, To: 1}}}, "block 1: life [2, 1) ends before it begins"},
		"fixed":    {plan.Problem{Blocks: []plan.Block{{Align: 8, Fixed: true, Offset: 4}}}, "block 0: fixed offset 4 is not a multiple of 8"},
		"below":    {plan.Problem{Blocks: []plan.Block{{Fixed: true, Offset: -1}}}, "block 0: fixed offset -1"},
		"overflow": {plan.Problem{Blocks: []plan.Block{{Size: math.MaxInt64}, {Size: math.MaxInt64}}}, "overflows"},
		"far":      {plan.Problem{Blocks: []plan.Block{{Size: 1, Fixed: true, Offset: math.MaxInt64}}}, "overflows"},
		"overlap": {plan.Problem{Blocks: []plan.Block{
			{Size: 8, To: 2, Fixed: true}, {Size: 8, From: 1, To: 3, Fixed: true, Offset: 4}}}, "fixed blocks"},
		"pair": {plan.Problem{Blocks: []plan.Block{{Size: 1, To: 1}}, InPlace: []plan.Pair{{In: 0, Out: 1}}}, "pair of blocks 0 and 1, of 1"},
		"late pair": {plan.Problem{Blocks: []plan.Block{{Size: 1, To: 3}, {Size: 1, From: 1, To: 4}},
			InPlace: []plan.Pair{{In: 0, Out: 1}}}, "block 1 [1, 4) of 1 bytes cannot be computed in place of block 0"},
		"large pair": {plan.Problem{Blocks: []plan.Block{{Size: 1, To: 2}, {Size: 2, From: 1, To: 4}},
			InPlace: []plan.Pair{{In: 0, Out: 1}}}, "cannot be computed in place"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := plan.Pack(tt.p)
			require.ErrorIs(t, err, plan.ErrInvalid)
			assert.ErrorContains(t, err, tt.want)
			_, err = plan.Search(context.Background(), tt.p)
			require.ErrorIs(t, err, plan.ErrInvalid)
			_, err = plan.LowerBound(tt.p)
			require.ErrorIs(t, err, plan.ErrInvalid)
			require.ErrorIs(t, plan.Check(tt.p, make([]int64, len(tt.p.Blocks))), plan.ErrInvalid)
		})
	}
}

// Blocks that need no memory cost nothing, and no blocks are a plan.
func TestEmpty(t *testing.T) {
	for _, p := range []plan.Problem{
		{},
		{Blocks: []plan.Block{{Size: 0, To: 9}, {Size: 100, From: 3, To: 3}}},
		{Blocks: []plan.Block{{Size: 0, To: 9, Align: 64, Fixed: true, Offset: 64}}},
	} {
		got, err := plan.Search(context.Background(), p)
		require.NoError(t, err)
		assert.Zero(t, got.Peak)
		assert.True(t, got.Proved())
		assert.Len(t, got.Offsets, len(p.Blocks))
	}
}

// What may be computed in place is, where that helps, and is not where it does not.
func TestInPlace(t *testing.T) {
	for name, tt := range map[string]struct {
		p    plan.Problem
		want int64
	}{
		"chain": {plan.Problem{
			Blocks:  []plan.Block{{Size: 8, To: 2}, {Size: 8, From: 1, To: 3}, {Size: 8, From: 2, To: 4}},
			InPlace: []plan.Pair{{In: 0, Out: 1}, {In: 1, Out: 2}}}, 8},
		"smaller":   {plan.Problem{Blocks: []plan.Block{{Size: 8, To: 2}, {Size: 4, From: 1, To: 3}}, InPlace: []plan.Pair{{In: 0, Out: 1}}}, 8},
		"no pair":   {plan.Problem{Blocks: []plan.Block{{Size: 8, To: 2}, {Size: 8, From: 1, To: 3}}}, 16},
		"two heirs": {plan.Problem{Blocks: []plan.Block{{Size: 8, To: 2}, {Size: 8, From: 1, To: 3}, {Size: 8, From: 1, To: 3}}, InPlace: []plan.Pair{{In: 0, Out: 1}, {In: 0, Out: 2}}}, 16},
		// Three blocks of one step cannot be one: the first and the third are no pair.
		"one step": {plan.Problem{Blocks: []plan.Block{{Size: 8, To: 1}, {Size: 8, To: 1}, {Size: 8, To: 1}}, InPlace: []plan.Pair{{In: 0, Out: 1}, {In: 1, Out: 2}}}, 16},
		// A small result that lives long would pin the large block's place.
		"not worth it": {plan.Problem{Blocks: []plan.Block{{Size: 80, To: 2}, {Size: 8, From: 1, To: 9}, {Size: 80, From: 3, To: 4}}, InPlace: []plan.Pair{{In: 0, Out: 1}}}, 88},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := plan.Pack(tt.p)
			require.NoError(t, err)
			assert.Equal(t, tt.want, got.Peak, "%v", got.Offsets)
		})
	}
}

// The same problem has the same plan.
func TestPackIsDeterministic(t *testing.T) {
	p := training.Step(600, 3)
	first, err := plan.Pack(p)
	require.NoError(t, err)
	for range 3 {
		again, err := plan.Pack(p)
		require.NoError(t, err)
		assert.Equal(t, first, again)
	}
}

// A context that is done ends a search, with the plan that it has.
func TestSearchStops(t *testing.T) {
	p := training.Step(900, 5)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	first, err := plan.Search(ctx, p)
	require.NoError(t, err)
	fast, err := plan.Pack(p)
	require.NoError(t, err)
	assert.Equal(t, fast.Peak, first.Peak)

	ctx, cancel = context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	better, err := plan.Search(ctx, p)
	require.NoError(t, err)
	assert.LessOrEqual(t, better.Peak, fast.Peak)
	assert.GreaterOrEqual(t, better.Bound, fast.Bound)
}

// Many blocks are packed well, and the plan passes the check.
func TestMany(t *testing.T) {
	p := training.Step(10_000, 1)
	require.Len(t, p.Blocks, 10_000)
	got, err := plan.Pack(p)
	require.NoError(t, err)
	assert.Less(t, float64(got.Peak), 1.02*float64(got.Bound))
}
