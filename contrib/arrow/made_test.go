package arrowscope_test

import (
	"context"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
	arrowscope "github.com/allocarrays/allocarrays-go/contrib/arrow"
	"github.com/allocarrays/allocarrays-go/scope"
)

// TestArrowMade: what Arrow's builders have made in the scope can be had, and is stale with it.
func TestArrowMade(t *testing.T) {
	buf := newShared()
	var kept allocarray.AllocArray[float64]
	inScope(t, buf, func(_ context.Context, mem *arrowscope.Allocator) {
		b := array.NewFloat64Builder(mem)
		for i := range 1000 {
			b.Append(float64(i))
		}
		arr := b.NewFloat64Array()
		var err error
		kept, err = arrowscope.From[float64](mem, arr)
		require.NoError(t, err)
		assert.Equal(t, 499500.0, allocarray.Sum(kept))
		arr.Release() // which changes nothing
		b.Release()
		assert.Equal(t, 499500.0, allocarray.Sum(kept))
		assert.Zero(t, mem.Stats().Heap)
	})
	var stale *scope.StaleError
	require.ErrorAs(t, recovered(func() { allocarray.Sum(kept) }), &stale)
}

func recovered(fn func()) (err error) {
	defer func() { err, _ = recover().(error) }()
	fn()
	return nil
}
