package scope_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/trial"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/plan/replay"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// TestReleaseInRegions: where the regions of a shared buffer release single blocks, so do the
// scopes on them, as long as they are open; NoEscape and Open alike.
func TestReleaseInRegions(t *testing.T) {
	unguarded(t)
	f := trial.NewFreeList()
	foreign, theirs := numbers(t, scope.WithAllocator(t.Context(), f))
	shared := locked.Share(bumper.NewSlabBuffer(), locked.Regions(replay.Regions(nil)))
	outside := scope.WithAllocator(t.Context(), shared)
	check := func(ctx context.Context) (scope.Allocator, []int, scope.Stamp) {
		s, stamp := numbers(t, ctx)
		require.True(t, stamp.Releasable())
		require.True(t, scope.Reusable(ctx, s, stamp))
		require.ErrorIs(t, scope.Release(ctx, foreign, theirs), scope.ErrForeign)
		require.NoError(t, scope.Release(ctx, s, stamp))
		require.False(t, stamp.Live())
		s, stamp = numbers(t, ctx)
		require.NoError(t, scope.ReleaseMoved(ctx, s, stamp))
		require.False(t, stamp.Live())

		a := scope.AllocatorFrom(ctx)
		r, able := memory.ReleaserOf(a)
		require.True(t, able)
		require.False(t, r.Release(asBytes(foreign), theirs))
		s, stamp = numbers(t, ctx)
		require.True(t, r.Release(asBytes(s), stamp))
		require.False(t, stamp.Live())
		s, stamp = numbers(t, ctx)
		return a, s, stamp
	}
	over := func(a scope.Allocator, s []int, stamp scope.Stamp) {
		require.False(t, stamp.Live())
		_, able := memory.ReleaserOf(a)
		require.False(t, able, "the scope has ended")
		require.False(t, a.(memory.Releaser).Release(asBytes(s), stamp))
	}
	for range 2 {
		var a scope.Allocator
		var s []int
		var stamp scope.Stamp
		require.NoError(t, scope.NoEscape(outside, func(ctx context.Context) error { a, s, stamp = check(ctx); return nil }))
		over(a, s, stamp)
		ctx, open := scope.Open(outside)
		a, s, stamp = check(ctx)
		require.NoError(t, open.End())
		over(a, s, stamp)
	}
	require.True(t, theirs.Live())
	require.Zero(t, shared.Stats().Open)
}
