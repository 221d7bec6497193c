package locked_test

import (
	"context"
	"errors"
	"io"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/meter"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

func TestOneFrontForABuffer(t *testing.T) {
	a, b := bumper.NewSlabBuffer(), bumper.NewSlabBuffer()
	require.Same(t, locked.Share(a), locked.Share(a))
	require.NotSame(t, locked.Share(a), locked.Share(b))
	require.Same(t, locked.Share(a), scope.AllocatorFrom(locked.WithLockedBumper(context.Background(), a)))
}

func TestResetDuringAGroup(t *testing.T) {
	for kind, new := range buffers {
		t.Run(kind, func(t *testing.T) {
			buf := new()
			cp := buf.Checkpoint()
			shared := locked.Share(buf)
			ctx := scope.WithAllocator(context.Background(), shared)
			kept := scope.Make[byte](ctx, 1000)
			kept[999] = 7
			g := locked.NewGroup(ctx)
			refused := func() error {
				return errors.Join(
					unlessHeld(buf.Reset()), unlessHeld(shared.Reset()), unlessHeld(buf.Restore(cp)),
					unlessHeld(buf.(memory.Unwinder).Unwind(cp)))
			}
			before := buf.Stats()
			require.NoError(t, refused(), "before any function runs")
			require.Equal(t, before, buf.Stats())
			for range 4 {
				g.Go(func(ctx context.Context) error {
					s := scope.Make[byte](ctx, 1000)
					s[0] = 9
					err := errors.Join(refused(), together(2, func(int) error { return refused() }))
					if s[0] != 9 {
						return errors.New("memory was released")
					}
					return err
				})
			}
			require.NoError(t, refused())
			require.NoError(t, g.Wait())
			require.NoError(t, g.Wait(), "a second Wait does no harm")
			require.True(t, cp.Live())
			require.Equal(t, byte(7), kept[999])
			require.NoError(t, buf.Restore(cp))
			require.NoError(t, shared.Reset())
			require.Zero(t, shared.Stats().Used)
		})
	}
}

// unlessHeld returns an error unless err is the refusal.
func unlessHeld(err error) error {
	if errors.Is(err, bumper.ErrHeld) {
		return nil
	}
	return errors.Join(errors.New("not refused"), err)
}

func TestGroupNeedsALock(t *testing.T) {
	for _, a := range []scope.Allocator{bumper.NewSlabBuffer(), meter.New(bumper.NewSlabBuffer(), meter.Fallback())} {
		ctx := scope.WithAllocator(context.Background(), a)
		require.PanicsWithValue(t,
			"locked: NewGroup: the context's *bumper.SlabBuffer is not safe for goroutines; use WithLockedBumper",
			func() { locked.NewGroup(ctx) })
	}
}

// stack is an allocator with checkpoints that is no buffer of package bumper.
type stack struct{ memory.Allocator }

func (stack) Checkpoint() memory.Checkpoint   { return memory.Checkpoint{} }
func (stack) Restore(memory.Checkpoint) error { return nil }

// TestGroupRefusesCheckpoints: the checkpoints of workers would interleave, whoever wrote
// the allocator.
func TestGroupRefusesCheckpoints(t *testing.T) {
	for name, a := range map[string]scope.Allocator{
		"direct":  stack{scope.Heap()},
		"wrapped": meter.New(stack{scope.Heap()}, meter.Fallback()),
	} {
		require.PanicsWithValue(t, "locked: NewGroup: the context's locked_test.stack is not safe for goroutines; use WithLockedBumper",
			func() { locked.NewGroup(scope.WithAllocator(t.Context(), a)) }, name)
	}
}

func TestGroupOnThePlainHeap(t *testing.T) {
	g := locked.NewGroup(context.Background())
	var sum atomic.Int64
	for i := range 10 {
		g.Go(func(ctx context.Context) error {
			s := scope.Make[int64](ctx, 100)
			s[3] = int64(i)
			sum.Add(s[3])
			return nil
		})
	}
	require.NoError(t, g.Wait())
	require.EqualValues(t, 45, sum.Load())
}

func TestGroupError(t *testing.T) {
	shared := locked.Share(bumper.NewSlabBuffer())
	g := locked.NewGroup(scope.WithAllocator(context.Background(), shared))
	own := errors.New("own")
	g.Go(func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
	g.Go(func(ctx context.Context) error { _ = scope.Make[byte](ctx, 100); return own })
	require.ErrorIs(t, g.Wait(), own)
	requireCalm(t, shared)
}

func TestGroupCancelled(t *testing.T) {
	shared := locked.Share(bumper.NewSlabBuffer())
	ctx, cancel := context.WithCancel(scope.WithAllocator(context.Background(), shared))
	g := locked.NewGroup(ctx)
	for range 4 {
		g.Go(func(ctx context.Context) error {
			_ = scope.Make[byte](ctx, 100)
			<-ctx.Done()
			_ = scope.Make[byte](ctx, 100) // still in its scope
			return ctx.Err()
		})
	}
	cancel()
	require.ErrorIs(t, g.Wait(), context.Canceled)
	requireCalm(t, shared)
}

func TestGroupExhausted(t *testing.T) {
	shared := locked.Share(bumper.NewAllocBuffer(100_000))
	g := locked.NewGroup(scope.WithAllocator(context.Background(), shared))
	g.Go(func(ctx context.Context) error { _ = scope.Make[byte](ctx, 200_000); return nil })
	err := g.Wait()
	var e *scope.ExhaustedError
	require.ErrorAs(t, err, &e)
	require.EqualValues(t, 200_000, e.Requested)
	require.ErrorContains(t, err, "bumper.AllocBuffer", "the buffer that is full is named")
	requireCalm(t, shared)
}

func TestGroupLimit(t *testing.T) {
	shared := locked.Share(bumper.NewSlabBuffer())
	g := locked.NewGroup(scope.WithAllocator(context.Background(), shared))
	g.SetLimit(2)
	goOn := make(chan struct{})
	wait := func(context.Context) error { <-goOn; return nil }
	require.True(t, g.TryGo(wait))
	require.True(t, g.TryGo(wait))
	require.False(t, g.TryGo(wait))
	close(goOn)
	for range 20 {
		g.Go(func(context.Context) error { return nil })
	}
	require.NoError(t, g.Wait())
	require.LessOrEqual(t, shared.Stats().Peak, 2)
	requireCalm(t, shared)
}

// The error of a function that TryGo began is the group's, as with Go.
func TestTryGoError(t *testing.T) {
	shared := locked.Share(bumper.NewSlabBuffer())
	g := locked.NewGroup(scope.WithAllocator(context.Background(), shared))
	require.True(t, g.TryGo(func(ctx context.Context) error {
		_ = scope.Make[byte](ctx, 10)
		return io.EOF
	}))
	require.Equal(t, io.EOF, g.Wait())
	require.EqualValues(t, 1, shared.Stats().Regions)
	requireCalm(t, shared)
}

func TestGroupGoexit(t *testing.T) {
	shared := locked.Share(bumper.NewSlabBuffer())
	g := locked.NewGroup(scope.WithAllocator(context.Background(), shared))
	g.Go(func(ctx context.Context) error { _ = scope.Make[byte](ctx, 10); runtime.Goexit(); return nil })
	require.NoError(t, g.Wait())
	requireCalm(t, shared)
}

// An unfinished group keeps the buffer, and only that one.
func TestGroupWithoutFunctions(t *testing.T) {
	shared := locked.Share(bumper.NewSlabBuffer())
	g := locked.NewGroup(scope.WithAllocator(context.Background(), shared))
	require.ErrorIs(t, shared.Reset(), bumper.ErrHeld)
	require.NoError(t, g.Wait())
	require.NoError(t, shared.Reset())
}

// A wrapper stays in force in the regions of a group; one that cannot be is refused.
func TestWrappers(t *testing.T) {
	shared := locked.Share(bumper.NewAllocBuffer(100_000))
	fallback := meter.New(shared, meter.Fallback())
	g := locked.NewGroup(scope.WithAllocator(context.Background(), fallback))
	g.Go(func(ctx context.Context) error {
		_ = scope.Make[byte](ctx, 200_000)
		return scope.NoEscape(ctx, func(ctx context.Context) error {
			_ = scope.Make[byte](ctx, 300_000)
			return nil
		})
	})
	require.NoError(t, g.Wait())
	stats := fallback.Stats()
	require.Equal(t, []uint64{2, 500_000}, []uint64{stats.HeapBlocks, stats.HeapBytes})
	requireCalm(t, shared)

	ctx := scope.WithAllocator(context.Background(), bypass{shared})
	require.PanicsWithValue(t,
		"scope: locked_test.bypass has Unwrap but no Rewrap: allocations in a private region would bypass it",
		func() { _ = scope.NoEscape(ctx, func(context.Context) error { return nil }) })
	requireCalm(t, shared)
}

// bypass is a wrapper that cannot be put around a region.
type bypass struct{ scope.Allocator }

func (b bypass) Unwrap() scope.Allocator { return b.Allocator }

func TestString(t *testing.T) {
	shared := locked.Share(bumper.NewAllocBuffer(1000))
	require.Equal(t, "locked.Buffer of a bumper.AllocBuffer: 0 of 0 bytes used, 0 outside every region, 0 idle in one piece, "+
		"limit 1000, high water 0; 0 regions open (peak 0, 0 in all, largest 0 bytes); 0 refused, 0 late", shared.String())
	_ = scope.NoEscape(scope.WithAllocator(context.Background(), shared), func(ctx context.Context) error {
		require.Contains(t, meter.New(scope.AllocatorFrom(ctx)).String(), "private region")
		return nil
	})
}

// TestScopeAroundAGroup: a plain scope on a buffer that ends while a region is open, which
// is a mistake, is not lost: it ends with the region, and the buffer can be reset again.
func TestScopeAroundAGroup(t *testing.T) {
	buf := bumper.NewSlabBuffer()
	plain := scope.WithAllocator(t.Context(), buf)
	opened, end := make(chan bool), make(chan bool)
	var g *locked.Group
	err := scope.NoEscape(plain, func(context.Context) error {
		g = locked.NewGroup(locked.WithLockedBumper(t.Context(), buf))
		for range 4 {
			g.Go(func(ctx context.Context) error {
				_ = scope.Make[int](ctx, 100)
				opened <- true
				<-end
				return nil
			})
			<-opened
		}
		return nil
	})
	require.ErrorIs(t, err, bumper.ErrHeld)
	require.ErrorIs(t, buf.Reset(), bumper.ErrHeld)
	close(end)
	require.NoError(t, g.Wait())
	require.NoError(t, buf.Reset())
	require.NoError(t, scope.NoEscape(plain, func(ctx context.Context) error { _ = scope.Make[int](ctx, 100); return nil }))
}
