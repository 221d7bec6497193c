package bumper_test

import (
	"context"
	"fmt"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// A page is a complete buffer of somebody else's: a fixed piece of memory.
type page struct {
	bumper.Levels[int] // checkpoints, stamps and sharing; the mark is off
	mem                []byte
	off                int
	stats              bumper.Stats
}

func newPage(size int) *page {
	p := &page{mem: make([]byte, size), stats: bumper.Stats{Capacity: size, Limit: size, Slabs: 1}}
	p.Init(p)
	return p
}

func (p *page) Alloc(size, align uintptr) (memory.Block, error) {
	start, end, ok := bumper.Fit(p.mem, p.off, size, align)
	if !ok {
		return memory.Block{}, &scope.ExhaustedError{Allocator: "page", Requested: size,
			Available: uintptr(len(p.mem) - p.off), Limit: uintptr(len(p.mem))}
	}
	p.moveTo(end)
	p.stats.Allocations++
	return memory.NewBlock(p.mem[start:end], p.Stamp()), nil
}

func (p *page) moveTo(off int) {
	p.off, p.stats.Used, p.stats.HighWater = off, off, max(off, p.stats.HighWater)
}

func (p *page) Checkpoint() memory.Checkpoint      { return p.Open(p.off) }
func (p *page) Restore(cp memory.Checkpoint) error { return p.rewind(p.End(cp)) }
func (p *page) Unwind(cp memory.Checkpoint) error  { return p.rewind(p.EndAbove(cp)) }
func (p *page) Reset() error                       { return p.Levels.Reset(func() { p.stats.Resets++; p.moveTo(0) }) }
func (p *page) Stats() bumper.Stats                { return p.stats }
func (p *page) rewind(off int, err error) error {
	if err == nil {
		p.moveTo(off)
	}
	return err
}

// A buffer of one's own in less than 40 lines. Everything that works with the
// buffers of this package works with it, package locked included.
func ExampleLevels() {
	page := newPage(4096)
	ctx := scope.WithAllocator(context.Background(), page)
	err := scope.NoEscape(ctx, func(ctx context.Context) error {
		x := scope.Make[float64](ctx, 100)
		x[99] = 1.5
		fmt.Println(len(x), x[99], page.Stats().Used)
		_ = scope.Make[float64](ctx, 500)
		return nil
	})
	fmt.Println(err)
	fmt.Println(page.Stats().Used)
	// Output:
	// 100 1.5 800
	// page: out of memory: 4000 bytes requested, 3296 available, limit 4096
	// 0
}
