package locked_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/trial"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
)

// ticking runs a test in a bubble, with a shared buffer of 1 MiB slabs.
func ticking(t *testing.T, test func(t *testing.T, shared *locked.Buffer, ctx context.Context, src *trial.Source), opts ...locked.Option) {
	synctest.Test(t, func(t *testing.T) {
		src := &trial.Source{}
		shared := locked.Share(bumper.NewSlabBuffer(bumper.From(src)), opts...)
		test(t, shared, scope.WithAllocator(t.Context(), shared), src)
		require.NoError(t, src.Err)
	})
}

// TestQuarter: storage goes back where less than a quarter of it is used, and not where more
// is.
func TestQuarter(t *testing.T) {
	for use, goes := range map[int]bool{18 << 20: true, 22 << 20: true, 27 << 20: false} {
		ticking(t, func(t *testing.T, shared *locked.Buffer, ctx context.Context, _ *trial.Source) {
			require.NoError(t, request(ctx, 100<<20))
			for range 20 {
				require.NoError(t, request(ctx, use))
				time.Sleep(time.Second)
			}
			require.Equal(t, goes, shared.Stats().Capacity < 100<<20, "%d bytes of 100 MiB", use)
		})
	}
}

// TestOnlyBeyondTheCeiling: no more goes back at once than there is too much.
func TestOnlyBeyondTheCeiling(t *testing.T) {
	ticking(t, func(t *testing.T, shared *locked.Buffer, ctx context.Context, _ *trial.Source) {
		require.Zero(t, burst(ctx, 5, 1<<20))
		synctest.Wait()
		require.Equal(t, 3<<20, shared.Stats().Capacity)
		locked.Retain(0, 1<<20)(shared)
		synctest.Wait()
		require.Equal(t, 1<<20, shared.Stats().Capacity, "an option applies from now on")
	}, locked.Retain(0, 3<<20))
}

// TestPartlyUsedServesOn: what is idle of a piece that is partly in use serves requests, though
// it is beyond the ceiling, until little was used for six seconds.
func TestPartlyUsedServesOn(t *testing.T) {
	ticking(t, func(t *testing.T, shared *locked.Buffer, ctx context.Context, src *trial.Source) {
		require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
			_ = scope.Make[byte](ctx, 16<<20)
			return nil
		}))
		require.NoError(t, scope.NoEscape(ctx, func(inner context.Context) error {
			_ = scope.Make[byte](inner, 100)
			synctest.Wait()
			require.Equal(t, 1, src.Acquired)
			time.Sleep(4 * time.Second)
			require.NoError(t, request(ctx, 8<<20))
			require.Equal(t, 1, src.Acquired)
			return nil
		}))
	}, locked.Retain(0, 17<<20))
	ticking(t, func(t *testing.T, shared *locked.Buffer, ctx context.Context, src *trial.Source) {
		r, g, alloc := opened(t, shared, nil)
		alloc(100)
		alloc(15 << 20)
		other, h, theirs := opened(t, shared, nil)
		theirs(100)
		require.Equal(t, 2, src.Acquired)
		pieces := src.Acquired
		locked.Retain(0, 1<<20)(shared)
		r.Release(g)
		for range 2 { // the piece of 15 MiB is idle and goes, that of the other region stays
			time.Sleep(1600 * time.Millisecond)
			require.NoError(t, request(ctx, 500<<10))
			require.Equal(t, pieces, src.Acquired)
		}
		other.Release(h)
	})
}

// TestSixSeconds: what is idle stays for six seconds after it was used, whatever else goes
// back meanwhile.
func TestSixSeconds(t *testing.T) {
	ticking(t, func(t *testing.T, shared *locked.Buffer, ctx context.Context, _ *trial.Source) {
		require.NoError(t, request(ctx, 20<<20))
		time.Sleep(time.Second)
		require.NoError(t, request(ctx, 20<<20, 5<<20)) // more than the ceiling
		synctest.Wait()
		require.Equal(t, 5<<20, shared.Stats().Capacity)
		time.Sleep(5 * time.Second)
		require.Equal(t, 5<<20, shared.Stats().Capacity)
		time.Sleep(5 * time.Second)
		require.Zero(t, shared.Stats().Capacity)
		require.False(t, locked.Armed(shared), "no timer is left")
	}, locked.Retain(0, 24<<20))
}

// TestNoTimerForWhatIsUsed: a buffer of which nothing is idle is not looked at.
func TestNoTimerForWhatIsUsed(t *testing.T) {
	ticking(t, func(t *testing.T, shared *locked.Buffer, ctx context.Context, _ *trial.Source) {
		r, g, alloc := opened(t, shared, nil)
		alloc(1 << 20)
		require.Equal(t, 1<<20, shared.Stats().Used)
		locked.Retain(0, 64<<20)(shared)
		require.False(t, locked.Armed(shared))
		r.Release(g)
		require.True(t, locked.Armed(shared))
	})
}

// TestIsolatedRests: the rests that spare regions of an isolating buffer hold go after twelve
// seconds, also while others are in use; then no timer is left.
func TestIsolatedRests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shared := isolating()
		ctx := scope.WithAllocator(t.Context(), shared)
		require.Zero(t, burst(ctx, 8, 100))
		require.Equal(t, 8, locked.Spares(shared))
		for range 13 {
			require.NoError(t, request(ctx, 100))
			time.Sleep(time.Second)
		}
		require.Equal(t, 1, locked.Spares(shared), "the one that is used")
		require.True(t, locked.Armed(shared))
		time.Sleep(13 * time.Second)
		require.Zero(t, locked.Spares(shared))
		require.False(t, locked.Armed(shared))

		require.Zero(t, burst(ctx, 8, 100))
		shared.Trim()
		require.Zero(t, locked.Spares(shared))
		locked.Look(shared) // as the timer does that has fired just before
		require.False(t, locked.Armed(shared))
	})
	shared := locked.Share(bumper.NewSlabBuffer())
	require.Zero(t, burst(scope.WithAllocator(t.Context(), shared), 3, 100))
	shared.Trim()
	require.Equal(t, 3, locked.Spares(shared), "which hold nothing, and are used again")
}
