package locked_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/handshake"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
)

// The memory of a scope that still runs in a sub-goroutine stays its own when the
// worker, whose kept region it is on, ends.
func TestKeptRegionStaysWithItsScope(t *testing.T) {
	buf := bumper.NewSlabBuffer()
	ctx := locked.WithLockedBumper(context.Background(), buf)
	in, gone, done := make(chan bool), make(chan bool), make(chan bool)
	var mine []int64
	require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
		go func() {
			defer close(done)
			_ = scope.NoEscape(ctx, func(ctx context.Context) error {
				mine = scope.Make[int64](ctx, 100)
				mine[0] = 42
				close(in)
				<-gone
				return nil
			})
		}()
		<-in
		return nil
	}))
	require.ErrorIs(t, buf.Reset(), bumper.ErrHeld)
	for range 2 {
		_ = scope.NoEscape(ctx, func(ctx context.Context) error {
			return scope.NoEscape(ctx, func(ctx context.Context) error {
				scope.Make[int64](ctx, 100)[0] = 7
				scope.Make[int64](ctx, 10000)[0] = 7
				return nil
			})
		})
	}
	require.EqualValues(t, 42, mine[0])
	close(gone)
	<-done
	require.NoError(t, buf.Reset())
}

// A closed region that a worker keeps does not withhold what its scope needed.
func TestKeptRegionGivesBackWhatIsLarge(t *testing.T) {
	ctx := locked.WithLockedBumper(context.Background(), bumper.NewAllocBuffer(1<<20))
	large := func(ctx context.Context) error {
		_ = scope.Make[byte](ctx, 600<<10)
		return nil
	}
	require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
		if err := scope.NoEscape(ctx, large); err != nil {
			return err
		}
		return large(ctx)
	}))
}

// Regions of an isolating buffer stay within its limit and end with it.
func TestRegionsOfIsolating(t *testing.T) {
	alloc := func(ctx context.Context, n int) error {
		return scope.NoEscape(ctx, func(ctx context.Context) error {
			_ = scope.Make[byte](ctx, n)
			return nil
		})
	}
	limited := locked.WithLockedBumper(context.Background(), bumper.NewSlabBuffer(bumper.Isolating(), bumper.Limit(1<<20)))
	require.ErrorIs(t, alloc(limited, 64<<20), scope.ErrExhausted)
	require.NoError(t, alloc(limited, 1000))

	buf := bumper.NewSlabBuffer(bumper.Isolating())
	closing := locked.WithLockedBumper(context.Background(), buf)
	require.NoError(t, alloc(closing, 1000))
	require.NoError(t, buf.Close())
	require.ErrorIs(t, alloc(closing, 1000), bumper.ErrClosed)
}

// A small region leaves a large idle chunk to a scope that needs it, instead of standing on
// a part of it.
func TestLargeChunkIsNotWasted(t *testing.T) {
	buf := bumper.NewSlabBuffer(bumper.SlabSize(16 << 20))
	ctx := locked.WithLockedBumper(context.Background(), buf)
	large := func() {
		require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
			_ = scope.Make[byte](ctx, 4<<20)
			return nil
		}))
	}
	large()
	require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
		_ = scope.Make[byte](ctx, 100)
		before := buf.Stats().Used
		large()
		require.Equal(t, before, buf.Stats().Used)
		return nil
	}))
}

// A region that runs out takes what closed regions keep, not what an open one stands on or
// has ready for its scope.
func TestOpenRegionKeepsWhatItHas(t *testing.T) {
	shared := locked.Share(bumper.NewAllocBuffer(1 << 20))
	first, g, ok := shared.OpenRegion()
	require.True(t, ok)
	defer first.Release(g)
	use := func(r handshake.Region, g handshake.Generation) {
		for range 6 {
			_, err := r.AllocIn(g, 60<<10, 64)
			require.NoError(t, err)
		}
	}
	use(first, g)
	first.Close(g, 0)
	require.True(t, first.Reopen(g))
	other, og, ok := shared.OpenRegion()
	require.True(t, ok)
	defer other.Release(og)
	for {
		if _, err := other.AllocIn(og, 60<<10, 64); err != nil {
			require.ErrorIs(t, err, scope.ErrExhausted)
			break
		}
	}
	use(first, g)
}

// noStats panics when it is asked for its statistics.
type noStats struct{ *bumper.SlabBuffer }

func (n *noStats) Stats() bumper.Stats { panic("no statistics") }

// A buffer that panics while a region is opened is neither held nor locked afterwards.
func TestOpeningPanics(t *testing.T) {
	buf := &noStats{bumper.NewSlabBuffer()}
	ctx := locked.WithLockedBumper(context.Background(), buf)
	for range 2 {
		require.PanicsWithValue(t, "no statistics", func() {
			_ = scope.NoEscape(ctx, func(context.Context) error { return nil })
		})
	}
	require.False(t, handshake.SharingOf(buf).Held())
	require.NoError(t, buf.Reset())
}
