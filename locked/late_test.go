package locked_test

import (
	"context"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/trial"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
)

// keepContext returns the context of a region after its end.
func keepContext(t *testing.T, ctx context.Context) (kept context.Context) {
	require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
		_ = scope.Make[byte](ctx, 100)
		kept = ctx
		return nil
	}))
	return kept
}

// requireLate checks that kept allocates on the heap, outside storage, and counted.
func requireLate(t *testing.T, shared *locked.Buffer, kept context.Context, storage []byte) {
	t.Helper()
	before := shared.Stats().Late
	b, err := scope.AllocatorFrom(kept).Alloc(100, 8)
	require.NoError(t, err)
	require.False(t, trial.Inside(b.Bytes(), storage), "a late block is in a chunk")
	require.False(t, b.Stamp.Scoped())
	require.Equal(t, before+1, shared.Stats().Late)
}

func TestLate(t *testing.T) {
	storage := make([]byte, 1<<20)
	shared := locked.Share(bumper.NewAllocBufferOn(storage))
	ctx := scope.WithAllocator(context.Background(), shared)
	kept := keepContext(t, ctx)
	requireLate(t, shared, kept, storage)

	for range 10_000 { // the region is used again and again by others
		require.NoError(t, scope.NoEscape(ctx, func(context.Context) error { return nil }))
	}
	requireLate(t, shared, kept, storage)

	require.NoError(t, scope.NoEscape(ctx, func(now context.Context) error {
		b, err := scope.AllocatorFrom(now).Alloc(64, 8)
		require.NoError(t, err)
		require.True(t, trial.Inside(b.Bytes(), storage), "who is in time gets the buffer's memory")
		requireLate(t, shared, kept, storage) // while the region is a stranger's
		requireLate(t, shared, context.WithValue(kept, lateKey{}, 0), storage)
		return nil
	}))
	require.EqualValues(t, 1, shared.Stats().Regions-10_001, "all used one region")
}

// A NoEscape on a context that is late runs, and releases nothing.
func TestLateScope(t *testing.T) {
	storage := make([]byte, 1<<20)
	shared := locked.Share(bumper.NewAllocBufferOn(storage))
	kept := keepContext(t, scope.WithAllocator(context.Background(), shared))
	require.NoError(t, scope.NoEscape(kept, func(ctx context.Context) error {
		requireLate(t, shared, ctx, storage)
		return nil
	}))
	require.Equal(t, io.EOF, scope.NoEscape(kept, func(context.Context) error { return io.EOF }))
	require.Zero(t, shared.Stats().Open)
	require.NoError(t, shared.Reset())
	requireLate(t, shared, kept, storage)
}

// A goroutine that outlives its worker, with contexts of both kinds: of the worker,
// and of a scope that the worker keeps for reuse.
func TestGoroutineOutlivesWorker(t *testing.T) {
	storage := make([]byte, 1<<20)
	shared := locked.Share(bumper.NewAllocBufferOn(storage))
	g := locked.NewGroup(scope.WithAllocator(context.Background(), shared))
	var worker, inner context.Context
	g.Go(func(ctx context.Context) error {
		worker = ctx
		return scope.NoEscape(ctx, func(ctx context.Context) error { inner = ctx; return nil })
	})
	require.NoError(t, g.Wait())
	for range 100 {
		requireLate(t, shared, worker, storage)
		requireLate(t, shared, inner, storage)
		require.NoError(t, scope.NoEscape(scope.WithAllocator(worker, shared), func(context.Context) error { return nil }))
	}
}

// A scope still open in a sub-goroutine when its worker ends goes on, and holds the
// buffer, until it ends itself.
func TestWorkerEndsUnderAScope(t *testing.T) {
	shared := locked.Share(bumper.NewSlabBuffer())
	ctx := scope.WithAllocator(context.Background(), shared)
	entered, goOn, done := make(chan scope.Stamp), make(chan struct{}), make(chan error)
	require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
		go func() {
			done <- scope.NoEscape(ctx, func(ctx context.Context) error {
				b, _ := scope.AllocatorFrom(ctx).Alloc(10, 1)
				entered <- b.Stamp
				<-goOn
				return nil
			})
		}()
		require.True(t, (<-entered).Live())
		return nil
	}))
	require.Equal(t, 1, shared.Stats().Open)
	require.ErrorIs(t, shared.Reset(), bumper.ErrHeld)
	close(goOn)
	require.NoError(t, <-done)
	require.Zero(t, shared.Stats().Open)
	require.NoError(t, shared.Reset())
}

type lateKey struct{}
