package memory_test

import (
	"context"
	"fmt"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// A pool hands out its memory from the beginning again after each Reset. Its epoch makes the
// arrays from before stale.
type pool struct {
	mem   []byte
	off   uintptr
	epoch *memory.Epoch
}

func newPool(size int) *pool {
	p := &pool{mem: make([]byte, size)}
	p.epoch = memory.NewEpoch(p)
	return p
}

// Alloc takes the next bytes. It relies on the beginning of mem, which make aligns as any
// type needs it, and so is not for blocks of 64 bytes and more: see memory.Alignment.
func (p *pool) Alloc(size, align uintptr) (memory.Block, error) {
	start := (p.off + align - 1) &^ (align - 1)
	if left := uintptr(len(p.mem)); start > left || size > left-start {
		return memory.Block{}, &scope.ExhaustedError{Allocator: "pool", Requested: size, Available: left - min(start, left), Limit: left}
	}
	p.off = start + size
	return memory.NewBlock(p.mem[start:p.off:p.off], p.epoch.Stamp()), nil
}

func (p *pool) Reset() {
	p.epoch.End()
	p.off = 0
}

// An allocator of one's own, in a few lines. Package scopetest tells what is wrong with one.
func Example() {
	p := newPool(40)
	ctx := scope.WithAllocator(context.Background(), p)
	x := allocarray.Arange[float32](ctx, 5)
	fmt.Println(x, x.Live())

	_, _, err := scope.Alloc[float32](ctx, 6)
	fmt.Println(err)

	p.Reset()
	fmt.Println(x.Live())
	// Output:
	// [0 1 2 3 4] true
	// pool: out of memory: 24 bytes requested, 20 available, limit 40
	// false
}
