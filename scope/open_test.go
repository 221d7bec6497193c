package scope_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/callsite"
	"github.com/allocarrays/allocarrays-go/internal/handshake"
	"github.com/allocarrays/allocarrays-go/internal/testenv"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/meter"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
	"github.com/allocarrays/allocarrays-go/scope/scopetest"
)

// block allocates n bytes and returns their stamp.
func block(t testing.TB, ctx context.Context, n int) scope.Stamp {
	t.Helper()
	_, s, err := scope.Alloc[byte](ctx, n)
	require.NoError(t, err)
	return s
}

// requireLateBlock checks that ctx allocates on the heap, and that s counts it.
func requireLateBlock(t *testing.T, ctx context.Context, s *scope.Scope) {
	t.Helper()
	before := s.Late()
	require.False(t, block(t, ctx, 100).Scoped())
	require.Equal(t, before+1, s.Late())
}

// levels are allocators whose scopes are levels.
func levels() map[string]func() scope.Allocator {
	return map[string]func() scope.Allocator{
		"alloc":       func() scope.Allocator { return bumper.NewAllocBuffer(200_000) },
		"slab":        func() scope.Allocator { return bumper.NewSlabBuffer() },
		"autoscaling": func() scope.Allocator { return bumper.NewAutoscalingBuffer() },
		"wrapped":     func() scope.Allocator { return meter.New(bumper.NewSlabBuffer(), meter.Fallback()) },
		"third party": func() scope.Allocator {
			return &stack{mem: make([]byte, 200_000), epochs: []*memory.Epoch{memory.NewEpoch(nil)}}
		},
	}
}

// stack is a checkpointer that is no buffer of package bumper.
type stack struct {
	mem    []byte
	off    int
	epochs []*memory.Epoch
	marks  []int
}

func (s *stack) Alloc(size, align uintptr) (memory.Block, error) {
	start, end, ok := bumper.Fit(s.mem, s.off, size, align)
	if !ok {
		return memory.Block{}, &scope.ExhaustedError{Allocator: "stack", Requested: size}
	}
	s.off = end
	return memory.NewBlock(s.mem[start:end], s.epochs[len(s.epochs)-1].Stamp()), nil
}

func (s *stack) Checkpoint() memory.Checkpoint {
	e := memory.NewEpoch(nil)
	s.epochs, s.marks = append(s.epochs, e), append(s.marks, s.off)
	return memory.Checkpoint{Stamp: e.Stamp()}
}

func (s *stack) Restore(cp memory.Checkpoint) error {
	n := len(s.marks)
	if n == 0 || s.epochs[n].Stamp() != cp.Stamp {
		return errOrder
	}
	s.epochs[n].End()
	s.off = s.marks[n-1]
	s.epochs, s.marks = s.epochs[:n], s.marks[:n-1]
	return nil
}

var errOrder = errors.New("stack: out of order")

func TestOpen(t *testing.T) {
	for kind, new := range levels() {
		t.Run(kind, func(t *testing.T) {
			outside := scope.WithAllocator(t.Context(), new())
			for range 3 {
				ctx, s := scope.Open(outside)
				stamp := block(t, ctx, 1000)
				require.True(t, stamp.Live())
				require.True(t, block(t, context.WithValue(ctx, key(1), 1), 1000).Live(), "derived contexts")
				require.NoError(t, s.End())
				require.False(t, stamp.Live())
				require.Regexp(t, `^ended at .*/open_test\.go:\d+ \(.*TestOpen.*\)$`, stamp.End())
				requireLateBlock(t, ctx, s)
				require.NoError(t, s.End(), "a second call")
				requireLateBlock(t, ctx, s)
			}
			last, s := scope.Open(outside)
			defer func() { require.NoError(t, s.End()) }()
			other, again := scope.Open(outside)
			require.NotEqual(t, last, other)
			require.NoError(t, again.End())
		})
	}
}

// On allocators that release nothing, what comes after End is late all the same.
func TestOpenReleasesNothing(t *testing.T) {
	for name, outside := range map[string]context.Context{
		"none":   t.Context(),
		"heap":   scope.WithAllocator(t.Context(), scope.Heap()),
		"simple": scope.WithAllocator(t.Context(), transparent{simple{}}),
	} {
		t.Run(name, func(t *testing.T) {
			ctx, s := scope.Open(outside)
			require.True(t, block(t, ctx, 100).Live())
			inner, child := scope.Open(ctx)
			require.NoError(t, scope.NoEscape(inner, func(ctx context.Context) error { block(t, ctx, 100); return nil }))
			require.Zero(t, child.Late())
			require.NoError(t, s.End())
			requireLateBlock(t, ctx, s)
			requireLateBlock(t, inner, child)
			require.NoError(t, child.End())
			late, dead := scope.Open(ctx)
			requireLateBlock(t, late, dead)
			require.NoError(t, dead.End())
		})
	}
}

// A context is that of the innermost scope, or it is late.
func TestOpenInnermost(t *testing.T) {
	for kind, new := range levels() {
		t.Run(kind, func(t *testing.T) {
			outer, a := scope.Open(scope.WithAllocator(t.Context(), new()))
			mine := block(t, outer, 100)
			inner, b := scope.Open(outer)
			requireLateBlock(t, outer, a)
			require.NoError(t, scope.NoEscape(outer, func(ctx context.Context) error {
				require.True(t, block(t, ctx, 100).Scoped(), "the scope of NoEscape is the innermost")
				requireLateBlock(t, inner, b)
				return nil
			}))
			theirs := block(t, inner, 100)
			require.NoError(t, b.End())
			require.False(t, theirs.Live())
			require.True(t, mine.Live())
			require.True(t, block(t, outer, 100).Scoped(), "innermost again")
			require.NoError(t, a.End())
		})
	}
}

// NoEscape within an open scope, through wrappers and derived contexts.
func TestNoEscapeWithinOpen(t *testing.T) {
	for kind, new := range levels() {
		t.Run(kind, func(t *testing.T) {
			ctx, s := scope.Open(scope.WithAllocator(t.Context(), new()))
			for _, ctx := range []context.Context{
				ctx,
				context.WithValue(ctx, key(1), 1),
				scope.WithAllocator(ctx, scope.AllocatorFrom(ctx)),
				scope.WithAllocator(ctx, meter.New(scope.AllocatorFrom(ctx), meter.Fallback())),
			} {
				mine := block(t, ctx, 100)
				var theirs scope.Stamp
				require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
					theirs = block(t, ctx, 100)
					return scope.NoEscape(ctx, func(ctx context.Context) error {
						require.NotEqual(t, theirs, block(t, ctx, 100))
						require.True(t, theirs.Live())
						return nil
					})
				}))
				require.False(t, theirs.Live())
				require.True(t, mine.Live())
				inner, child := scope.Open(ctx)
				theirs = block(t, inner, 100)
				require.NoError(t, child.End())
				require.False(t, theirs.Live())
			}
			require.Zero(t, s.Late())
			require.NoError(t, s.End())
			require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
				requireLateBlock(t, ctx, s)
				return nil
			}))
		})
	}
}

// A scope that ends with others open above it takes its own with it, and leaves those of
// others alone.
func TestEndOutOfOrder(t *testing.T) {
	buf := bumper.NewSlabBuffer()
	outside := scope.WithAllocator(t.Context(), buf)
	ctx, first := scope.Open(outside)
	stamp := block(t, ctx, 100)
	child, second := scope.Open(ctx)
	grandchild, third := scope.Open(context.WithValue(child, key(1), 1))
	inside := block(t, grandchild, 100)

	stranger, fourth := scope.Open(outside)
	before := buf.Stats()
	for range 2 {
		err := first.End()
		require.ErrorIs(t, err, bumper.ErrOutOfOrder)
		require.Regexp(t, `^scope: End of the scope opened at .*/open_test\.go:\d+ \(.*TestEndOutOfOrder\): bumper: `, err.Error())
		require.ErrorIs(t, third.End(), bumper.ErrOutOfOrder)
		require.True(t, stamp.Live())
		require.True(t, inside.Live())
		require.Equal(t, before, buf.Stats())
	}
	require.True(t, block(t, stranger, 100).Live())
	require.NoError(t, fourth.End())
	require.True(t, block(t, grandchild, 10).Live(), "innermost again")

	require.NoError(t, scope.NoEscape(grandchild, func(context.Context) error {
		require.ErrorIs(t, second.End(), bumper.ErrOutOfOrder)
		return nil
	}))
	cp := buf.Checkpoint()
	require.ErrorIs(t, first.End(), bumper.ErrOutOfOrder)
	require.True(t, inside.Live())
	require.NoError(t, buf.Restore(cp))

	require.NoError(t, first.End(), "and its children")
	require.False(t, stamp.Live())
	require.False(t, inside.Live())
	require.Regexp(t, `TestEndOutOfOrder`, inside.End())
	requireLateBlock(t, grandchild, third)
	require.NoError(t, third.End())
	require.NoError(t, second.End())
	require.NoError(t, buf.Reset())
}

// Children that overlap end in the order of their levels, whoever ends them.
func TestEndOfACrossedFamily(t *testing.T) {
	for kind, new := range levels() {
		t.Run(kind, func(t *testing.T) {
			outside := scope.WithAllocator(t.Context(), new())
			a, first := scope.Open(outside)
			b, _ := scope.Open(a)
			c, third := scope.Open(a)
			d, fourth := scope.Open(b) // above its uncle
			requireLateBlock(t, c, third)
			require.True(t, block(t, d, 100).Live())
			require.NoError(t, first.End())
			require.NoError(t, fourth.End())
			_, next := scope.Open(outside)
			require.NoError(t, next.End())
		})
	}
}

// An Open that NoEscape finds open ends with it, and is an error.
func TestOpenInNoEscape(t *testing.T) {
	buf := bumper.NewSlabBuffer()
	var s *scope.Scope
	var kept context.Context
	err := scope.NoEscape(scope.WithAllocator(t.Context(), buf), func(ctx context.Context) error {
		kept, s = scope.Open(ctx)
		block(t, kept, 100)
		return nil
	})
	require.ErrorIs(t, err, bumper.ErrOutOfOrder)
	requireLateBlock(t, kept, s)
	before := buf.Stats()
	late, child := scope.Open(kept)
	requireLateBlock(t, late, child)
	require.NoError(t, scope.NoEscape(kept, func(ctx context.Context) error { requireLateBlock(t, ctx, s); return nil }))
	require.Equal(t, before, buf.Stats(), "nothing within it touches the buffer")
	require.NoError(t, child.End())
	require.NoError(t, s.End())
	require.NoError(t, buf.Reset())
}

// The wrappers of a shared allocator are in force in every scope within it.
func TestOpenKeepsWrappers(t *testing.T) {
	var blocks int
	outside := scope.WithAllocator(t.Context(), counter{locked.Share(bumper.NewSlabBuffer()), &blocks})
	ctx, s := scope.Open(outside)
	block(t, ctx, 100)
	require.Equal(t, 1, blocks)
	inner, child := scope.Open(ctx)
	block(t, inner, 100)
	require.Equal(t, 2, blocks)
	require.NoError(t, scope.NoEscape(inner, func(ctx context.Context) error { block(t, ctx, 100); return nil }))
	require.Equal(t, 3, blocks)
	require.Zero(t, child.Late())
	require.NoError(t, s.End())
}

// counter is a wrapper that counts blocks.
type counter struct {
	scope.Allocator
	blocks *int
}

func (c counter) Alloc(size, align uintptr) (memory.Block, error) {
	*c.blocks++
	return c.Allocator.Alloc(size, align)
}

func (c counter) Unwrap() scope.Allocator { return c.Allocator }

func (c counter) Rewrap(inner scope.Allocator) scope.Allocator { return counter{inner, c.blocks} }

// What is opened within a scope that has ended stays late, also when its context, which
// NoEscape uses again, is that of another scope.
func TestOpenWithAKeptContext(t *testing.T) {
	require.NoError(t, scope.NoEscape(locked.WithLockedBumper(t.Context(), bumper.NewSlabBuffer()), func(worker context.Context) error {
		var kept context.Context
		require.NoError(t, scope.NoEscape(worker, func(ctx context.Context) error { kept = ctx; return nil }))
		late, s := scope.Open(kept)
		return scope.NoEscape(worker, func(ctx context.Context) error {
			require.Same(t, kept, ctx, "the case that is tested")
			requireLateBlock(t, late, s)
			return nil
		})
	}))
}

// What NoEscape has ended and reported is no leak.
func TestForgottenInNoEscape(t *testing.T) {
	outside := scope.WithAllocator(t.Context(), bumper.NewSlabBuffer())
	leaked(t, 2, func() {
		require.ErrorIs(t, scope.NoEscape(outside, func(ctx context.Context) error { drop(ctx); return nil }), bumper.ErrOutOfOrder)
		drop(t.Context()) // these are
	})
}

// A scope may end while the garbage collector finds what was forgotten within it.
func TestEndWhileOthersAreFound(t *testing.T) {
	outside := scope.WithAllocator(t.Context(), bumper.NewSlabBuffer())
	for range 20 {
		ctx, s := scope.Open(outside)
		for range 10 {
			require.ErrorIs(t, scope.NoEscape(ctx, func(ctx context.Context) error { drop(ctx); return nil }), bumper.ErrOutOfOrder)
		}
		runtime.GC()
		time.Sleep(time.Millisecond) // nothing but time orders the two
		require.NoError(t, s.End())
	}
}

// The next scope within one ends what was forgotten there.
func TestLeakIsEndedWithin(t *testing.T) {
	ctx, s := scope.Open(scope.WithAllocator(t.Context(), bumper.NewSlabBuffer()))
	var stamp scope.Stamp
	leaked(t, 2, func() { stamp = drop(ctx) })
	require.True(t, stamp.Live())
	require.NoError(t, scope.NoEscape(ctx, func(context.Context) error {
		require.False(t, stamp.Live())
		return nil
	}))
	require.NoError(t, s.End())
}

// While a parallel region uses the buffer, End is refused, and done when that ends.
func TestEndOfAHeldBuffer(t *testing.T) {
	buf := bumper.NewSlabBuffer()
	ctx, s := scope.Open(scope.WithAllocator(t.Context(), buf))
	child, inner := scope.Open(ctx)
	stamp := block(t, child, 100)
	require.NoError(t, scope.NoEscape(locked.WithLockedBumper(t.Context(), buf), func(region context.Context) error {
		require.ErrorIs(t, s.End(), bumper.ErrHeld)
		require.True(t, stamp.Live())
		requireLateBlock(t, ctx, s)
		require.NoError(t, s.End())
		require.NoError(t, inner.End())
		return nil
	}))
	require.False(t, stamp.Live())
	require.NoError(t, buf.Reset())
}

// Panics, Goexit and exhausted memory: with defer, as NoEscape.
func TestDeferredEnd(t *testing.T) {
	for kind, outside := range kinds() {
		t.Run(kind, func(t *testing.T) {
			var stamp scope.Stamp
			work := func(end func(ctx context.Context)) {
				ctx, s := scope.Open(outside)
				defer func() { require.NoError(t, s.End()) }()
				stamp = block(t, ctx, 100)
				end(ctx)
			}
			released := func() bool { return !stamp.Scoped() || !stamp.Live() }
			require.PanicsWithValue(t, 7, func() { work(func(context.Context) { panic(7) }) })
			require.True(t, released())
			require.ErrorIs(t, scope.Try(func() error {
				work(func(ctx context.Context) { scope.Make[uint64](ctx, int(^uint(0)>>1)) })
				return nil
			}), scope.ErrExhausted)
			require.True(t, released())
			var wg sync.WaitGroup
			wg.Go(func() { work(func(context.Context) { runtime.Goexit() }) })
			wg.Wait()
			require.True(t, released())
		})
	}
}

// Cancelling does not end the scope, nor End cancel the context.
func TestOpenAndCancel(t *testing.T) {
	parent, cancel := context.WithCancel(context.WithValue(t.Context(), key(3), "three"))
	defer cancel()
	for _, a := range []scope.Allocator{scope.Heap(), bumper.NewSlabBuffer(), locked.Share(bumper.NewSlabBuffer())} {
		ctx, s := scope.Open(scope.WithAllocator(context.WithoutCancel(parent), a))
		require.Equal(t, "three", ctx.Value(key(3)))
		require.NoError(t, s.End())
		require.NoError(t, ctx.Err())
		cancel()
		ctx, s = scope.Open(scope.WithAllocator(parent, a))
		require.ErrorIs(t, ctx.Err(), context.Canceled)
		require.True(t, block(t, ctx, 100).Live())
		require.Zero(t, s.Late())
		require.NoError(t, s.End())
	}
}

// A goroutine that outlives the scope does not touch its buffer, which others use.
func TestStragglerOfAnOpenScope(t *testing.T) {
	outside := scope.WithAllocator(t.Context(), bumper.NewSlabBuffer())
	ctx, s := scope.Open(outside)
	require.NoError(t, s.End())
	var wg sync.WaitGroup
	wg.Go(func() {
		for range 1000 {
			requireLateBlock(t, ctx, s)
		}
	})
	for range 1000 {
		require.NoError(t, scope.NoEscape(outside, func(ctx context.Context) error { block(t, ctx, 100); return nil }))
	}
	wg.Wait()
	require.EqualValues(t, 1000, s.Late())
}

// TestOpenAllocations: two objects for the scope and two that the runtime needs for its
// cleanup; NoEscape within it costs none on a buffer.
func TestOpenAllocations(t *testing.T) {
	testenv.NeedAllocationCounts(t)
	for name, a := range map[string]scope.Allocator{
		"buffer": bumper.NewSlabBuffer(),
		"locked": locked.Share(bumper.NewSlabBuffer()),
	} {
		outside := scope.WithAllocator(t.Context(), a)
		run := func() {
			ctx, s := scope.Open(outside)
			_ = scope.Make[byte](ctx, 1000)
			if err := s.End(); err != nil {
				panic(err)
			}
		}
		run()
		require.EqualValues(t, 4, testing.AllocsPerRun(1000, run), name)
	}
	ctx, s := scope.Open(scope.WithAllocator(t.Context(), bumper.NewSlabBuffer()))
	leaf := func(ctx context.Context) error { _ = scope.Make[byte](ctx, 1000); return nil }
	require.Zero(t, testing.AllocsPerRun(1000, func() { _ = scope.NoEscape(ctx, leaf) }))
	require.NoError(t, s.End())
}

// leaked calls f, in which a Scope is dropped, and returns the places that are reported.
func leaked(t *testing.T, n int, f func()) (places []string) {
	t.Helper()
	reports := make(chan string, 100)
	scope.OnLeak(func(place string) { reports <- place })
	defer scope.OnLeak(nil)
	before := scope.Leaks()
	f()
	for deadline := time.After(30 * time.Second); len(places) < n; {
		runtime.GC()
		select {
		case place := <-reports:
			places = append(places, place)
		case <-deadline:
			t.Fatalf("%d of %d leaks are reported", len(places), n)
		case <-time.After(time.Millisecond):
		}
	}
	runtime.GC()
	time.Sleep(5 * time.Millisecond)
	require.Empty(t, reports)
	require.Equal(t, before+uint64(n), scope.Leaks())
	return places
}

//go:noinline
func drop(ctx context.Context) scope.Stamp {
	ctx, _ = scope.Open(ctx)
	ctx, _ = scope.Open(context.WithValue(ctx, key(1), 1))
	_, s, _ := scope.Alloc[byte](ctx, 100)
	return s
}

func TestLeak(t *testing.T) {
	for kind, outside := range kinds() {
		t.Run(kind, func(t *testing.T) {
			var stamp scope.Stamp
			places := leaked(t, 2, func() { stamp = drop(outside) })
			for _, place := range places {
				require.Regexp(t, `/open_test\.go:\d+ \(.*drop\)$`, place)
			}
			require.NoError(t, scope.NoEscape(outside, func(context.Context) error { return nil }))
			require.True(t, !stamp.Scoped() || !stamp.Live(), "the next scope ends it")
			if buf, ok := memory.As[bumper.Buffer](scope.AllocatorFrom(outside)); ok {
				require.Zero(t, buf.Stats().Used)
				stamp = scope.Stamp{}
				leaked(t, 2, func() { stamp = drop(outside) })
				require.True(t, stamp.Live(), "only the goroutine that uses the buffer ends it")
				require.NoError(t, buf.Reset(), "as Reset does")
				require.False(t, stamp.Live())
			}
		})
	}
}

// By default each place is logged once.
func TestLeakIsLogged(t *testing.T) {
	var log lockedBuffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	defer slog.SetDefault(before)
	scope.OnLeak(func(place string) { t.Error("reported by what nil stands for no more:", place) })
	scope.OnLeak(nil)
	for range 3 {
		want := scope.Leaks() + 1
		forgotten(t.Context())
		require.Eventually(t, func() bool { runtime.GC(); return scope.Leaks() >= want }, 30*time.Second, time.Millisecond)
	}
	require.Eventually(t, func() bool { return log.String() != "" }, 30*time.Second, time.Millisecond)
	time.Sleep(5 * time.Millisecond)
	require.Regexp(t, `^time=\S+ level=WARN msg="scope: a Scope was never ended" opened="\S*/open_test\.go:\d+ \(\S*forgotten\)"\n$`, log.String())
}

//go:noinline
func forgotten(ctx context.Context) { _, _ = scope.Open(ctx) }

// lockedBuffer is a bytes.Buffer for goroutines.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// TestOpenConformance: the context of an open scope keeps the contract of an allocator.
func TestOpenConformance(t *testing.T) {
	for kind, new := range levels() {
		t.Run(kind, func(t *testing.T) {
			scopetest.TestAllocator(t, func() scope.Allocator {
				ctx, s := scope.Open(scope.WithAllocator(context.Background(), new()))
				t.Cleanup(func() { require.NoError(t, s.End()) })
				return scope.AllocatorFrom(ctx)
			})
		})
	}
}

// What is below another level is ended when that has gone.
func TestLeakBelowOthers(t *testing.T) {
	buf := bumper.NewSlabBuffer()
	outside := scope.WithAllocator(t.Context(), buf)
	var lost scope.Stamp
	var s *scope.Scope
	leaked(t, 2, func() {
		lost = drop(outside)
		_, s = scope.Open(outside)
	})
	require.ErrorIs(t, buf.Reset(), bumper.ErrOpenScope)
	require.True(t, lost.Live())
	require.NoError(t, s.End())
	require.NoError(t, buf.Reset())
	require.False(t, lost.Live())
}

// What was dropped is ended by whoever uses the buffer next, be it Open, the End of a scope
// below, or the End of its parent.
func TestLeakIsEndedByTheNext(t *testing.T) {
	buf := bumper.NewSlabBuffer()
	outside := scope.WithAllocator(t.Context(), buf)
	leaked(t, 2, func() { drop(outside) })
	_, s := scope.Open(outside)
	require.Zero(t, buf.Stats().Used)
	leaked(t, 2, func() { drop(outside) })
	require.NoError(t, s.End(), "what is above it is nobody's")

	var parent *scope.Scope
	var ctx, last context.Context
	leaked(t, 2, func() {
		ctx, parent = scope.Open(outside)
		drop(ctx)
		last, _ = scope.Open(ctx)
	})
	stamp := block(t, last, 100)
	require.NoError(t, parent.End(), "all above it are its own")
	require.False(t, stamp.Live())
	require.NoError(t, buf.Reset())
}

// TestChildrenAreForgotten: a long-lived scope does not grow with the children it has had.
func TestChildrenAreForgotten(t *testing.T) {
	for _, a := range []scope.Allocator{scope.Heap(), bumper.NewSlabBuffer(), locked.Share(bumper.NewSlabBuffer())} {
		ctx, s := scope.Open(scope.WithAllocator(t.Context(), a))
		heap := func() int64 {
			var m runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&m)
			return int64(m.HeapAlloc)
		}
		before := heap()
		for range 20_000 {
			_, child := scope.Open(ctx)
			require.NoError(t, child.End())
		}
		if _, ok := a.(bumper.Buffer); !ok { // where scopes end in any order
			var open []*scope.Scope
			for range 20_000 {
				_, child := scope.Open(ctx)
				if open = append(open, child); len(open) == 8 {
					require.NoError(t, open[0].End())
					open = append(open[:0], open[1:]...)
				}
			}
			for _, child := range open {
				require.NoError(t, child.End())
			}
		}
		require.Less(t, heap()-before, int64(1<<20))
		require.NoError(t, s.End())
	}
}

// A scope is no leak as long as its context, or the one of a child, is in use.
func TestContextKeepsScope(t *testing.T) {
	reports := make(chan string, 10)
	scope.OnLeak(func(place string) { reports <- place })
	defer scope.OnLeak(nil)
	var inUse []context.Context
	for _, a := range []scope.Allocator{bumper.NewSlabBuffer(), meter.New(locked.Share(bumper.NewSlabBuffer()), meter.Fallback())} {
		ctx, _ := scope.Open(scope.WithAllocator(t.Context(), a))
		ctx = context.WithValue(ctx, key(1), 1)
		ctx, s := scope.Open(ctx)
		runtime.GC()
		time.Sleep(10 * time.Millisecond)
		require.True(t, block(t, ctx, 100).Scoped())
		require.NoError(t, s.End())
		require.Empty(t, reports)
		inUse = append(inUse, ctx)
	}
	require.Len(t, inUse, 2)
	leaked(t, 2, func() { inUse = nil })
}

// TestOpenIsTold: a buffer is told of a scope when its level is open, and what is opened in a
// private region by its first allocation.
func TestOpenIsTold(t *testing.T) {
	buf := bumper.NewSlabBuffer()
	sharing := handshake.SharingOf(buf)
	var depths []int
	var places []string
	sharing.Entered = func(_ context.Context, pc uintptr) {
		depths = append(depths, sharing.Levels.Depth())
		places = append(places, callsite.Place(pc))
	}
	_, outer := scope.Open(scope.WithAllocator(t.Context(), buf))
	_, inner := scope.Open(scope.WithAllocator(t.Context(), buf))
	require.Equal(t, []int{1, 2}, depths)
	require.NoError(t, inner.End())
	require.NoError(t, outer.End())

	shared := locked.Share(bumper.NewSlabBuffer(), locked.Regions(func(storage bumper.Source) bumper.Buffer {
		own := bumper.NewSlabBuffer(bumper.From(storage))
		sharing = handshake.SharingOf(own)
		sharing.Entered = func(_ context.Context, pc uintptr) {
			depths = append(depths, sharing.Levels.Depth())
			places = append(places, callsite.Place(pc))
		}
		return own
	}))
	ctx, s := scope.Open(scope.WithAllocator(t.Context(), shared))
	require.Len(t, depths, 2)
	_ = scope.Make[int](ctx, 1)
	require.Equal(t, []int{1, 2, 1}, depths)
	require.NoError(t, s.End())
	for _, place := range places {
		require.Contains(t, place, "TestOpenIsTold")
	}
}
