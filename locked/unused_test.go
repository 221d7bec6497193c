package locked_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
)

// TestUnusedSpanGoesBack: a region that holds a span and uses nothing of it, because the
// first block of its scope is too large for it, gives it back before the piece that the span
// was in can go.
func TestUnusedSpanGoesBack(t *testing.T) {
	shared := locked.Share(bumper.NewSlabBuffer(bumper.SlabSize(16 << 10)))
	ctx := scope.WithAllocator(t.Context(), shared)
	fill := func(n int) func(context.Context) error {
		return func(ctx context.Context) error {
			s := scope.Make[byte](ctx, n)
			s[n-1] = 1
			return nil
		}
	}
	for range 3 {
		require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
			require.NoError(t, scope.NoEscape(ctx, fill(16<<10))) // all of a piece, which the region keeps
			return scope.NoEscape(ctx, func(ctx context.Context) error {
				scope.Make[byte](ctx, 100<<10) // for which that is too small
				shared.Trim()                  // so the piece goes
				require.Zero(t, shared.Stats().Idle)
				require.NoError(t, scope.NoEscape(ctx, fill(40<<10)))
				require.NoError(t, scope.NoEscape(ctx, fill(70<<10)))
				return nil
			})
		}))
		require.Zero(t, shared.Stats().Used)
		shared.Trim()
		require.Zero(t, shared.Stats().Capacity)
	}
}
