package scope_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/callsite"
	"github.com/allocarrays/allocarrays-go/internal/trial"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/meter"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/guard"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// around is a third party's wrapper, which knows nothing of releasing.
type around struct{ scope.Allocator }

func (a around) Unwrap() scope.Allocator                    { return a.Allocator }
func (around) Rewrap(inner scope.Allocator) scope.Allocator { return around{inner} }
func unguarded(t *testing.T)                                { m := guard.Set(guard.Off); t.Cleanup(func() { guard.Set(m) }) }
func numbers(t *testing.T, ctx context.Context) ([]int, scope.Stamp) {
	t.Helper()
	s, stamp, err := scope.Alloc[int](ctx, 10)
	require.NoError(t, err)
	return s, stamp
}

// onFreeList calls test with contexts of a free list; direct says whether it is the allocator of
// the innermost scope itself.
func onFreeList(t *testing.T, test func(t *testing.T, f *trial.FreeList, ctx context.Context, direct bool)) {
	unguarded(t)
	noEscape := func(ctx context.Context, fn func(context.Context)) {
		require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error { fn(ctx); return nil }))
	}
	open := func(ctx context.Context, fn func(context.Context)) {
		ctx, s := scope.Open(ctx)
		fn(ctx)
		require.NoError(t, s.End())
	}
	outside := func(ctx context.Context, fn func(context.Context)) { fn(ctx) }
	for name, enter := range map[string]func(context.Context, func(context.Context)){"outside": outside, "NoEscape": noEscape, "Open": open} {
		t.Run(name, func(t *testing.T) {
			f := trial.NewFreeList()
			enter(scope.WithAllocator(t.Context(), f), func(ctx context.Context) { test(t, f, ctx, true) })
			require.NoError(t, f.Reset())
			require.Zero(t, f.Live)
		})
		t.Run(name+"/wrapped", func(t *testing.T) {
			f := trial.NewFreeList()
			enter(scope.WithAllocator(t.Context(), around{f}), func(ctx context.Context) { test(t, f, ctx, false) })
			require.NoError(t, f.Reset())
			require.Zero(t, f.Live)
		})
	}
}

// TestReleaseOfBlocks: a whole block is released once, by the allocator that made it, and says
// where; whatever is refused changes nothing.
func TestReleaseOfBlocks(t *testing.T) {
	onFreeList(t, func(t *testing.T, f *trial.FreeList, ctx context.Context, _ bool) {
		s, stamp := numbers(t, ctx)
		require.True(t, stamp.Releasable())
		for _, part := range [][]int{s[:9], s[1:], s[3:4]} {
			require.ErrorIs(t, scope.Release(ctx, part, stamp), scope.ErrPart)
			require.ErrorIs(t, scope.ReleaseMoved(ctx, part, stamp), scope.ErrPart)
			require.False(t, scope.Reusable(ctx, part, stamp))
			_, ok := scope.Reuse(ctx, part, stamp)
			require.False(t, ok)
		}
		require.NoError(t, scope.Release(ctx, s[:0], stamp))
		require.NoError(t, scope.ReleaseMoved(ctx, s[:0], stamp))
		require.NoError(t, scope.Release(ctx, s, scope.Stamp{}))
		require.NoError(t, scope.ReleaseMoved(ctx, s, scope.Stamp{}))
		for name, other := range map[string]context.Context{
			"heap": context.Background(), "another": scope.WithAllocator(t.Context(), trial.NewFreeList()),
			"buffer": scope.WithAllocator(t.Context(), bumper.NewSlabBuffer()),
		} {
			err := scope.Release(other, s, stamp)
			require.ErrorIs(t, err, scope.ErrForeign, name)
			require.ErrorContains(t, err, "scope: Release of memory of free list, with ")
		}
		require.True(t, stamp.Live())
		require.Zero(t, stamp.EndPC(), "a refusal records no place")
		require.Zero(t, f.Released)
		s[9] = 1

		require.NoError(t, scope.Release(ctx, s, stamp))
		require.False(t, stamp.Live())
		require.Equal(t, 1, f.Released)
		require.Contains(t, stamp.End(), "TestReleaseOfBlocks")
		err := scope.Release(ctx, s, stamp)
		require.ErrorIs(t, err, scope.ErrStale)
		require.ErrorContains(t, err, "scope: Release of memory whose scope has ended at ")
		require.NoError(t, scope.ReleaseMoved(ctx, s, stamp), "what has ended is nobody's")
		require.Equal(t, 1, f.Released)

		slab := scope.WithAllocator(t.Context(), bumper.NewSlabBuffer())
		theirs, kept := numbers(t, slab)
		require.NoError(t, scope.Release(slab, theirs, kept), "which does not take single blocks back")
		require.ErrorIs(t, scope.Release(ctx, theirs, kept), scope.ErrForeign)
		require.NoError(t, scope.ReleaseMoved(ctx, theirs, kept))
		require.True(t, kept.Live())
	})
}

// TestReleaseOfOperands: an operand that was handed over is released by its own allocator,
// whatever that of the result is.
func TestReleaseOfOperands(t *testing.T) {
	onFreeList(t, func(t *testing.T, f *trial.FreeList, ctx context.Context, _ bool) {
		for i, result := range []context.Context{nil, ctx, context.Background(), scope.WithAllocator(t.Context(), trial.NewFreeList())} {
			s, stamp := numbers(t, ctx)
			require.NoError(t, scope.ReleaseMoved(result, s, stamp))
			require.False(t, stamp.Live())
			require.Contains(t, stamp.End(), "TestReleaseOfOperands")
			require.Equal(t, i+1, f.Released)
		}
	})
}

// TestReuseOfOperands: the memory of an operand becomes the result's if it would have been
// allocated there: by the very allocator of the context, in its innermost scope.
func TestReuseOfOperands(t *testing.T) {
	onFreeList(t, func(t *testing.T, f *trial.FreeList, ctx context.Context, direct bool) {
		s, stamp := numbers(t, ctx)
		for name, other := range map[string]context.Context{
			"heap": context.Background(), "another": scope.WithAllocator(t.Context(), trial.NewFreeList()),
			"buffer": scope.WithAllocator(t.Context(), bumper.NewSlabBuffer()), "wrapper": scope.WithAllocator(ctx, around{scope.AllocatorFrom(ctx)}),
		} {
			require.False(t, scope.Reusable(other, s, stamp), name)
			_, ok := scope.Reuse(other, s, stamp)
			require.False(t, ok, name)
		}
		require.False(t, scope.Reusable(ctx, s[:0], stamp))
		require.True(t, stamp.Live())
		require.Equal(t, direct, scope.Reusable(ctx, s, stamp))
		next, ok := scope.Reuse(ctx, s, stamp)
		require.Equal(t, direct, ok)
		require.True(t, next.Live())
		require.Equal(t, !direct, stamp.Live())
		require.Zero(t, f.Released)
		if !direct {
			require.Equal(t, stamp, next)
			return
		}
		require.Contains(t, stamp.End(), "TestReuseOfOperands")
		require.False(t, scope.Reusable(ctx, s, stamp), "it has ended")
		same, ok := scope.Reuse(ctx, s, stamp)
		require.False(t, ok)
		require.Equal(t, stamp, same)
		require.NoError(t, scope.Release(ctx, s, next))
		require.Equal(t, 1, f.Released)
	})
}

// TestReuseOutOfTime: a Scope that is not the innermost of an unlocked allocator, or has ended,
// reuses nothing, as what it allocates is late.
func TestReuseOutOfTime(t *testing.T) {
	unguarded(t)
	f := trial.NewFreeList()
	ctx, outer := scope.Open(scope.WithAllocator(t.Context(), f))
	s, stamp := numbers(t, ctx)
	require.True(t, scope.Reusable(ctx, s, stamp))
	_, inner := scope.Open(ctx)
	require.False(t, scope.Reusable(ctx, s, stamp))
	require.NoError(t, inner.End())
	require.True(t, scope.Reusable(ctx, s, stamp))

	level, ok := scope.AllocatorFrom(ctx).(memory.Releaser)
	require.True(t, ok)
	able, ok := memory.ReleaserOf(level)
	require.True(t, ok)
	other, stampOther := numbers(t, ctx)
	require.NoError(t, scope.Release(ctx, other, stampOther))
	require.NoError(t, outer.End())
	require.False(t, stamp.Live())
	require.False(t, scope.Reusable(ctx, s, stamp))
	require.False(t, able.Release(nil, stamp))
	_, ok = memory.ReleaserOf(level)
	require.False(t, ok, "the scope has ended")
}

// TestReleaseByABuilder: what a Builder has left is released, and knows where, unless its stamp
// was asked for while it was there.
func TestReleaseByABuilder(t *testing.T) {
	unguarded(t)
	f := trial.NewFreeList()
	ends := new([]uintptr)
	ctx := scope.WithAllocator(t.Context(), notesEnds{around{f}, ends})
	b := scope.NewBuilder[int](ctx, 8)
	for i, released := range []int{1, 1, 2, 3} {
		if i == 1 {
			require.True(t, b.Stamp().Live())
		}
		b.Grow(1000 << (4 * i))
		require.Equal(t, released, f.Released, "move %d", i)
	}
	require.Len(t, *ends, 3)
	for _, pc := range *ends {
		require.Contains(t, callsite.Place(pc), "TestReleaseByABuilder")
	}
}

// cramped is a free list that has no blocks of more than so many bytes.
type cramped struct {
	*trial.FreeList
	most uintptr
}

func (c cramped) Alloc(size, align uintptr) (memory.Block, error) {
	if size > c.most {
		return memory.Block{}, &scope.ExhaustedError{Allocator: "cramped", Requested: size}
	}
	return c.FreeList.Alloc(size, align)
}

// TestReleaseByACrampedBuilder: a Builder that cannot have twice the room releases what it leaves
// as well.
func TestReleaseByACrampedBuilder(t *testing.T) {
	unguarded(t)
	f := trial.NewFreeList()
	b := scope.NewBuilder[byte](scope.WithAllocator(t.Context(), cramped{f, 800}), 500)
	b.Append(make([]byte, 500)...)
	b.Append(make([]byte, 200)...)
	require.Equal(t, 700, b.Len())
	require.Equal(t, 1, f.Released)
}

// notesEnds is a wrapper that sees where what is released has ended.
type notesEnds struct {
	around
	ends *[]uintptr
}

func (n notesEnds) Release(mem []byte, s scope.Stamp) bool {
	*n.ends = append(*n.ends, s.EndPC())
	return n.Allocator.(memory.Releaser).Release(mem, s)
}

// countsReleases is a wrapper that sees what is released.
type countsReleases struct {
	around
	released *int
}

func (c countsReleases) Release(mem []byte, s scope.Stamp) bool {
	*c.released++
	return c.Allocator.(memory.Releaser).Release(mem, s)
}

func (c countsReleases) Rewrap(inner scope.Allocator) scope.Allocator {
	return countsReleases{around{inner}, c.released}
}

// TestReleaseThroughWrappers: a wrapper that has the method sees each release with its context,
// and no other.
func TestReleaseThroughWrappers(t *testing.T) {
	unguarded(t)
	f, seen := trial.NewFreeList(), 0
	ctx := scope.WithAllocator(t.Context(), countsReleases{around{f}, &seen})
	for i, release := range []func(s []int, stamp scope.Stamp) error{
		func(s []int, stamp scope.Stamp) error { return scope.Release(ctx, s, stamp) },
		func(s []int, stamp scope.Stamp) error { return scope.ReleaseMoved(ctx, s, stamp) },
	} {
		s, stamp := numbers(t, ctx)
		require.NoError(t, release(s, stamp))
		require.Equal(t, i+1, seen)
	}
	s, stamp := numbers(t, ctx)
	var none context.Context // of an operation that has none
	require.NoError(t, scope.ReleaseMoved(none, s, stamp))
	require.Equal(t, 2, seen)
	require.Equal(t, 3, f.Released)
}

// TestRefusedByItsOwner: a block that its own allocator does not take back lives on.
func TestRefusedByItsOwner(t *testing.T) {
	unguarded(t)
	one := new(oneBlock)
	stamp := memory.NewBlockEpoch(one).Stamp()
	s := make([]int, 4)
	for _, ctx := range []context.Context{nil, t.Context(), scope.WithAllocator(t.Context(), one)} {
		require.ErrorIs(t, scope.ReleaseMoved(ctx, s, stamp), scope.ErrForeign)
		require.True(t, stamp.Live())
		require.Zero(t, stamp.EndPC())
	}
	require.ErrorIs(t, scope.Release(scope.WithAllocator(t.Context(), one), s, stamp), scope.ErrForeign)
	require.Zero(t, stamp.EndPC())
	require.False(t, stamp.Release(nil, nil))
	require.False(t, stamp.ReleasableBy(nil))
	require.True(t, stamp.ReleasableBy(one))
	require.False(t, memory.NewEpoch(one).Stamp().ReleasableBy(one), "it is no single block's")
	require.False(t, scope.Stamp{}.ReleasableBy(one))
	require.False(t, scope.Stamp{}.Release(one, nil))
}

// TestReleaseInRegionsOfOthers: a region that knows nothing of releasing refuses.
func TestReleaseInRegionsOfOthers(t *testing.T) {
	unguarded(t)
	f := trial.NewFreeList()
	s, stamp := numbers(t, scope.WithAllocator(t.Context(), f))
	for name, a := range map[string]scope.Allocator{
		"heap":   meter.New(scope.Heap(), meter.Within(meter.NewLimit(nil, "l", 0))),
		"traced": meter.New(locked.Share(bumper.NewSlabBuffer()), meter.Zero()),
		"locked": locked.Share(bumper.NewSlabBuffer()),
	} {
		check := func(ctx context.Context) {
			require.ErrorIs(t, scope.Release(ctx, s, stamp), scope.ErrForeign, name)
			require.False(t, scope.Reusable(ctx, s, stamp), name)
			own, theirs := numbers(t, ctx)
			require.NoError(t, scope.Release(ctx, own, theirs), name)
			require.NoError(t, scope.ReleaseMoved(ctx, own, theirs), name)
		}
		ctx := scope.WithAllocator(t.Context(), a)
		require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error { check(ctx); return nil }))
		ctx, open := scope.Open(ctx)
		check(ctx)
		require.NoError(t, open.End())
	}
	require.True(t, stamp.Live())
}
