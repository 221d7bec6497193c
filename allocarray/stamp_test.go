package allocarray_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/scope"
)

func TestWrapStamped(t *testing.T) {
	ctx := scope.WithAllocator(context.Background(), bumper.NewSlabBuffer())
	var a, b allocarray.AllocArray[int32]
	require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
		s, stamp, err := scope.Alloc[int32](ctx, 6)
		if err != nil {
			return err
		}
		a = allocarray.WrapStamped(s, stamp, 2, 3)
		b = allocarray.WrapStamped(a.Data(), a.Stamp())
		b.Set(7, 5)
		assert.Equal(t, int32(7), a.At(1, 2))
		return nil
	}))
	assert.False(t, a.Live())
	assert.Panics(t, func() { b.Data() })
	assert.True(t, allocarray.Wrap([]int8{1}).Stamp().Live())
}
