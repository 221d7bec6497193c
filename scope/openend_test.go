package scope_test

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// reluctant is a buffer that refuses to restore while it is told to.
type reluctant struct {
	*bumper.SlabBuffer
	refuse bool
}

func (r *reluctant) Restore(cp memory.Checkpoint) error {
	if r.refuse {
		return errBroken
	}
	return r.SlabBuffer.Restore(cp)
}

// An End that the buffer refuses changes nothing, and may be tried again.
func TestRefusedEnd(t *testing.T) {
	buf := &reluctant{SlabBuffer: bumper.NewSlabBuffer()}
	ctx, s := scope.Open(scope.WithAllocator(t.Context(), buf))
	inner, child := scope.Open(ctx)
	stamp := block(t, inner, 100)
	buf.refuse = true
	require.ErrorIs(t, s.End(), errBroken)
	require.True(t, stamp.Live())
	block(t, inner, 100)
	require.Zero(t, child.Late(), "it is open as before")
	buf.refuse = false
	require.NoError(t, s.End())
	require.False(t, stamp.Live())
	requireLateBlock(t, inner, child)
}

//go:noinline
func refusedEnd(s *scope.Scope) error { return s.End() }

// The end of a scope is where it ended, not where somebody tried to end it.
func TestRefusedEndIsNoEnd(t *testing.T) {
	buf := bumper.NewSlabBuffer()
	var stamp scope.Stamp
	err := scope.NoEscape(scope.WithAllocator(t.Context(), buf), func(ctx context.Context) error {
		ctx, s := scope.Open(ctx)
		stamp = block(t, ctx, 100)
		buf.Checkpoint()
		require.ErrorIs(t, refusedEnd(s), bumper.ErrOutOfOrder)
		return nil
	})
	require.ErrorIs(t, err, bumper.ErrOutOfOrder)
	require.False(t, stamp.Live())
	require.NotContains(t, stamp.End(), "refusedEnd")
}

// All that is open within a scope ends with it, as much as there is.
func TestEndOfAllChildren(t *testing.T) {
	shared := locked.Share(bumper.NewSlabBuffer())
	var stamps []scope.Stamp
	open := func(ctx context.Context) {
		for range 5 {
			child, _ := scope.Open(ctx)
			stamps = append(stamps, block(t, child, 100))
		}
	}
	require.NoError(t, scope.NoEscape(scope.WithAllocator(t.Context(), shared), func(ctx context.Context) error {
		open(ctx)
		return nil
	}))
	ctx, s := scope.Open(scope.WithAllocator(t.Context(), shared))
	open(ctx)
	require.NoError(t, s.End())
	for _, stamp := range stamps {
		require.False(t, stamp.Live())
	}
	require.Zero(t, shared.Stats().Open)
	require.NoError(t, shared.Reset())
}

// What the End of a parent has ended stays ended there, also if it was found abandoned
// before.
func TestEndOfAbandonedChildren(t *testing.T) {
	outside := scope.WithAllocator(t.Context(), bumper.NewSlabBuffer())
	var lost scope.Stamp
	ctx, parent := scope.Open(outside)
	var child *scope.Scope
	leaked(t, 2, func() {
		lost = drop(ctx)
		_, child = scope.Open(ctx) // so that those below it are not ended yet
	})
	require.True(t, lost.Live())
	require.NoError(t, parent.End())
	require.NoError(t, child.End())
	for range 2 {
		require.Regexp(t, `^ended at .*/openend_test\.go:\d+ \(.*TestEndOfAbandonedChildren\)$`, lost.End())
		_, s := scope.Open(outside)
		require.NoError(t, s.End())
	}
}

// TestAbandonedAreForgotten: a long-lived scope does not grow with children that were
// never ended.
func TestAbandonedAreForgotten(t *testing.T) {
	scope.OnLeak(func(string) {})
	defer scope.OnLeak(nil)
	for name, a := range map[string]scope.Allocator{
		"heap": scope.Heap(), "buffer": bumper.NewSlabBuffer(), "locked": locked.Share(bumper.NewSlabBuffer()),
	} {
		ctx, s := scope.Open(scope.WithAllocator(t.Context(), a))
		abandon := func(n int) {
			want := scope.Leaks() + uint64(n)
			for range n {
				_, _ = scope.Open(ctx)
			}
			require.Eventually(t, func() bool { runtime.GC(); return scope.Leaks() >= want }, 30*time.Second, time.Millisecond)
			_, child := scope.Open(ctx)
			require.NoError(t, child.End())
		}
		heap := func() int64 {
			var m runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&m)
			return int64(m.HeapAlloc)
		}
		abandon(1000) // so that what is reused has its size
		before := heap()
		for range 10 {
			abandon(1000)
		}
		require.Less(t, heap()-before, int64(1<<20), name)
		require.NoError(t, s.End())
	}
}
