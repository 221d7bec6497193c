package allocarray_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/scope"
)

// An array of another element type is made with that type's zero array, which has no
// elements but knows the type.
func ExampleAllocArray_Similar_elementType() {
	ctx := context.Background()
	x := allocarray.Wrap([]float64{1.5, 2.5, 3.5, 4.5}, 2, 2)
	y := allocarray.AllocArray[int32]{}.Similar(ctx, x.Shape()...) // of x's shape, uninitialised
	y.Fill(7)
	fmt.Println(y)
	// Output:
	// [[7 7]
	//  [7 7]]
}

// TestSimilar: all three forms have the memory of the context, and of the shape and the
// element type that they ask for.
func TestSimilar(t *testing.T) {
	buf := bumper.NewSlabBuffer()
	ctx := scope.WithAllocator(t.Context(), buf)
	x := allocarray.New[float64](t.Context(), 10, 20)
	for _, c := range []struct {
		name  string
		make  func(ctx context.Context) (shape []int, live func() bool)
		shape []int
		bytes int
	}{
		{"like x", func(ctx context.Context) ([]int, func() bool) {
			y := x.Similar(ctx)
			return y.Shape(), y.Live
		}, []int{10, 20}, 1600},
		{"another shape", func(ctx context.Context) ([]int, func() bool) {
			y := x.Similar(ctx, 8, 2, 4)
			return y.Shape(), y.Live
		}, []int{8, 2, 4}, 512},
		{"another element type", func(ctx context.Context) ([]int, func() bool) {
			y := allocarray.AllocArray[uint8]{}.Similar(ctx, x.Shape()...)
			return y.Shape(), y.Live
		}, []int{10, 20}, 200},
	} {
		t.Run(c.name, func(t *testing.T) {
			var live func() bool
			require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
				before := buf.Stats().Used
				var shape []int
				shape, live = c.make(ctx)
				require.Equal(t, c.shape, shape)
				require.Equal(t, c.bytes, buf.Stats().Used-before)
				require.True(t, live())
				return nil
			}))
			require.False(t, live())
		})
	}
}
