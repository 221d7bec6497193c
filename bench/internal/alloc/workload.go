// Package alloc is the frame of the allocation comparison: how many blocks of which
// size are alive together, and how they are spread over goroutines. It is the same
// for every allocator, in whatever process.
package alloc

import (
	"fmt"
	"sync"
)

// A Workload says what is allocated.
type Workload struct {
	Size       int // bytes in a block
	Goroutines int
	Depth      int // values in the context below the one that carries the allocator
}

// String returns the name of the workload, as in 1024x8x0.
func (w Workload) String() string { return fmt.Sprintf("%dx%dx%d", w.Size, w.Goroutines, w.Depth) }

// Parse reads what String returned.
func Parse(text string) (w Workload, err error) {
	if _, err = fmt.Sscanf(text, "%dx%dx%d", &w.Size, &w.Goroutines, &w.Depth); err != nil {
		return w, fmt.Errorf("no such workload: %q", text)
	}
	return w, nil
}

// Elements is the length of a block as a slice of float64.
func (w Workload) Elements() int { return w.Size / 8 }

// Batch is how many blocks are alive together before all are released: as many as
// 256 KiB hold, within bounds.
func (w Workload) Batch() int { return min(max((256<<10)/w.Size, 8), 1024) }

// Memory is what a buffer needs for a batch, with some to spare.
func (w Workload) Memory() int { return w.Batch()*(w.Size+64) + 4096 }

// Batches calls fn for batches that add up to n blocks.
func (w Workload) Batches(n int, fn func(blocks int)) {
	for n > 0 {
		b := min(n, w.Batch())
		fn(b)
		n -= b
	}
}

// Parallel divides n blocks among the goroutines, each of which calls fn with its
// number and its share, and waits for them. A single one is the caller itself.
func (w Workload) Parallel(n int, fn func(g, n int)) {
	if w.Goroutines == 1 {
		fn(0, n)
		return
	}
	var wg sync.WaitGroup
	for g := range w.Goroutines {
		share := n*(g+1)/w.Goroutines - n*g/w.Goroutines
		wg.Go(func() { fn(g, share) })
	}
	wg.Wait()
}
