package bumper_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/scope"
)

// nest opens scopes to a depth, one in the other, with 1000 bytes in each, and checks
// that a block lives and keeps its data for exactly as long as its own scope.
func nest(t *testing.T, ctx context.Context, depth int) scope.Stamp {
	if depth == 0 {
		return scope.Stamp{}
	}
	var own, inner scope.Stamp
	require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
		mine, stamp, err := scope.Alloc[byte](ctx, 1000)
		require.NoError(t, err)
		for i := range mine {
			mine[i] = byte(depth)
		}
		own = stamp
		for range 2 { // one after the other, in the same memory
			inner = nest(t, ctx, depth-1)
			require.Equal(t, depth == 1, inner.Live(), "the scope inside has ended")
			require.True(t, own.Live(), "the scope around it has not")
		}
		for _, v := range mine {
			require.Equal(t, byte(depth), v)
		}
		return nil
	}))
	return own
}

// TestNesting: scopes nest as deep as they like on every buffer.
func TestNesting(t *testing.T) {
	for name, new := range buffers {
		t.Run(name, func(t *testing.T) {
			buf := new()
			require.False(t, nest(t, scope.WithAllocator(t.Context(), buf), 6).Live())
			require.Zero(t, buf.Stats().Used)
		})
	}
}

// TestAutoscalingNests: a buffer that grows inside a nested scope keeps the data of the
// scopes around it, and takes its new size when the outermost has ended, not before.
func TestAutoscalingNests(t *testing.T) {
	buf := bumper.NewAutoscalingBuffer(bumper.Initial(1000))
	ctx := scope.WithAllocator(t.Context(), buf)
	require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
		outer := scope.Make[byte](ctx, 900)
		outer[899] = 42
		require.Equal(t, 1, buf.Stats().Slabs)
		require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
			clear(scope.Make[byte](ctx, 50_000))
			return nil
		}))
		require.Greater(t, buf.Stats().Slabs, 1, "not one piece yet: a scope is open")
		require.Equal(t, byte(42), outer[899])
		return nil
	}))
	require.Zero(t, buf.Stats().Used)
	require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
		scope.Make[byte](ctx, 900)
		return scope.NoEscape(ctx, func(ctx context.Context) error {
			scope.Make[byte](ctx, 50_000)
			require.Equal(t, 1, buf.Stats().Slabs, "one piece is enough now")
			return nil
		})
	}))
}
