package allocarray_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/scope"
)

// TestUnlockedBuffer: a buffer in a context is asked directly, with no lock between,
// and arrays on it are checked as all others are.
func TestUnlockedBuffer(t *testing.T) {
	buf := bumper.NewAllocBuffer(10_000)
	ctx := scope.WithAllocator(t.Context(), buf)
	require.Same(t, buf, scope.AllocatorFrom(ctx))
	var x allocarray.AllocArray[float32]
	require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
		require.Same(t, buf, scope.AllocatorFrom(ctx))
		x = allocarray.New[float32](ctx, 10, 20)
		require.Equal(t, 800, buf.Stats().Used)
		return nil
	}))
	require.IsType(t, &scope.StaleError{}, panicOf(func() { x.At(0, 0) }))
}
