package adopting_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/scope"
)

// TestGonumOnArrays: gonum, and with it a BLAS, reads and writes arrays through Data.
func TestGonumOnArrays(t *testing.T) {
	ctx := scope.WithAllocator(t.Context(), bumper.NewSlabBuffer())
	require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
		x := allocarray.Arange[float64](ctx, 6).Reshape(2, 3)
		product := x.Similar(ctx, 2, 2)
		m := mat.NewDense(2, 3, x.Data())
		mat.NewDense(2, 2, product.Data()).Mul(m, m.T())
		require.Equal(t, allocarray.MatMul(ctx, x, x.Transpose()).Data(), product.Data())
		return nil
	}))
}
