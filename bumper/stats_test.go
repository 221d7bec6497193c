package bumper_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/scope"
)

// TestOutside: what is allocated outside every scope is counted apart, whatever scopes
// come and go, until Reset; and an error that says memory is exhausted names it.
func TestOutside(t *testing.T) {
	for name, buf := range map[string]bumper.Buffer{
		"alloc":       bumper.NewAllocBuffer(64 << 10),
		"slab":        bumper.NewSlabBuffer(bumper.SlabSize(16<<10), bumper.Limit(64<<10)),
		"autoscaling": bumper.NewAutoscalingBuffer(bumper.Initial(16<<10), bumper.Limit(64<<10)),
	} {
		t.Run(name, func(t *testing.T) {
			ctx := scope.WithAllocator(t.Context(), buf)
			_ = scope.Make[byte](ctx, 20_000)
			err := scope.NoEscape(ctx, func(ctx context.Context) error {
				_ = scope.Make[byte](ctx, 10_000)
				stats := buf.Stats()
				require.InDelta(t, 20_000, stats.Outside, 500) // a custom slab is rounded up
				require.Greater(t, stats.Used, stats.Outside+9000)
				return scope.NoEscape(ctx, func(ctx context.Context) error {
					_ = scope.Make[byte](ctx, 60_000)
					return nil
				})
			})
			var exhausted *scope.ExhaustedError
			require.ErrorAs(t, err, &exhausted)
			require.EqualValues(t, buf.Stats().Outside, exhausted.Outside)
			require.Contains(t, err.Error(), " bytes allocated outside every scope stay until Reset")
			require.Contains(t, buf.Stats().String(), "outside every scope")
			require.NoError(t, buf.Reset())
			require.Zero(t, buf.Stats().Outside)
			require.NotContains(t, buf.Stats().String(), "outside every scope")
		})
	}
}
