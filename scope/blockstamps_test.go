package scope_test

import (
	"context"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/trial"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/guard"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// TestEndAt: an epoch ends at a place, if one is known, for good.
func TestEndAt(t *testing.T) {
	pc := reflect.ValueOf(TestEndAt).Pointer()
	one := new(oneBlock)
	for range 3 {
		e := memory.NewBlockEpoch(one)
		s := e.Stamp()
		require.Zero(t, s.EndPC())
		e.EndAt(pc)
		require.False(t, s.Live())
		require.Equal(t, pc, s.EndPC())
		require.Contains(t, s.End(), "TestEndAt")

		s = e.Stamp()
		require.True(t, s.Live())
		e.EndAt(0)
		require.False(t, s.Live())
		require.Zero(t, s.EndPC())
		require.NotContains(t, s.End(), "TestEndAt")

		s = e.Stamp()
		renewed, ok := s.Renew(pc)
		require.True(t, ok)
		e.EndAt(0)
		require.False(t, s.Live() || renewed.Live())
	}
	require.Zero(t, scope.Stamp{}.EndPC())
}

// TestRecord: the stamp of a block has what its allocator attached to the epoch.
func TestRecord(t *testing.T) {
	e := memory.NewBlockEpoch(new(oneBlock))
	require.Nil(t, e.Stamp().Record())
	e = memory.NewBlockEpoch(new(oneBlock))
	e.SetRecord("mine")
	require.Equal(t, "mine", e.Stamp().Record())
	require.Nil(t, scope.Stamp{}.Record())
}

// TestMoved: the stamp of a single block can be marked as handed over, which makes it stale to
// whatever does not know; no other can.
func TestMoved(t *testing.T) {
	one := memory.NewBlockEpoch(new(oneBlock)).Stamp()
	moved := one.Moved()
	require.False(t, moved.Live())
	require.NotEqual(t, one, moved)
	back, was := moved.Unmoved()
	require.True(t, was)
	require.Equal(t, one, back)
	require.True(t, back.Live())
	back, was = one.Unmoved()
	require.False(t, was)
	require.Equal(t, one, back)
	for _, s := range []scope.Stamp{{}, memory.NewEpoch(nil).Stamp()} {
		require.Equal(t, s, s.Moved())
		require.True(t, s.Moved().Live())
	}
}

// releasingAround is a wrapper that releases, and sometimes is one that says whether it can.
type releasingAround struct{ around }

func (releasingAround) Release([]byte, scope.Stamp) bool { return true }

type maybe struct {
	releasingAround
	able bool
}

func (m maybe) Releases() bool { return m.able }

// TestReleaserOf: blocks are released by the outermost allocator that has the method, if the
// innermost has the ability.
func TestReleaserOf(t *testing.T) {
	f, slab := trial.NewFreeList(), bumper.NewSlabBuffer()
	knows := func(a scope.Allocator) scope.Allocator { return releasingAround{around{a}} }
	for name, c := range map[string]struct {
		a    scope.Allocator
		want memory.Releaser
	}{
		"alone":                  {f, f},
		"unable":                 {slab, nil},
		"wrapped":                {around{f}, f},
		"wrapped twice":          {around{around{f}}, f},
		"wrapped, unable":        {around{slab}, nil},
		"by the wrapper":         {knows(f), knows(f).(memory.Releaser)},
		"by the wrapper, unable": {knows(slab), nil},
		"by the outer wrapper":   {around{knows(f)}, knows(f).(memory.Releaser)},
		"by the inner wrapper":   {knows(around{f}), knows(around{f}).(memory.Releaser)},
		"sometimes":              {maybe{releasingAround{around{slab}}, true}, maybe{releasingAround{around{slab}}, true}},
		"not now":                {maybe{releasingAround{around{f}}, false}, nil},
	} {
		r, ok := memory.ReleaserOf(c.a)
		require.Equal(t, c.want != nil, ok, name)
		if ok {
			require.Equal(t, c.want, r, name)
		}
	}
}

// TestGuardedStamps: in guard mode every block is a single one; who can release it, and whether a
// scope does, is told.
func TestGuardedStamps(t *testing.T) {
	before := guard.Set(guard.Full)
	t.Cleanup(func() { guard.Set(before) })
	f := trial.NewFreeList()
	for name, c := range map[string]struct {
		ctx             context.Context
		watched, scoped bool
	}{
		"heap":      {t.Context(), true, false},
		"slab":      {scope.WithAllocator(t.Context(), bumper.NewSlabBuffer()), true, true},
		"isolating": {scope.WithAllocator(t.Context(), bumper.NewSlabBuffer(bumper.Isolating())), true, true},
		"free list": {scope.WithAllocator(t.Context(), f), false, true},
	} {
		t.Run(name, func(t *testing.T) {
			s, stamp := numbers(t, c.ctx)
			require.True(t, stamp.Releasable())
			require.Equal(t, []bool{c.watched, c.scoped}, []bool{stamp.Watched(), stamp.Scoped()})
			require.False(t, stamp.ReleasableBy(f), "guard mode watches it")
			require.False(t, scope.Reusable(c.ctx, s, stamp))
			_, ok := stamp.Renew(0)
			require.False(t, ok)
			require.ErrorIs(t, scope.Release(c.ctx, s[:5], stamp), scope.ErrPart)
			require.ErrorIs(t, scope.Release(c.ctx, s[1:], stamp), scope.ErrPart)
			require.True(t, stamp.Live())
			s[0] = 77
			require.NoError(t, scope.Release(c.ctx, s, stamp))
			require.False(t, stamp.Live())
			require.Contains(t, stamp.End(), "TestGuardedStamps")
			require.ErrorIs(t, scope.Release(c.ctx, s, stamp), scope.ErrStale)
			switch name { // for the others a read would fault
			case "heap":
				require.NotEqual(t, 77, s[0], "poisoned")
			case "isolating":
				require.Equal(t, 77, s[0], "kept as it is while anything refers to it")
			}
		})
	}
	require.Equal(t, 1, f.Released)
	require.False(t, scope.Stamp{}.Scoped())
	require.True(t, memory.NewEpoch(nil).Stamp().Scoped())
	require.False(t, scope.Stamp{}.Watched())
}

// TestGuardedBlocksEndWithTheirScope, and say where it ended.
func TestGuardedBlocksEndWithTheirScope(t *testing.T) {
	before := guard.Set(guard.Full)
	t.Cleanup(func() { guard.Set(before) })
	for name, buf := range map[string]bumper.Buffer{"slab": bumper.NewSlabBuffer(), "isolating": bumper.NewSlabBuffer(bumper.Isolating())} {
		var kept, gone scope.Stamp
		require.NoError(t, scope.NoEscape(scope.WithAllocator(t.Context(), buf), func(ctx context.Context) error {
			_, kept = numbers(t, ctx)
			var s []int
			s, gone = numbers(t, ctx)
			require.NoError(t, scope.Release(ctx, s, gone))
			require.True(t, kept.Live())
			return nil
		}))
		require.False(t, kept.Live(), name)
		require.Contains(t, kept.End(), "TestGuardedBlocksEndWithTheirScope", name)
		require.False(t, gone.Live(), name)
	}
}
