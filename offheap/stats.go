package offheap

import "fmt"

// Stats tells how a [Heap] is used, all its labels together.
type Stats struct {
	Size     int    // bytes live, as taken from the upstream source
	Blocks   int    // blocks live
	Peak     int    // the largest Size so far
	Allocs   uint64 // blocks allocated
	Frees    uint64 // blocks freed, in whatever way; Allocs - Frees is Blocks
	Leaks    uint64 // of them, those not freed by their owner
	BadFrees uint64 // frees refused
}

// String tells the numbers in one line.
func (s Stats) String() string {
	return fmt.Sprintf("%d bytes in %d blocks, peak %d bytes, %d allocations, %d frees, %d leaks, %d bad frees",
		s.Size, s.Blocks, s.Peak, s.Allocs, s.Frees, s.Leaks, s.BadFrees)
}
