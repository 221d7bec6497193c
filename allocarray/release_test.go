package allocarray_test

import (
	"context"
	"fmt"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/testenv"
	"github.com/allocarrays/allocarrays-go/internal/trial"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/guard"
)

// inMode runs the rest of a test in a mode of guarding.
func inMode(t *testing.T, m guard.Mode) {
	before := guard.Set(m)
	t.Cleanup(func() { guard.Set(before) })
}

// A releasing is an allocator under which released arrays are stale.
type releasing struct {
	name string
	mode guard.Mode
	new  func(t *testing.T) context.Context
}

func on(a func() scope.Allocator) func(t *testing.T) context.Context {
	return func(t *testing.T) context.Context { return scope.WithAllocator(t.Context(), a()) }
}

// releasings are the free list, and in guard mode every allocator.
var releasings = []releasing{
	{"free list", guard.Off, on(func() scope.Allocator { return trial.NewFreeList() })},
	{"guarded free list", guard.Full, on(func() scope.Allocator { return trial.NewFreeList() })},
	{"heap", guard.Full, func(t *testing.T) context.Context { return t.Context() }},
	{"heap by name", guard.Full, on(func() scope.Allocator { return scope.Heap() })},
	{"slab", guard.Full, on(func() scope.Allocator { return bumper.NewSlabBuffer() })},
	{"isolating", guard.Full, on(func() scope.Allocator { return bumper.NewSlabBuffer(bumper.Isolating()) })},
	{"locked", guard.Full, func(t *testing.T) context.Context {
		return locked.WithLockedBumper(t.Context(), bumper.NewSlabBuffer())
	}},
}

// eachReleasing runs a test in a scope of each of the allocators.
func eachReleasing(t *testing.T, test func(t *testing.T, ctx context.Context)) {
	for _, r := range releasings {
		t.Run(r.name, func(t *testing.T) {
			inMode(t, r.mode)
			require.NoError(t, scope.NoEscape(r.new(t), func(ctx context.Context) error {
				test(t, ctx)
				return nil
			}))
		})
	}
}

// staleAt checks that fn panics because an array was released in a line of this file.
func staleAt(t *testing.T, line int, fn func()) {
	t.Helper()
	err, ok := panicOf(fn).(*scope.StaleError)
	require.True(t, ok, "%v", panicOf(fn))
	require.ErrorIs(t, err, scope.ErrStale)
	require.Regexp(t, fmt.Sprintf(`^ended at \S+_test\.go:%d `, line), err.End)
}

// TestRelease: a released array and its views are stale at once, and say where it was
// released; no other array is.
func TestRelease(t *testing.T) {
	eachReleasing(t, func(t *testing.T, ctx context.Context) {
		x, other := allocarray.Full(ctx, 1.0, 3, 4), allocarray.Full(ctx, 2.0, 3, 4)
		row, turned := x.Index(0, 1), x.Transpose()
		copied := x
		x.Release(ctx)
		released := line() - 1
		for _, a := range []allocarray.AllocArray[float64]{x, copied, row, turned} {
			require.False(t, a.Live())
			staleAt(t, released, func() { allocarray.Sum(a) })
		}
		require.True(t, other.Live())
		require.Equal(t, 24.0, allocarray.Sum(other))

		again := panicOf(func() { x.Release(ctx) })
		require.IsType(t, &scope.StaleError{}, again)
		require.Regexp(t, fmt.Sprintf(`(?s)^allocarray: Release of a 3×4 float64 array whose scope has ended at \S+release_test\.go:%d .*; `+
			`it is released once, and not at \S+release_test\.go:%d `, released, line()-3), again.(error).Error())
	})
}

// TestReleaseOfViews: only the array itself is released, or a view of all of it.
func TestReleaseOfViews(t *testing.T) {
	eachReleasing(t, func(t *testing.T, ctx context.Context) {
		x := allocarray.New[float32](ctx, 4, 4)
		for name, view := range map[string]allocarray.AllocArray[float32]{
			"part": x.Slice(0, 0, 2), "end": x.Slice(0, 2, 4), "row": x.Index(0, 0), "turned": x.Slice(1, 0, 3).Transpose(),
			"transposed": x.Slice(0, 0, 3).Transpose(), "broadcast": x.Broadcast(2, 4, 4), "column": x.Index(1, 0),
		} {
			for op, fn := range map[string]func(){"Release": func() { view.Release(ctx) }, "moved": func() { allocarray.Sum(view.Move()) }} {
				text := fmt.Sprint(panicOf(fn))
				require.Contains(t, text, "a view of a part of an array cannot be released, only the array", "%s %s", name, op)
				require.Regexp(t, `at \S+release_test\.go:\d+`, text, name)
			}
			require.True(t, x.Live())
		}
		x.Reshape(16).Release(ctx)
		require.False(t, x.Live())
	})
}

// TestReleaseByAnother: an array is not released by an allocator that did not make it.
func TestReleaseByAnother(t *testing.T) {
	one, two := trial.NewFreeList(), trial.NewFreeList()
	ours, theirs := scope.WithAllocator(t.Context(), one), scope.WithAllocator(t.Context(), two)
	slab := scope.WithAllocator(t.Context(), bumper.NewSlabBuffer())
	inMode(t, guard.Off)
	for name, c := range map[string]struct{ made, released context.Context }{
		"another of its kind": {ours, theirs},
		"the heap":            {ours, t.Context()},
		"a buffer":            {ours, slab},
		"of a buffer":         {slab, ours},
	} {
		x := allocarray.New[int](c.made, 3)
		text := fmt.Sprint(panicOf(func() { x.Release(c.released) }))
		require.Regexp(t, `^allocarray: Release at \S+release_test\.go:\d+ \S+ of a 3 int array of .*: the allocator in the context did not make it$`, text, name)
		require.True(t, x.Live(), name)
	}
	require.Zero(t, one.Released+two.Released)
}

// TestReleaseChangesNothing: where single arrays cannot be released, they live on.
func TestReleaseChangesNothing(t *testing.T) {
	inMode(t, guard.Off)
	buf := bumper.NewSlabBuffer()
	for _, ctx := range []context.Context{t.Context(), scope.WithAllocator(t.Context(), buf), locked.WithLockedBumper(t.Context(), bumper.NewSlabBuffer())} {
		x := allocarray.Full(ctx, 1, 3)
		x.Release(ctx)
		require.Equal(t, 3, allocarray.Sum(x.Move()))
		require.True(t, x.Live())
		require.Panics(t, func() { x.Slice(0, 0, 2).Transpose().SliceStep(0, 0, 2, 2).Broadcast(2, 1).Release(ctx) }, "a view is one everywhere")
	}
	wrapped := allocarray.Wrap([]int{1, 2})
	wrapped.Release(scope.WithAllocator(t.Context(), trial.NewFreeList()))
	require.Equal(t, 3, allocarray.Sum(wrapped.Move()))
	require.True(t, wrapped.Live(), "nobody's memory")
	none := allocarray.New[int](scope.WithAllocator(t.Context(), trial.NewFreeList()), 0)
	none.Release(t.Context())
	require.True(t, none.Live(), "there is nothing to release")
	require.Contains(t, fmt.Sprint(panicOf(func() { allocarray.AllocArray[int]{}.Release(t.Context()) })), "zero AllocArray")
}

// TestReleasedMemoryIsUsedAgain: a loop without a scope of its own stays at its live size.
func TestReleasedMemoryIsUsedAgain(t *testing.T) {
	inMode(t, guard.Off)
	f := trial.NewFreeList()
	ctx := scope.WithAllocator(t.Context(), f)
	sum := allocarray.New[float64](ctx, 100)
	for range 50 {
		x := allocarray.Full(ctx, 1.0, 100)
		y := allocarray.Add(ctx, sum, x)
		x.Release(ctx)
		sum.Release(ctx)
		sum = y
	}
	require.Equal(t, 5000.0, allocarray.Sum(sum))
	require.Equal(t, 3*800, f.Peak)
	require.Equal(t, 3*800, f.Held)
	require.Equal(t, 800, f.Live)
}

// TestReleaseCosts: no object, and on other allocators nothing.
func TestReleaseAllocatesNothing(t *testing.T) {
	testenv.NeedAllocationCounts(t)
	inMode(t, guard.Off)
	for name, ctx := range map[string]context.Context{
		"free list": scope.WithAllocator(t.Context(), trial.NewFreeList()),
		"slab":      scope.WithAllocator(t.Context(), bumper.NewSlabBuffer()),
	} {
		like := allocarray.New[float64](ctx, 10)
		body := func(ctx context.Context) error {
			x := like.Similar(ctx)
			y := allocarray.Add(ctx, x.Move(), like)
			allocarray.Sum(y.Move())
			like.Similar(ctx).Release(ctx)
			return nil
		}
		_ = scope.NoEscape(ctx, body)
		require.Zero(t, testing.AllocsPerRun(100, func() { _ = scope.NoEscape(ctx, body) }), name)
	}
}

// TestScopeEndsReleased: what was not released ends with its scope, and says so.
func TestScopeEndsReleased(t *testing.T) {
	eachReleasing(t, func(t *testing.T, ctx context.Context) {
		var kept, gone allocarray.AllocArray[float64]
		require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
			kept, gone = allocarray.New[float64](ctx, 10), allocarray.New[float64](ctx, 10)
			gone.Release(ctx)
			return nil
		}))
		require.False(t, gone.Live())
		staleAt(t, line()-4, func() { gone.At(0) })
		if scope.AllocatorFrom(ctx) != scope.Heap() {
			require.False(t, kept.Live())
			require.Regexp(t, `ended at \S+release_test\.go:\d+`, panicOf(func() { kept.At(0) }).(error).Error())
		}
	})
}

// line returns the line that calls it.
func line() int {
	_, _, line, _ := runtime.Caller(1)
	return line
}
