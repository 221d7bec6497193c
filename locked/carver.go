package locked

import (
	"math/bits"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// carver is the source of a region's slabs: it carves chunks from the shared
// buffer and gives them back to its list of idle ones.
type carver struct {
	home *Buffer
	held []memory.Block
}

var _ bumper.Source = (*carver)(nil)

// Acquire takes a chunk of at least n bytes.
func (c *carver) Acquire(n int) ([]byte, error) {
	chunk, err := c.home.takeChunk(n)
	if err != nil {
		return nil, err
	}
	c.held = append(c.held, chunk)
	return chunk.Bytes(), nil
}

// Release gives a chunk back, which is found by where it begins.
func (c *carver) Release(mem []byte) {
	for i, chunk := range c.held {
		if &chunk.Bytes()[0] == &mem[0] {
			last := len(c.held) - 1
			c.held[i], c.held[last] = c.held[last], memory.Block{}
			c.held = c.held[:last]
			c.home.putChunk(chunk)
			return
		}
	}
}

// isolated is the source of the regions of an isolating buffer: the buffer's own,
// under its lock.
type isolated struct {
	home *Buffer
	src  bumper.Source
}

// Isolates tells bumper that memory in use is not handed out again.
func (*isolated) Isolates() bool { return true }

func (i *isolated) Acquire(n int) ([]byte, error) {
	i.home.mu.Lock()
	defer i.home.mu.Unlock()
	return i.src.Acquire(n)
}

func (i *isolated) Release(mem []byte) {
	i.home.mu.Lock()
	defer i.home.mu.Unlock()
	i.src.Release(mem)
}

// slabSize is the slab size of the regions of a buffer that may hold limit bytes
// (0: any number): 64 KiB, or less where several regions must share a small one.
func slabSize(limit int) int {
	const usual, least = 64 << 10, 1 << 10
	if limit == 0 {
		return usual
	}
	return min(max(1<<bits.Len(uint(limit/16))>>1, least), usual)
}

// takeChunk returns a chunk of at least n bytes: an idle one of about that size,
// a new one, or any idle one that is large enough.
func (b *Buffer) takeChunk(n int) (memory.Block, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if c, ok := b.idle.take(n, classOf(n)+searchUp); ok {
		return c, nil
	}
	c, err := b.carve(n)
	if err != nil {
		if c, ok := b.idle.take(n, sizeClasses); ok {
			return c, nil
		}
	}
	return c, err
}

// carve allocates a chunk from the shared buffer.
func (b *Buffer) carve(n int) (memory.Block, error) {
	if whole := 1 << bits.Len(uint(n-1)); whole > n {
		if c, err := b.inner.Alloc(uintptr(whole), 64); err == nil {
			return c, nil
		}
	}
	return b.inner.Alloc(uintptr(n), 64)
}

// putChunk gives a chunk back.
func (b *Buffer) putChunk(c memory.Block) {
	b.mu.Lock()
	b.idle.put(c)
	b.mu.Unlock()
}
