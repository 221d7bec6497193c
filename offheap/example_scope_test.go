package offheap_test

import (
	"context"
	"fmt"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/offheap"
	"github.com/allocarrays/allocarrays-go/scope"
)

// A loop that makes a workspace outside the Go heap, uses it and lets it go: nobody
// frees anything, and after every iteration nothing is left, because the scope ends.
// The code in the loop knows no allocator.
func ExampleHeap_scope() {
	heap := offheap.NewHeap("workspace", bumper.GoHeap()) // nil instead: pages of the system
	ctx := scope.WithAllocator(context.Background(), bumper.NewSlabBuffer(bumper.From(heap), bumper.Prompt()))

	left := 0
	for range 1000 {
		err := scope.NoEscape(ctx, func(ctx context.Context) error {
			workspace := scope.Make[float64](ctx, 1<<17)
			workspace[0] = 1
			return nil
		})
		if err != nil {
			panic(err)
		}
		left = max(left, heap.Stats().Size)
	}
	fmt.Println("most bytes left after an iteration:", left)
	fmt.Println("peak in workspaces:", heap.Stats().Peak/(8<<17))
	// Output:
	// most bytes left after an iteration: 0
	// peak in workspaces: 1
}
