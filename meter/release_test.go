package meter_test

import (
	"context"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/meter"
	"github.com/allocarrays/allocarrays-go/plan/replay"
	"github.com/allocarrays/allocarrays-go/scope"
)

// TestReleaseBehindMeter: a meter that sees each block leaves the region behind it able to
// take single blocks back.
func TestReleaseBehindMeter(t *testing.T) {
	for name, option := range map[string]meter.Option{"zero": meter.Zero(), "trace": meter.Trace(io.Discard)} {
		t.Run(name, func(t *testing.T) {
			shared := locked.Share(bumper.NewSlabBuffer(), locked.Regions(replay.Regions(new(replay.Plans))))
			ctx := scope.WithAllocator(t.Context(), meter.New(shared, option))
			require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
				return scope.NoEscape(ctx, func(ctx context.Context) error {
					for range 100 {
						mem, stamp, err := scope.Alloc[byte](ctx, 100<<10)
						if err != nil {
							return err
						}
						mem[0] = 1
						if err := scope.Release(ctx, mem, stamp); err != nil {
							return err
						}
						require.False(t, stamp.Live())
					}
					return nil
				})
			}))
			require.Less(t, shared.Stats().Capacity, 2<<20, "for one block at a time")
		})
	}
}
