package locked_test

import (
	"context"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/trial"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/meter"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/scopetest"
)

// stampOf allocates n bytes and returns their stamp.
func stampOf(t testing.TB, ctx context.Context, n int) scope.Stamp {
	t.Helper()
	_, s, err := scope.Alloc[byte](ctx, n)
	require.NoError(t, err)
	return s
}

// A scope without an allocation costs no region and holds nothing.
func TestOpenIsLazy(t *testing.T) {
	shared := locked.Share(bumper.NewSlabBuffer())
	ctx, s := scope.Open(scope.WithAllocator(t.Context(), shared))
	require.Zero(t, shared.Stats().Regions)
	require.NoError(t, shared.Reset())
	stamp := stampOf(t, ctx, 100)
	require.Equal(t, 1, shared.Stats().Open)
	require.ErrorIs(t, shared.Reset(), bumper.ErrHeld)
	require.NoError(t, s.End())
	require.False(t, stamp.Live())
	require.Regexp(t, `^ended at .*/open_test\.go:\d+ \(.*TestOpenIsLazy\)$`, stamp.End())
	require.Zero(t, shared.Stats().Open)

	late, unused := scope.Open(scope.WithAllocator(t.Context(), shared))
	require.NoError(t, unused.End())
	require.False(t, stampOf(t, late, 100).Scoped())
	require.EqualValues(t, 1, unused.Late())
	require.EqualValues(t, 1, shared.Stats().Late)
	require.EqualValues(t, 1, shared.Stats().Regions)

	closed, open := scope.Open(scope.WithAllocator(t.Context(), shared))
	require.NoError(t, shared.Close())
	_, _, err := scope.Alloc[byte](closed, 100)
	require.ErrorIs(t, err, bumper.ErrClosed)
	require.NoError(t, open.End())
}

// Scopes end in any order, in any goroutine; none touches another's memory.
func TestOpenAnyOrder(t *testing.T) {
	shared := locked.Share(bumper.NewSlabBuffer())
	outside := scope.WithAllocator(t.Context(), shared)
	a, first := scope.Open(outside)
	b, second := scope.Open(outside)
	one, two := stampOf(t, a, 100), stampOf(t, b, 100)
	found, ok := locked.From(a)
	require.True(t, ok)
	require.Same(t, shared, found)
	var wg sync.WaitGroup
	wg.Go(func() { require.NoError(t, first.End()) })
	wg.Wait()
	require.False(t, one.Live())
	require.True(t, two.Live())
	require.NoError(t, second.End())
	require.NoError(t, first.End())
	require.Zero(t, shared.Stats().Open)
}

// A parent that ends first ends its children, be it a Scope or a NoEscape.
func TestOpenFamily(t *testing.T) {
	for name, wrap := range map[string]func(scope.Allocator) scope.Allocator{
		"plain":   func(a scope.Allocator) scope.Allocator { return a },
		"wrapped": func(a scope.Allocator) scope.Allocator { return meter.New(a, meter.Fallback()) },
	} {
		t.Run(name, func(t *testing.T) {
			shared := locked.Share(bumper.NewSlabBuffer())
			outside := scope.WithAllocator(t.Context(), wrap(shared))
			parent, s := scope.Open(outside)
			child, one := scope.Open(parent)
			grandchild, two := scope.Open(context.WithValue(child, lateKey{}, 1))
			wrapped, three := scope.Open(scope.WithAllocator(parent, meter.New(scope.AllocatorFrom(parent), meter.Fallback())))
			stranger, other := scope.Open(outside)
			stamps := []scope.Stamp{stampOf(t, grandchild, 100), stampOf(t, wrapped, 100)}
			theirs := stampOf(t, stranger, 100)
			require.NoError(t, s.End())
			for _, stamp := range stamps {
				require.False(t, stamp.Live())
			}
			require.True(t, theirs.Live())
			for _, ctx := range []context.Context{parent, child, grandchild, wrapped} {
				require.False(t, stampOf(t, ctx, 100).Scoped())
			}
			for _, s := range []*scope.Scope{s, one, two, three} {
				require.EqualValues(t, 1, s.Late())
				require.NoError(t, s.End())
			}
			dead, late := scope.Open(child)
			require.False(t, stampOf(t, dead, 100).Scoped())
			require.EqualValues(t, 1, late.Late())
			require.NoError(t, other.End())

			var inNoEscape scope.Stamp
			var kept context.Context
			for range 2 {
				require.NoError(t, scope.NoEscape(outside, func(ctx context.Context) error {
					return scope.NoEscape(ctx, func(ctx context.Context) error { // on a kept region, then
						kept, _ = scope.Open(ctx)
						inNoEscape = stampOf(t, kept, 100)
						_, early := scope.Open(ctx)
						return early.End()
					})
				}))
				require.False(t, inNoEscape.Live())
				require.False(t, stampOf(t, kept, 100).Scoped())
			}
			require.Zero(t, shared.Stats().Open)
			require.NoError(t, shared.Reset())
		})
	}
}

// NoEscape and Group within an open scope.
func TestWithinOpen(t *testing.T) {
	shared := locked.Share(bumper.NewSlabBuffer())
	ctx, s := scope.Open(scope.WithAllocator(t.Context(), shared))
	mine := stampOf(t, ctx, 100)
	g := locked.NewGroup(ctx)
	for range 4 {
		g.Go(func(ctx context.Context) error {
			require.True(t, mine.Live())
			require.True(t, stampOf(t, ctx, 100).Live())
			return nil
		})
	}
	require.NoError(t, g.Wait())
	in, out := make(chan scope.Stamp), make(chan bool)
	var wg sync.WaitGroup
	wg.Go(func() {
		_ = scope.NoEscape(ctx, func(ctx context.Context) error { in <- stampOf(t, ctx, 100); <-out; return nil })
	})
	theirs := <-in
	require.NoError(t, s.End())
	require.False(t, mine.Live())
	require.True(t, theirs.Live(), "a NoEscape that runs goes on")
	close(out)
	wg.Wait()
	require.False(t, theirs.Live())
	require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
		require.False(t, stampOf(t, ctx, 100).Scoped())
		return nil
	}))
	require.Zero(t, shared.Stats().Open)
}

// Goroutines open, allocate in and end scopes of one another.
func TestOpenConcurrently(t *testing.T) {
	shared := locked.Share(bumper.NewSlabBuffer())
	outside := scope.WithAllocator(t.Context(), shared)
	for range 200 {
		ctx, s := scope.Open(outside)
		var start, all sync.WaitGroup
		start.Add(1)
		for i := range 6 {
			all.Go(func() {
				start.Wait()
				switch i {
				case 0, 1:
					require.NoError(t, s.End())
				case 2, 3:
					child, _ := scope.Open(ctx)
					stampOf(t, child, 100)
				default:
					stampOf(t, ctx, 100)
				}
			})
		}
		start.Done()
		all.Wait()
		require.Zero(t, shared.Stats().Open, "none of the children is left")
	}
	require.NoError(t, shared.Reset())
	require.Zero(t, shared.Stats().Used)
}

//go:noinline
func dropped(ctx context.Context) (inside, outside scope.Stamp) {
	ctx, _ = scope.Open(ctx)
	child, _ := scope.Open(ctx)
	_, inside, _ = scope.Alloc[byte](child, 100)
	_, outside, _ = scope.Alloc[byte](ctx, 100)
	_ = scope.NoEscape(ctx, func(ctx context.Context) error { // leaves nothing that keeps ctx reachable
		return scope.NoEscape(ctx, func(context.Context) error { return nil })
	})
	return inside, outside
}

// awaitLeaks runs the garbage collector until so many leaks were found.
func awaitLeaks(t testing.TB, until uint64) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); scope.Leaks() < until; time.Sleep(time.Millisecond) {
		require.True(t, time.Now().Before(deadline), "%d of %d leaks", scope.Leaks(), until)
		runtime.GC()
	}
}

// A scope that nobody ended is ended by the garbage collector.
func TestOpenLeaked(t *testing.T) {
	scope.OnLeak(func(string) {})
	defer scope.OnLeak(nil)
	shared := locked.Share(bumper.NewSlabBuffer())
	for _, a := range []scope.Allocator{shared, meter.New(shared, meter.Fallback())} {
		before := scope.Leaks()
		inside, outside := dropped(scope.WithAllocator(t.Context(), a))
		awaitLeaks(t, before+2)
		require.False(t, inside.Live())
		require.False(t, outside.Live())
		require.Zero(t, shared.Stats().Open)
		require.NoError(t, shared.Reset())
	}
}

// TestOpenConformance: the context of an open scope keeps the contract of an allocator.
func TestOpenConformance(t *testing.T) {
	for name, new := range buffers {
		t.Run(name, func(t *testing.T) {
			scopetest.TestAllocator(t, func() scope.Allocator {
				ctx, s := scope.Open(locked.WithLockedBumper(context.Background(), new()))
				t.Cleanup(func() { require.NoError(t, s.End()) })
				return scope.AllocatorFrom(ctx)
			})
		})
	}
}

// What comes after End is of the heap, and what comes before of the buffer.
func TestOpenLate(t *testing.T) {
	storage := make([]byte, 1<<20)
	shared := locked.Share(bumper.NewAllocBufferOn(storage))
	ctx, s := scope.Open(scope.WithAllocator(t.Context(), shared))
	b, err := scope.AllocatorFrom(ctx).Alloc(100, 8)
	require.NoError(t, err)
	require.True(t, trial.Inside(b.Bytes(), storage))
	require.NoError(t, s.End())
	requireLate(t, shared, ctx, storage)
}
