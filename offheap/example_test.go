package offheap_test

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/offheap"
	"github.com/allocarrays/allocarrays-go/scope"
)

// A buffer on a heap: code that asks the context for memory gets it from there. Here
// the heap stands on the Go heap, so that the example runs on every system.
func ExampleNewHeap() {
	heap := offheap.NewHeap("model", bumper.GoHeap())
	buf := bumper.NewSlabBuffer(bumper.From(heap.Label("requests")))
	ctx := scope.WithAllocator(context.Background(), buf)
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		x := scope.Make[float32](ctx, 1000)
		x[999] = 1
		return nil
	})
	for _, block := range heap.Live() {
		fmt.Println(block.Label, block.Size)
	}
	fmt.Println(buf.Close(), heap.Stats().Size)
	// Output:
	// requests 1048576
	// <nil> 0
}

// A mistake is an error that shows where each of the three steps happened.
func ExampleHeap_Free() {
	heap := offheap.NewHeap("model", bumper.GoHeap())
	mem, _ := heap.Alloc(4096)
	_ = heap.Free(mem)
	err := heap.Free(mem)
	fmt.Println(errors.Is(err, offheap.ErrDoubleFree))
	for line := range strings.SplitSeq(err.Error(), "\n") {
		if strings.HasSuffix(line, ":") {
			fmt.Println(line)
		}
	}
	// Output:
	// true
	// allocated at:
	// freed at:
	// this free:
}

// Close reports what is still held. It frees nothing: the owner still can.
func ExampleHeap_Close() {
	heap := offheap.NewHeap("model", bumper.GoHeap())
	mem, err := heap.Label("weights").Alloc(4096)
	if err != nil {
		panic(err)
	}
	var leak *offheap.LeakError
	fmt.Println(errors.As(heap.Close(), &leak))
	fmt.Println(leak.Block.Size, leak.Block.Label, leak.How)
	fmt.Println(heap.Free(mem), heap.Stats().Size)
	// Output:
	// true
	// 4096 weights still held when the heap was closed
	// <nil> 0
}
