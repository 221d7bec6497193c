package locked_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// TestExtend: in a region a block becomes longer in place if it is the last one of the
// open scope, and is refused otherwise.
func TestExtend(t *testing.T) {
	ctx := locked.WithLockedBumper(t.Context(), bumper.NewSlabBuffer())
	require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
		region := scope.AllocatorFrom(ctx).(memory.Extender)
		alloc := func(size uintptr) memory.Block {
			b, err := region.Alloc(size, 8)
			require.NoError(t, err)
			return b
		}
		first, second := alloc(8), alloc(8)
		for name, c := range map[string]struct {
			block memory.Block
			size  uintptr
		}{
			"not the last":    {first, 16},
			"shorter":         {second, 7},
			"no more aligned": {second, 64},
			"no block":        {memory.Block{}, 8},
			"of the heap":     {memory.NewBlock(make([]byte, 8), scope.Stamp{}), 16},
			"no memory":       {second, ^uintptr(0)},
			"too much":        {second, ^uintptr(0) >> 3},
		} {
			b, ok := region.Extend(c.block, c.size)
			require.False(t, ok, name)
			require.Equal(t, c.block, b, name)
		}
		longer, ok := region.Extend(second, 63)
		require.True(t, ok)
		require.Same(t, &second.Bytes()[0], &longer.Bytes()[0])
		require.Len(t, longer.Bytes(), 63)

		longer, ok = region.Extend(alloc(100), 400_000)
		require.True(t, ok, "the memory behind the region's is idle")
		longer.Bytes()[399_999] = 1

		var stale memory.Block
		for i := range 2 { // on a kept region, where the scopes of a worker begin at one place
			require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
				inner := scope.AllocatorFrom(ctx).(memory.Extender)
				b, err := inner.Alloc(100, 8)
				if i == 0 {
					stale = b
					return err
				}
				require.Same(t, &stale.Bytes()[0], &b.Bytes()[0])
				_, ok := inner.Extend(stale, 200)
				require.False(t, ok)
				return err
			}))
		}
		return nil
	}))
}
