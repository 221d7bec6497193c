package replay_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/plan/replay"
	"github.com/allocarrays/allocarrays-go/scope"
)

// TestReleaseInARun: while a recording is followed, a block is released as a whole and once, and the
// place is told; and what the buffer says of itself is what has happened.
func TestReleaseInARun(t *testing.T) {
	buf := replay.New()
	ctx := scope.WithAllocator(t.Context(), buf)
	for round := range 4 {
		before := buf.Stats().Allocations
		var kept array
		require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
			x := alloc(ctx, kib)
			kept = alloc(ctx, 3*kib)
			require.ErrorIs(t, scope.Release(ctx, x.elems[1:], x.stamp), scope.ErrPart)
			require.ErrorIs(t, scope.Release(ctx, x.elems[:kib-1], x.stamp), scope.ErrPart)
			require.True(t, x.stamp.Live())
			require.Equal(t, 4*kib, buf.Stats().Used, round)
			x.release(t)
			err := scope.Release(ctx, x.elems, x.stamp)
			require.ErrorIs(t, err, scope.ErrStale)
			require.ErrorContains(t, err, "rules_test.go", "where release is called")
			require.NoError(t, scope.Release(ctx, []byte{}, x.stamp), "nothing")
			require.NoError(t, scope.Release(ctx, make([]byte, 1), scope.Stamp{}), "the heap's")
			require.Equal(t, 3*kib, buf.Stats().Used)
			return nil
		}))
		require.False(t, kept.stamp.Live())
		require.Contains(t, kept.stamp.End(), "follow_test.go")
		require.EqualValues(t, 2, buf.Stats().Allocations-before)
		require.Zero(t, buf.Stats().Used)
	}
	require.EqualValues(t, 3, buf.Plans().Scopes()[0].Replays)
}

// TestLeaveInside: a run that does something else within inner scopes goes on as if it had never
// followed: what lives keeps its bytes, and ends with its own scope.
func TestLeaveInside(t *testing.T) {
	buf := replay.New()
	ctx := scope.WithAllocator(t.Context(), buf)
	for round := range 6 {
		var all []array
		fill := func(ctx context.Context, n int) array {
			a := alloc(ctx, n)
			for i := range a.elems {
				a.elems[i] = byte(len(all))
			}
			all = append(all, a)
			return a
		}
		check := func(live ...bool) {
			t.Helper()
			for i, want := range live {
				require.Equal(t, want, all[i].stamp.Live(), "round %d, block %d", round, i)
				for _, v := range all[i].elems {
					if !want {
						break
					}
					require.EqualValues(t, i, v, "round %d", round)
				}
			}
		}
		require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
			outer := fill(ctx, kib)
			inner(t, ctx, func(ctx context.Context) {
				fill(ctx, 2*kib)
				inner(t, ctx, func(ctx context.Context) {
					fill(ctx, kib)
					if round%2 == 1 {
						fill(ctx, 7*kib) // was not there
					}
					outer.release(t)
					all = append(all[:3], fill(ctx, 500))
					check(false, true, true)
				})
				check(false, true, false)
			})
			check(false, false, false)
			fill(ctx, kib)
			return nil
		}))
		require.Zero(t, buf.Stats().Used)
	}
}
