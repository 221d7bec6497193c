package offheapprof_test

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/allocarrays/allocarrays-go/offheap"
	"github.com/allocarrays/allocarrays-go/offheap/offheapprof"
)

// A file that "go tool pprof" reads: who holds memory outside the Go heap.
func ExampleWrite() {
	heap := offheap.NewHeap("weights", offheap.Mmap())
	mem, err := heap.Alloc(1 << 20)
	if err != nil {
		fmt.Println(err)
		return
	}
	f, err := os.Create(filepath.Join(os.TempDir(), "offheap.pb.gz"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.Remove(f.Name())
	defer f.Close()
	fmt.Println(offheapprof.Write(f, heap))
	fmt.Println(heap.Free(mem))
	// Output:
	// <nil>
	// <nil>
}
