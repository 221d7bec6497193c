//go:build linux

package guard_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/guard"
)

// A slice that is used after its scope panics where that happens. Without guard mode the program
// would read what the next scope writes there.
func Example() {
	defer guard.Set(guard.Set(guard.Full)) // as the environment variable ALLOCARRAYS_GUARD=full
	ctx := scope.WithAllocator(context.Background(), bumper.NewSlabBuffer())
	var kept []float64
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		kept = scope.Make[float64](ctx, 10)
		return nil
	})

	defer func() {
		err, _ := recover().(error) // says where the scope ended
		fmt.Println(errors.Is(err, scope.ErrStale))
	}()
	_ = scope.NoEscape(ctx, func(context.Context) error {
		fmt.Println(kept[0])
		return nil
	})
	// Output: true
}
