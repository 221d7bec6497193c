package allocarray_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
)

// TestConcurrentReads: goroutines share an operand, write to rows of their own of
// one result, and take their temporaries from one buffer.
func TestConcurrentReads(t *testing.T) {
	const workers, rounds = 8, 50
	x := allocarray.Arange[float64](t.Context(), 64).Reshape(8, 8)
	sums := allocarray.New[float64](t.Context(), workers, 8)
	g := locked.NewGroup(locked.WithLockedBumper(t.Context(), bumper.NewSlabBuffer()))
	for i := range workers {
		g.Go(func(ctx context.Context) error {
			for range rounds {
				err := scope.NoEscape(ctx, func(ctx context.Context) error {
					y := allocarray.MulScalar(ctx, x.Transpose(), float64(i))
					allocarray.SumAxisInto(sums.Index(0, i), y, 0)
					return nil
				})
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	require.NoError(t, g.Wait())
	for i := range workers {
		require.Equal(t, float64(i)*allocarray.Sum(x), allocarray.Sum(sums.Index(0, i)))
	}
}
