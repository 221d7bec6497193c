//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package offheap_test

import (
	"fmt"
	"log"

	"github.com/allocarrays/allocarrays-go/offheap"
)

const (
	n          = 1 << 17 // of 8 bytes: a workspace of 1 MiB
	iterations = 1000
)

// step needs a workspace for as long as it runs. The memory is given back at the
// defer, not at some later garbage collection.
func step(heap *offheap.Heap, i int) (float64, error) {
	workspace, err := offheap.Make[float64](heap, n)
	if err != nil {
		return 0, err
	}
	defer workspace.Free()
	x := workspace.Data()
	x[0], x[n-1] = float64(i), 1
	return x[0] + x[n-1], nil
}

// A loop that needs a large workspace in each iteration. After every one the foreign
// heap is empty again, and it was never larger than one workspace.
func ExampleHeap() {
	heap := offheap.NewHeap("workspace", nil)
	sum, largest := 0.0, 0
	for i := range iterations {
		x, err := step(heap, i)
		if err != nil {
			log.Fatal(err)
		}
		sum += x
		largest = max(largest, heap.Stats().Size)
	}
	fmt.Println("sum:", sum)
	fmt.Println("largest size after an iteration:", largest)
	fmt.Println("peak, in workspaces:", float64(heap.Stats().Peak)/(8*n))
	fmt.Println(heap)
	fmt.Println("leaks:", heap.Close())
	// Output:
	// sum: 500500
	// largest size after an iteration: 0
	// peak, in workspaces: 1
	// offheap.Heap: 0 bytes in 0 blocks, peak 1048576 bytes, 1000 allocations, 1000 frees, 0 leaks, 0 bad frees
	// leaks: <nil>
}
