package bumper_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/trial"
	"github.com/allocarrays/allocarrays-go/scope"
)

// TestLoopAtTheEndOfASlab is the slow case in the README of Bumper.jl: a slab is nearly
// full, so that each turn of a loop needs another for a few bytes. There each turn takes
// a slab and gives it back. Here the first turn takes it, and the others find it.
func TestLoopAtTheEndOfASlab(t *testing.T) {
	const slab = 10_000
	src := &trial.Source{}
	ctx := scope.WithAllocator(t.Context(), bumper.NewSlabBuffer(bumper.SlabSize(slab), bumper.From(src)))
	require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
		scope.Make[int8](ctx, slab/2-64) // just under half of the slab, with room for alignment
		scope.Make[int8](ctx, slab/2-64) // and just under the other half
		scope.Make[int8](ctx, 63)
		require.Equal(t, 1, src.Acquired)
		for range 1000 {
			err := scope.NoEscape(ctx, func(ctx context.Context) error {
				scope.Make[int8](ctx, 100)
				return nil
			})
			require.NoError(t, err)
		}
		require.Equal(t, 2, src.Acquired)
		require.Zero(t, src.Released)
		return nil
	}))
}
