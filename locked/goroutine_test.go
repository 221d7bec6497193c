package locked_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
)

// TestAllocInAnotherGoroutine: goroutines may allocate in a scope that another one
// opened. Their blocks do not overlap, and end with the scope.
func TestAllocInAnotherGoroutine(t *testing.T) {
	buf := bumper.NewSlabBuffer()
	arrays := make([]stamped, 8)
	require.NoError(t, scope.NoEscape(locked.WithLockedBumper(t.Context(), buf), func(ctx context.Context) error {
		if err := together(len(arrays), func(i int) error {
			for range 100 {
				arrays[i] = alloc(ctx, 100)
				for j := range arrays[i].data {
					arrays[i].data[j] = float64(i)
				}
			}
			return nil
		}); err != nil {
			return err
		}
		for i, a := range arrays {
			for _, v := range a.use() {
				require.Equal(t, float64(i), v)
			}
		}
		return nil
	}))
	for _, a := range arrays {
		require.False(t, a.stamp.Live())
	}
	require.NoError(t, buf.Reset())
}
