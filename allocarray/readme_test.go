package allocarray_test

import (
	"context"
	"fmt"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/scope"
)

// Variance knows no allocator: it asks ctx.
func Variance(ctx context.Context, x allocarray.AllocArray[float64]) float64 {
	centered := allocarray.SubScalar(ctx, x, allocarray.Mean(x))
	return allocarray.Mean(allocarray.Square(ctx, centered))
}

// The program of the README. The caller of Variance gives it a buffer and says when
// that is released.
func Example_readme() {
	ctx := scope.WithAllocator(context.Background(), bumper.NewSlabBuffer())
	x := allocarray.Wrap([]float64{1, 2, 3, 4})
	err := scope.NoEscape(ctx, func(ctx context.Context) error {
		fmt.Println(Variance(ctx, x)) // its arrays are released here: no garbage
		return nil
	})
	fmt.Println(err)
	// Output:
	// 1.25
	// <nil>
}
