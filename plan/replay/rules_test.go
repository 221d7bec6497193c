package replay_test

import (
	"context"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/testenv"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/plan/replay"
	"github.com/allocarrays/allocarrays-go/scope"
)

// kib is the size of most blocks here.
const kib = 1 << 10

// An array is what an array type keeps.
type array struct {
	ctx   context.Context
	elems []byte
	stamp scope.Stamp
}

func alloc(ctx context.Context, n int) array {
	elems, stamp, err := scope.Alloc[byte](ctx, n)
	if err != nil {
		panic(err)
	}
	return array{ctx, elems, stamp}
}

func (a array) release(t *testing.T) {
	t.Helper()
	require.NoError(t, scope.Release(a.ctx, a.elems, a.stamp))
	require.False(t, a.stamp.Live())
}

// A rule is a function that runs in a scope, twice at least, and what it needs.
type rule struct {
	name  string
	bump  int // bytes that bumping holds in the first run
	first int // bytes that the first run needs, by best fit
	next  int // that the second run needs
	then  int // that the third run needs, which does what the second did
	run   func(t *testing.T, ctx context.Context, round int)
}

// rules are the rules by which memory is reused, each with a case in which it is and one in
// which it must not be. One scope is run three times.
var rules = []rule{
	{"last use: the next block takes the place", 2 * kib, kib, kib, kib, func(t *testing.T, ctx context.Context, _ int) {
		alloc(ctx, kib).release(t)
		alloc(ctx, kib)
	}},
	{"last use, not: what lives keeps its place", 2 * kib, 2 * kib, 2 * kib, 2 * kib, func(t *testing.T, ctx context.Context, _ int) {
		x := alloc(ctx, kib)
		alloc(ctx, kib)
		x.release(t)
	}},
	{"chain: two of three live at once", 5 * kib, 2 * kib, 2 * kib, 2 * kib, func(t *testing.T, ctx context.Context, _ int) {
		x := alloc(ctx, kib)
		for range 4 {
			y := alloc(ctx, kib)
			x.release(t)
			x = y
		}
	}},
	{"chain, not: a block that is used at the end lives through it", 5 * kib, 3 * kib, 3 * kib, 3 * kib, func(t *testing.T, ctx context.Context, _ int) {
		skip := alloc(ctx, kib)
		x := alloc(ctx, kib)
		for range 3 {
			y := alloc(ctx, kib)
			x.release(t)
			x = y
		}
		skip.release(t)
	}},
	{"plan: a small block goes where no large one needs to", 3*kib + 64, 3 * kib, 2*kib + 64, 2*kib + 64, func(t *testing.T, ctx context.Context, _ int) {
		x := alloc(ctx, kib)
		alloc(ctx, kib)
		x.release(t)
		alloc(ctx, 64) // best fit puts it where x was, and the next finds no room there
		alloc(ctx, kib)
	}},
	{"scope: what an inner scope leaves is free", 2 * kib, 2 * kib, 2 * kib, 2 * kib, func(t *testing.T, ctx context.Context, _ int) {
		alloc(ctx, kib)
		for range 3 {
			inner(t, ctx, func(ctx context.Context) { alloc(ctx, kib) })
		}
	}},
	{"escape: what an inner scope hands out is of the outer", 2 * kib, 2 * kib, 2 * kib, 2 * kib, func(t *testing.T, outer context.Context, _ int) {
		var out array
		inner(t, outer, func(ctx context.Context) { out = alloc(outer, kib) })
		require.False(t, out.stamp.Live(), "it is born in the innermost scope")
		out = alloc(outer, kib)
		inner(t, outer, func(ctx context.Context) { alloc(ctx, kib) })
		require.True(t, out.stamp.Live())
	}},
	{"release of an outer block in an inner scope", 3 * kib, 2 * kib, 2 * kib, 2 * kib, func(t *testing.T, ctx context.Context, _ int) {
		out := alloc(ctx, kib)
		inner(t, ctx, func(ctx context.Context) {
			alloc(ctx, kib)
			out.release(t)
			alloc(ctx, kib)
		})
	}},
	{"loop: it stays at its live size", 1000 * kib, 2 * kib, 2 * kib, 2 * kib, func(t *testing.T, ctx context.Context, _ int) {
		x := alloc(ctx, kib)
		for range 999 {
			y := alloc(ctx, kib)
			x.release(t)
			x = y
		}
	}},
	{"loop, not: what is kept adds up", 10 * kib, 10 * kib, 10 * kib, 10 * kib, func(t *testing.T, ctx context.Context, _ int) {
		for range 10 {
			alloc(ctx, kib)
		}
	}},
	{"divergence: one block more", 2 * kib, 2 * kib, 3 * kib, 3 * kib, func(t *testing.T, ctx context.Context, round int) {
		alloc(ctx, kib)
		alloc(ctx, kib)
		if round > 0 {
			alloc(ctx, kib)
		}
	}},
	{"divergence: one block less", 2 * kib, 2 * kib, 2 * kib, kib, func(t *testing.T, ctx context.Context, round int) {
		alloc(ctx, kib)
		if round == 0 {
			alloc(ctx, kib)
		}
	}},
	{"divergence: a larger block", 2 * kib, 2 * kib, 2*kib + 3*kib, 4 * kib, func(t *testing.T, ctx context.Context, round int) {
		alloc(ctx, kib)
		alloc(ctx, kib+2*kib*min(round, 1))
	}},
	{"divergence: a smaller block has the place", 2 * kib, 2 * kib, 2 * kib, kib + 512, func(t *testing.T, ctx context.Context, round int) {
		alloc(ctx, kib)
		alloc(ctx, kib-512*min(round, 1))
	}},
	{"divergence: a late release", 2 * kib, kib, 2 * kib, 2 * kib, func(t *testing.T, ctx context.Context, round int) {
		x := alloc(ctx, kib)
		x.elems[0] = 7
		if round == 0 {
			x.release(t)
		}
		alloc(ctx, kib).elems[0] = 8
		if round > 0 {
			require.EqualValues(t, 7, x.elems[0])
			x.release(t)
		}
	}},
	{"divergence: an early release", 2 * kib, 2 * kib, 2 * kib, kib, func(t *testing.T, ctx context.Context, round int) {
		x := alloc(ctx, kib)
		if round > 0 {
			x.release(t)
		}
		alloc(ctx, kib)
	}},
	{"alignment: a block at a page", 8*kib - 64, 8*kib - 64, 8*kib - 64, 8*kib - 64, func(t *testing.T, ctx context.Context, _ int) {
		b, err := scope.AllocatorFrom(ctx).Alloc(4*kib, 4*kib)
		require.NoError(t, err)
		require.Zero(t, uintptr(unsafe.Pointer(&b.Bytes()[0]))%(4*kib))
	}},
}

// inner runs f in a scope within.
func inner(t *testing.T, ctx context.Context, f func(context.Context)) {
	require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error { f(ctx); return nil }))
}

// TestRules runs each rule on a buffer and checks what is needed, to the byte.
func TestRules(t *testing.T) { checkRules(t, rules) }

func checkRules(t *testing.T, rules []rule) {
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) {
			var plans replay.Plans
			run := func(round int) (needed int, stats replay.Scope) {
				buf := replay.New(replay.With(&plans))
				ctx := replay.WithName(scope.WithAllocator(t.Context(), buf), "rule")
				require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
					r.run(t, replay.WithName(ctx, ""), round)
					return nil
				}))
				require.Zero(t, buf.Stats().Used)
				for _, s := range plans.Scopes() {
					if s.Name == "rule" {
						return buf.Stats().HighWater, s
					}
				}
				require.Fail(t, "nothing is recorded")
				return 0, stats
			}
			needed, s := run(0)
			require.Equal(t, r.first, needed, "the first run")
			require.Equal(t, r.bump, s.Recordings[0].Bump)
			require.Equal(t, r.first, s.Recordings[0].BestFit)
			needed, s = run(1)
			require.Equal(t, r.next, needed, "the second run")
			replays := s.Replays
			require.EqualValues(t, 1, s.Replays+s.Diverged)
			needed, s = run(2)
			require.Equal(t, r.then, needed, "the third run")
			require.Equal(t, replays+1, s.Replays)
			require.LessOrEqual(t, s.Recordings[0].Bound, needed)
		})
	}
}

// TestBranches: of two branches that are taken in turn, both are replayed.
func TestBranches(t *testing.T) {
	buf := replay.New()
	ctx := scope.WithAllocator(t.Context(), buf)
	for i := range 20 {
		require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
			x := alloc(ctx, 4*kib)
			if i%2 == 0 {
				y := alloc(ctx, 4*kib)
				x.release(t)
				alloc(ctx, 4*kib)
				y.release(t)
			} else {
				alloc(ctx, kib)
				x.release(t)
				alloc(ctx, 4*kib)
			}
			return nil
		}))
		require.LessOrEqual(t, buf.Stats().HighWater, 2*4*kib+kib)
	}
	all := buf.Plans().Scopes()
	require.Len(t, all, 1)
	require.Len(t, all[0].Recordings, 2)
	require.Contains(t, all[0].String(), "19 runs")
	require.GreaterOrEqual(t, all[0].Replays, uint64(9), all[0])
}

// TestLoopWithoutScope: a loop that has no scope of its own, and releases what it does not
// need any more, stays at its live size. Without releases it grows.
func TestLoopWithoutScope(t *testing.T) {
	loop := func(release bool) int {
		buf := replay.New()
		ctx := scope.WithAllocator(t.Context(), buf)
		x := alloc(ctx, 100*kib)
		for range 100 {
			y := alloc(ctx, 100*kib)
			if release {
				x.release(t)
			}
			x = y
		}
		require.Equal(t, buf.Stats().Used, buf.Stats().Outside)
		return buf.Stats().HighWater
	}
	require.Equal(t, 2*100*kib, loop(true))
	require.Equal(t, 101*100*kib, loop(false))
}

// TestSteady: scopes that are replayed allocate nothing on the Go heap, on a buffer as in
// regions of a shared one.
func TestSteady(t *testing.T) {
	testenv.NeedAllocationCounts(t)
	step := func(ctx context.Context) error {
		x := alloc(ctx, kib)
		for range 10 {
			y := alloc(ctx, kib)
			if err := scope.Release(ctx, x.elems, x.stamp); err != nil {
				return err
			}
			x = y
		}
		return nil
	}
	buf := replay.New()
	ctx := replay.WithName(scope.WithAllocator(t.Context(), buf), "steady")
	require.Zero(t, testing.AllocsPerRun(100, func() { _ = scope.NoEscape(ctx, step) }))
	require.EqualValues(t, 0, buf.Plans().Scopes()[0].Diverged)
	require.EqualValues(t, 100, buf.Plans().Scopes()[0].Replays)
	require.Equal(t, 2*kib, buf.Stats().HighWater)

	plans := new(replay.Plans)
	shared := locked.Share(bumper.NewSlabBuffer(), locked.Regions(replay.Regions(plans)))
	require.NoError(t, scope.NoEscape(scope.WithAllocator(t.Context(), shared), func(ctx context.Context) error {
		require.Zero(t, testing.AllocsPerRun(100, func() { _ = scope.NoEscape(ctx, step) }))
		return nil
	}))
	s := plans.Scopes()[0]
	require.EqualValues(t, 100, s.Replays, s)
	require.Equal(t, 2*kib, s.Recordings[0].Peak)
	require.Contains(t, s.Place, "rules_test.go")
}
