package locked_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
)

// TestOutside: a closure that allocates from the context outside by mistake fills the
// shared buffer. Stats and the error that follows say so.
func TestOutside(t *testing.T) {
	shared := locked.Share(bumper.NewSlabBuffer(bumper.Limit(1 << 20)))
	outer := scope.WithAllocator(t.Context(), shared)
	var err error
	for range 100 {
		err = scope.NoEscape(outer, func(ctx context.Context) error {
			_ = scope.Make[byte](ctx, 1000)
			_ = scope.Make[byte](outer, 64<<10) // outer instead of ctx
			return nil
		})
		if err != nil {
			break
		}
	}
	outside := shared.Stats().Outside
	require.Greater(t, outside, 512<<10)
	require.Zero(t, outside%(64<<10), "what regions took is not counted")
	var exhausted *scope.ExhaustedError
	require.ErrorAs(t, err, &exhausted)
	require.EqualValues(t, outside, exhausted.Outside)
	err = scope.NoEscape(outer, func(ctx context.Context) error {
		_ = scope.Make[byte](ctx, 1<<20)
		return nil
	})
	require.ErrorContains(t, err, "bytes allocated outside every scope stay until Reset")
	require.ErrorAs(t, err, &exhausted)
	require.EqualValues(t, outside, exhausted.Outside, "of a region, too")
	require.NoError(t, shared.Reset())
	require.Zero(t, shared.Stats().Outside)
}
