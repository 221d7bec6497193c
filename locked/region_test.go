package locked_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/trial"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
)

// Goroutines that share a worker's context may open scopes with it at the same
// time: the second gets a region of its own.
func TestSameContextTwice(t *testing.T) {
	shared := locked.Share(bumper.NewSlabBuffer())
	require.NoError(t, scope.NoEscape(scope.WithAllocator(context.Background(), shared), func(ctx context.Context) error {
		for range 3 {
			inside, leave, done := make(chan []byte), make(chan struct{}), make(chan error)
			for range 2 {
				go func() {
					done <- scope.NoEscape(ctx, func(ctx context.Context) error {
						inside <- scope.Make[byte](ctx, 1000)
						<-leave
						return nil
					})
				}()
			}
			a, b := <-inside, <-inside
			require.Equal(t, 3, shared.Stats().Open)
			require.False(t, trial.Inside(a, b), "two scopes share memory")
			close(leave)
			require.NoError(t, <-done)
			require.NoError(t, <-done)
			require.Equal(t, 2, shared.Stats().Open, "one is kept for the worker's next scope")
		}
		return nil
	}))
	requireCalm(t, shared)
}

// Scopes that a worker opens one after the other have one context. Who keeps it from
// the first allocates in the second: in the same worker, never in a stranger.
func TestKeptWithinAWorker(t *testing.T) {
	shared := locked.Share(bumper.NewSlabBuffer())
	require.NoError(t, scope.NoEscape(scope.WithAllocator(context.Background(), shared), func(ctx context.Context) error {
		kept := keepContext(t, ctx)
		late := scope.Make[byte](kept, 10)
		require.EqualValues(t, 1, shared.Stats().Late, "between two scopes it is late")
		var stamp scope.Stamp
		require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
			require.Equal(t, kept, ctx)
			block, err := scope.AllocatorFrom(kept).Alloc(10, 1)
			stamp = block.Stamp
			require.True(t, stamp.Live())
			return err
		}))
		require.False(t, stamp.Live())
		require.Len(t, late, 10)
		return nil
	}))
}

// The report of a use after the end names the function whose return was the end.
func TestEndOfARegion(t *testing.T) {
	shared := locked.Share(bumper.NewSlabBuffer())
	ctx := scope.WithAllocator(context.Background(), shared)
	var stamp scope.Stamp
	for range 3 {
		require.NoError(t, scope.NoEscape(ctx, endingHere(&stamp)))
		require.Contains(t, stamp.End(), "region_test.go:")
		require.Contains(t, stamp.End(), "endingHere")
	}
	block, err := shared.Alloc(10, 1)
	require.NoError(t, err)
	require.NoError(t, shared.Reset())
	require.Contains(t, block.Stamp.End(), "locked_test.TestEndOfARegion", "the caller's line, not ours")
}

func endingHere(stamp *scope.Stamp) func(context.Context) error {
	return func(ctx context.Context) error {
		block, err := scope.AllocatorFrom(ctx).Alloc(10, 1)
		*stamp = block.Stamp
		return err
	}
}

// Regions of a small buffer have smaller slabs, so that several fit into it.
func TestSmallBuffer(t *testing.T) {
	shared := locked.Share(bumper.NewAllocBuffer(16 << 10))
	ctx := scope.WithAllocator(context.Background(), shared)
	require.NoError(t, together(4, func(int) error {
		return scope.NoEscape(ctx, func(ctx context.Context) error {
			_ = scope.Make[byte](ctx, 1000)
			_ = scope.Make[byte](ctx, 1000)
			return nil
		})
	}))
	requireCalm(t, shared)
	require.NoError(t, scope.NoEscape(scope.WithAllocator(ctx, locked.Share(bumper.NewAllocBuffer(100))), func(ctx context.Context) error {
		_ = scope.Make[byte](ctx, 60) // less than the smallest slab is served as well
		return nil
	}))
}

// The values of a context pass through a region, which is a context as any other.
func TestRegionIsAContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.WithValue(context.Background(), lateKey{}, 7))
	ctx = locked.WithLockedBumper(ctx, bumper.NewSlabBuffer())
	require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
		require.Equal(t, 7, ctx.Value(lateKey{}))
		require.Equal(t, ctx, scope.AllocatorFrom(context.WithValue(ctx, lateKey{}, 8)))
		cancel()
		require.ErrorIs(t, ctx.Err(), context.Canceled)
		return nil
	}))
}

// NoEscape without a function panics like a call of it, and opens nothing.
func TestNoFunction(t *testing.T) {
	shared := locked.Share(bumper.NewSlabBuffer())
	require.Panics(t, func() { _ = scope.NoEscape(scope.WithAllocator(context.Background(), shared), nil) })
	require.Zero(t, shared.Stats().Open)
	require.NoError(t, shared.Reset())
}
