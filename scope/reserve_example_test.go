package scope_test

import (
	"context"
	"fmt"
	"time"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
)

// A request waits for its memory at the beginning of its scope, as long as its deadline
// allows, and allocates without failing then.
func ExampleReserve() {
	shared := locked.Share(bumper.NewSlabBuffer(bumper.Limit(64 << 20)))
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	err := scope.NoEscape(scope.WithAllocator(ctx, shared), func(ctx context.Context) error {
		if err := scope.Reserve(ctx, 40<<20); err != nil {
			return err
		}
		for range 10 {
			_ = scope.Make[byte](ctx, 4<<20)
		}
		return nil
	})
	fmt.Println(err)
	// Output: <nil>
}
