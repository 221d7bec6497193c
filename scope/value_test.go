package scope_test

import (
	"context"
	"fmt"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/scope"
)

// A scope hands a value out through a variable of the function around it.
func ExampleNoEscape_value() {
	ctx := scope.WithAllocator(context.Background(), bumper.NewSlabBuffer())
	var norm float64
	err := scope.NoEscape(ctx, func(ctx context.Context) error {
		norm = Norm(ctx, []float64{3, 4})
		return nil
	})
	fmt.Println(norm, err)
	// Output: 25 <nil>
}
