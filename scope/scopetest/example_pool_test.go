package scopetest_test

import (
	"context"
	"fmt"
	"math/bits"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// A Pool is a complete allocator of its own: size classes with free lists. Each block
// is a piece of memory whose size is a power of two. When its scope ends, the piece
// goes to the free list of its size and serves the next block of that size, so that
// work which repeats takes nothing more from the Go heap.
//
// A Pool is not safe for concurrent use; put a lock around it, or use package locked
// with a buffer of package bumper.
type Pool struct {
	bumper.Levels[int]            // checkpoints and stamps; the mark of a level is len(out) when it began
	out                [][]byte   // pieces in use, in the order of their allocation
	free               [][][]byte // free pieces, by the logarithm of their size
	held, limit        int        // bytes in all pieces, and how many that may be
}

// NewPool returns a pool that holds at most limit bytes.
func NewPool(limit int) *Pool {
	p := &Pool{limit: limit, free: make([][][]byte, bits.UintSize)}
	p.Init(p)
	return p
}

// Alloc returns size bytes, from the free list if there is such a piece.
func (p *Pool) Alloc(size, align uintptr) (memory.Block, error) {
	align = memory.Alignment(size, align) // 64 for large blocks; panics if align is no power of two
	if size == 0 {
		return memory.NewBlock(nil, p.Stamp()), nil
	}
	need := max(size, 64)
	if align > 64 { // more than a piece begins at
		need += align
	}
	if need < size || need > uintptr(p.limit) { // a sum that overflows is smaller than its parts
		return memory.Block{}, p.exhausted(size)
	}
	class := bits.Len(uint(need - 1))
	piece, ok := p.take(class)
	if !ok {
		return memory.Block{}, p.exhausted(size)
	}
	p.out = append(p.out, piece)
	start, end, _ := bumper.Fit(piece, 0, size, align)
	return memory.NewBlock(piece[start:end], p.Stamp()), nil
}

// take returns a piece of 1<<class bytes that begins at a multiple of 64.
func (p *Pool) take(class int) ([]byte, bool) {
	if last := len(p.free[class]) - 1; last >= 0 {
		piece := p.free[class][last]
		p.free[class] = p.free[class][:last]
		return piece, true
	}
	if 1<<class > p.limit-p.held {
		p.forget() // free pieces of other sizes are of no use now
	}
	if 1<<class > p.limit-p.held {
		return nil, false
	}
	block, err := scope.Heap().Alloc(1<<class, 64)
	p.held += len(block.Bytes())
	return block.Bytes(), err == nil
}

// forget leaves all free pieces to the garbage collector.
func (p *Pool) forget() {
	for class, pieces := range p.free {
		p.held -= len(pieces) << class
		p.free[class] = nil
	}
}

// exhausted is the error that matches scope.ErrExhausted.
func (p *Pool) exhausted(size uintptr) error {
	return &scope.ExhaustedError{Allocator: "Pool", Requested: size, Available: uintptr(p.limit - p.held), Limit: uintptr(p.limit)}
}

// Checkpoint, Restore and Unwind make the pool a memory.Checkpointer, which is what
// scope.NoEscape looks for.
func (p *Pool) Checkpoint() memory.Checkpoint      { return p.Open(len(p.out)) }
func (p *Pool) Restore(cp memory.Checkpoint) error { return p.release(p.End(cp)) }
func (p *Pool) Unwind(cp memory.Checkpoint) error  { return p.release(p.EndAbove(cp)) }

// release moves all but the first n pieces to their free lists.
func (p *Pool) release(n int, err error) error {
	if err != nil {
		return err // of another pool, or out of order: nothing has changed
	}
	for _, piece := range p.out[n:] {
		class := bits.Len(uint(len(piece) - 1))
		p.free[class] = append(p.free[class], piece)
	}
	p.out = p.out[:n]
	return nil
}

// A complete allocator, which passes the kit:
//
//	func TestPool(t *testing.T) {
//		scopetest.TestCheckpointer(t, func() memory.Checkpointer { return NewPool(1 << 20) })
//	}
func Example_pool() {
	pool := NewPool(1 << 20)
	ctx := scope.WithAllocator(context.Background(), pool)
	for range 1000 {
		_ = scope.NoEscape(ctx, func(ctx context.Context) error {
			x := scope.Make[float64](ctx, 1000)
			y := scope.Make[float32](ctx, 16)
			x[0], y[0] = 1, 1
			return nil
		})
	}
	fmt.Println(pool.held, "bytes held after 1000 scopes")
	err := scope.Try(func() error {
		_ = scope.Make[byte](ctx, 2<<20)
		return nil
	})
	fmt.Println(err)
	// Output:
	// 8256 bytes held after 1000 scopes
	// Pool: out of memory: 2097152 bytes requested, 1040320 available, limit 1048576
}
