package allocarray_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/guard"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// counting is an allocator that counts what it hands out.
type counting struct {
	scope.Allocator
	blocks, bytes int
}

func (c *counting) Alloc(size, align uintptr) (memory.Block, error) {
	c.blocks++
	c.bytes += int(size)
	return c.Allocator.Alloc(size, align)
}

// TestNoTemporaries: an operation takes memory for its result and for nothing else, so that it has no
// temporaries to release: one block at most, which is there when it returns.
func TestNoTemporaries(t *testing.T) {
	inMode(t, guard.Off)
	with := 0
	for _, c := range elementCalls() {
		after, _ := runOnList(t, c, func(*operands[float64]) {})
		require.Equal(t, after.live, after.peak, "%s: bytes in the end, and at most", c.name)

		a := &counting{Allocator: scope.Heap()}
		o := newOperands[float64](t.Context())
		require.NoError(t, scope.NoEscape(scope.WithAllocator(t.Context(), a), func(ctx context.Context) error {
			c.run(ctx, o)
			return nil
		}))
		require.LessOrEqual(t, a.blocks, 1, c.name)
		if c.name != "AllocArray.Release" {
			require.Equal(t, after.live, a.bytes, "%s: bytes", c.name)
		}
		with += a.blocks
	}
	require.Greater(t, with, 60, "operations that take memory")
}
