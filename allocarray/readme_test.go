package allocarray_test

import (
	"context"
	"fmt"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/scope"
)

// The program of the README. norm is code that knows no allocator, as it could
// stand in any package; the caller gives it a buffer and says when it is released.
func Example_readme() {
	norm := func(ctx context.Context, x allocarray.AllocArray[float64]) float64 {
		centered := allocarray.SubScalar(ctx, x, allocarray.Mean(x)) // asks ctx for memory
		return allocarray.Sum(allocarray.Square(ctx, centered))
	}
	x := allocarray.Wrap([]float64{1, 2, 3, 4})
	ctx := scope.WithAllocator(context.Background(), bumper.NewSlabBuffer())
	err := scope.NoEscape(ctx, func(ctx context.Context) error {
		fmt.Println(norm(ctx, x)) // no garbage: all of it is released here
		return nil
	})
	fmt.Println(err)
	// Output:
	// 5
	// <nil>
}
