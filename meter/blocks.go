package meter

import (
	"sync"

	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// blocks are the charges of a limit for blocks that are charged one by one and belong to no
// region: by the stamps of the scopes they were born in, which tell when they are over.
type blocks struct {
	limit *Limit

	mu    sync.Mutex
	bytes map[memory.Stamp]int
	next  int // how many stamps there are before the next sweep
}

func (c *blocks) keep(b memory.Block, n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.bytes == nil {
		c.bytes = map[memory.Stamp]int{}
	}
	if c.bytes[b.Stamp] += n; len(c.bytes) > c.next {
		c.drop()
		c.next = 2*len(c.bytes) + 16
	}
}

// release discharges a block that was released.
func (c *blocks) release(s memory.Stamp) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n := c.bytes[s]; n > 0 {
		delete(c.bytes, s)
		c.limit.discharge(n)
	}
}

// sweep discharges the blocks whose scope has ended.
func (c *blocks) sweep() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drop()
}

// drop is sweep; c.mu is held.
func (c *blocks) drop() {
	bytes := 0
	for stamp, n := range c.bytes {
		if !stamp.Live() {
			delete(c.bytes, stamp)
			bytes += n
		}
	}
	if bytes > 0 {
		c.limit.discharge(bytes)
	}
}
