package scope_test

import (
	"context"
	"reflect"
	"runtime/debug"
	"testing"
	"unsafe"

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

// says is an allocator that claims an ability without having the method.
type says struct{ scope.Allocator }

func (says) Releases() bool { return true }

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
		"only says so":           {says{f}, nil},
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
			defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
			s, stamp := numbers(t, c.ctx)
			require.True(t, stamp.Releasable())
			if name == "free list" {
				require.NotEqual(t, reflect.ValueOf(f.Blocks()[0]).Pointer(), reflect.ValueOf(s).Pointer(), "moved to pages of its own")
			}
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
			switch name {
			case "slab", "free list":
				require.Panics(t, func() { s[0]++ }, "a fault")
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

// TestReleaseOfAnotherWatchedBlock: guard mode makes every block one that can be released, but not
// by anybody: the owner is looked for behind wrappers, also those of the Go heap.
func TestReleaseOfAnotherWatchedBlock(t *testing.T) {
	before := guard.Set(guard.Full)
	t.Cleanup(func() { guard.Set(before) })
	s, stamp := numbers(t, scope.WithAllocator(t.Context(), around{bumper.NewSlabBuffer()}))
	for name, a := range map[string]scope.Allocator{
		"heap": scope.Heap(), "wrapped heap": around{scope.Heap()}, "twice": around{around{scope.Heap()}},
		"another": bumper.NewSlabBuffer(), "wrapped": around{bumper.NewSlabBuffer()},
	} {
		require.ErrorIs(t, scope.Release(scope.WithAllocator(t.Context(), a), s, stamp), scope.ErrForeign, name)
	}
	require.True(t, stamp.Live())
}

// oneIsolated is a Releaser of a single block, which stays where it is.
type oneIsolated struct{ oneBlock }

func (*oneIsolated) Isolates() bool { return true }

// TestWhatGuardModeLeaves: blocks of no size, and those of what isolates its blocks and releases
// them itself, are as guard mode finds them.
func TestWhatGuardModeLeaves(t *testing.T) {
	before := guard.Set(guard.Full)
	t.Cleanup(func() { guard.Set(before) })
	require.Equal(t, memory.Block{}, memory.Guarded(memory.Block{}, 1))
	require.Nil(t, memory.Guarded(memory.NewBlock(make([]byte, 8), scope.Stamp{}), 8).Stamp.Record(), "no allocator's")
	one := new(oneIsolated)
	b := memory.NewBlockEpoch(one).Block(make([]byte, 64))
	require.Equal(t, b, memory.Guarded(b, 8))
	slab := bumper.NewSlabBuffer()
	b, err := slab.Alloc(0, 1)
	require.NoError(t, err)
	require.Equal(t, b, memory.Guarded(b, 8))
	guard.Set(guard.Off)
	b, err = slab.Alloc(64, 64)
	require.NoError(t, err)
	require.Equal(t, b, memory.Guarded(b, 8))
}

// TestGuardedEndAt: the guarded pages of a block go when its epoch ends, however that is said.
func TestGuardedEndAt(t *testing.T) {
	before := guard.Set(guard.Full)
	t.Cleanup(func() { guard.Set(before) })
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	for _, pc := range []uintptr{0, reflect.ValueOf(TestGuardedEndAt).Pointer()} {
		one := new(oneBlock)
		one.epoch = memory.NewBlockEpoch(one)
		b := memory.Guarded(one.epoch.Block(make([]byte, 64)), 8)
		if !b.Stamp.ReleasableBy(one) { // it was moved
			b.Bytes()[0] = 1
			one.epoch.EndAt(pc)
			require.False(t, b.Stamp.Live())
			require.Panics(t, func() { b.Bytes()[0] = 2 }, "a fault")
		}
	}
}

// slowRelease is a free list that takes a block back when it is told to.
type slowRelease struct {
	*trial.FreeList
	entered, leave chan bool
}

func (s slowRelease) Release(mem []byte, stamp scope.Stamp) bool {
	s.entered <- true
	<-s.leave
	return s.FreeList.Release(mem, stamp)
}

func (s slowRelease) Unwrap() scope.Allocator { return s.FreeList }

// TestReleaseIsAUse of its buffer, which full guard mode tells from another at the same time.
func TestReleaseIsAUse(t *testing.T) {
	before := guard.Set(guard.Full)
	t.Cleanup(func() { guard.Set(before) })
	slow := slowRelease{trial.NewFreeList(), make(chan bool), make(chan bool)}
	ctx, s := scope.Open(scope.WithAllocator(t.Context(), slow))
	elems, stamp := numbers(t, ctx)
	done := make(chan error)
	go func() { done <- scope.Release(ctx, elems, stamp) }()
	<-slow.entered
	err := outcome(func() { _ = scope.Make[byte](ctx, 1) })
	slow.leave <- true
	require.NoError(t, <-done)
	var concurrent *guard.ConcurrentUseError
	require.ErrorAs(t, err, &concurrent)
	require.Contains(t, concurrent.First+concurrent.Second, "Release of a block at\n")
	require.NoError(t, s.End())
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

// willing is an allocator that takes anything back.
type willing struct {
	memory.Allocator
	taken int
}

func (w *willing) Release([]byte, scope.Stamp) bool { w.taken++; return true }

// TestOnlyWholeLiveBlocks are released, however willing the allocator is.
func TestOnlyWholeLiveBlocks(t *testing.T) {
	w := new(willing)
	e, mem := memory.NewBlockEpoch(w), make([]byte, 64)
	b := e.Block(mem)
	for _, part := range [][]byte{mem[:63], mem[1:], nil} {
		require.False(t, b.Stamp.Whole(part))
		require.False(t, b.Stamp.Release(w, part))
		require.False(t, b.Stamp.Release(nil, part))
	}
	require.True(t, b.Stamp.Release(w, mem))
	require.True(t, b.Stamp.Release(nil, mem))
	require.Equal(t, 2, w.taken)
	e.End()
	require.False(t, b.Stamp.Release(w, mem))
	require.False(t, memory.NewEpoch(w).Stamp().Release(w, mem))
	require.Equal(t, 2, w.taken)
}

// TestSingleElement: an array of one element is an array.
func TestSingleElement(t *testing.T) {
	unguarded(t)
	ctx := scope.WithAllocator(t.Context(), trial.NewFreeList())
	s, stamp, err := scope.Alloc[int](ctx, 1)
	require.NoError(t, err)
	require.True(t, scope.Reusable(ctx, s, stamp))
	stamp, ok := scope.Reuse(ctx, s, stamp)
	require.True(t, ok)
	require.NoError(t, scope.Release(ctx, s, stamp))
	require.False(t, stamp.Live())
}

// skewed is an allocator of an epoch whose blocks are not aligned.
type skewed struct{ epoch *memory.Epoch }

func (s skewed) Alloc(size, _ uintptr) (memory.Block, error) {
	return memory.NewBlock(make([]byte, size+8)[1:size+1], s.epoch.Stamp()), nil
}

// TestBuilderOfBlocks: a Builder grows where each block is released by itself, and in guard mode,
// where its memory is in pages of its own.
func TestBuilderOfBlocks(t *testing.T) {
	for _, mode := range []guard.Mode{guard.Off, guard.Full} {
		before := guard.Set(mode)
		t.Cleanup(func() { guard.Set(before) })
		f, storage := trial.NewFreeList(), make([]byte, 64<<10)
		for name, a := range map[string]scope.Allocator{"free list": f, "buffer": bumper.NewAllocBufferOn(storage)} {
			require.NoError(t, scope.NoEscape(scope.WithAllocator(t.Context(), a), func(ctx context.Context) error {
				b := scope.NewBuilder[int](ctx, 4)
				for i := range 1000 {
					b.Append(i)
				}
				for i, v := range b.View() {
					require.Equal(t, i, v, name)
				}
				if name == "buffer" {
					require.Equal(t, mode == guard.Off, trial.Inside(asBytes(b.View()), storage))
				}
				return nil
			}))
		}
		require.Positive(t, f.Released, "what it has left is released at once")
		require.Zero(t, f.Live)
	}
	ctx := scope.WithAllocator(t.Context(), skewed{memory.NewEpoch(nil)})
	require.Panics(t, func() { scope.NewBuilder[int](ctx, 4).Append(1) }, "also where a guarded block would replace it")
}

func asBytes(s []int) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(s))), len(s)*int(unsafe.Sizeof(s[0])))
}
