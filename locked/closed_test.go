package locked_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
)

// TestClosedHasNothing: of a closed buffer nothing is idle, and nothing can be taken.
func TestClosedHasNothing(t *testing.T) {
	for name, buf := range map[string]bumper.Buffer{
		"alloc":       bumper.NewAllocBuffer(1 << 20),
		"on":          bumper.NewAllocBufferOn(make([]byte, 1<<20)),
		"slab":        bumper.NewSlabBuffer(bumper.Limit(1 << 20)),
		"autoscaling": bumper.NewAutoscalingBuffer(bumper.Limit(1 << 20)),
	} {
		shared := locked.Share(buf)
		ctx := scope.WithAllocator(t.Context(), shared)
		require.NoError(t, request(ctx, 1000))
		require.NoError(t, shared.Close())
		for range 2 {
			err := request(ctx, 1000)
			var e *scope.ExhaustedError
			require.ErrorAs(t, err, &e, name)
			require.ErrorIs(t, err, bumper.ErrClosed, name)
			require.Zero(t, e.Available, name)
			require.Zero(t, shared.Stats().Capacity, name)
		}
	}
}
