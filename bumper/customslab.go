package bumper

import (
	"github.com/allocarrays/allocarrays-go/internal/poison"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// customSlabs are the slabs of a SlabBuffer that hold one large block each.
type customSlabs struct {
	inUse [][]byte // in the order of allocation
	idle  [][]byte // emptied, kept for reuse
}

// customUnit is the unit to which sizes of custom slabs are rounded up, so that
// blocks of nearly the same size share one slab over time.
const customUnit = 4096

// allocCustom serves a block from a custom slab of at least need bytes.
func (b *SlabBuffer) allocCustom(need int, size, align uintptr) (memory.Block, error) {
	mem, ok := b.customs.take(need)
	if !ok {
		var err error
		if mem, err = b.acquireCustom(need); err != nil {
			return memory.Block{}, b.exhausted(size, err)
		}
	}
	b.customs.inUse = append(b.customs.inUse, mem)
	b.custom++
	b.large += len(mem)
	b.levels.at.Allocations++
	start, end, _ := Fit(mem, 0, size, align)
	poison.Unpoison(mem[start:end])
	return memory.NewBlock(mem[start:end], b.levels.at.Top), nil
}

// acquireCustom takes a slab of need bytes, rounded up if that much is available.
// First it gives back the largest idle slab, which is too small: so there are never
// more custom slabs than were once in use together, however their sizes vary.
func (b *SlabBuffer) acquireCustom(need int) ([]byte, error) {
	b.customs.dropLargest(&b.store)
	if mem, err := b.acquire((need + customUnit - 1) &^ (customUnit - 1)); err == nil {
		return mem, nil
	}
	return b.acquire(need)
}

// exhausted returns the error for a block that the buffer cannot supply.
func (b *SlabBuffer) exhausted(size uintptr, cause error) error {
	available := len(b.levels.at.Mem) - b.levels.at.Off
	switch {
	case b.isolating:
		available = max(available, b.store.room(0)) // empty slabs are not reused
	case b.store.limit > 0:
		available = max(available, b.store.room(0)+b.empty())
	}
	return exhausted("bumper.SlabBuffer", size, available, b.store.limit, b.outside(), cause)
}

// take returns the smallest idle slab of at least n bytes.
func (c *customSlabs) take(n int) ([]byte, bool) {
	best := -1
	for i, mem := range c.idle {
		if len(mem) >= n && (best < 0 || len(mem) < len(c.idle[best])) {
			best = i
		}
	}
	if best < 0 {
		return nil, false
	}
	return c.remove(best), true
}

// idleFrom makes idle the slabs in use from index n on.
func (c *customSlabs) idleFrom(n int) {
	if n == len(c.inUse) {
		return
	}
	for _, mem := range c.inUse[n:] {
		poison.Poison(mem)
	}
	c.idle = append(c.idle, c.inUse[n:]...)
	clear(c.inUse[n:])
	c.inUse = c.inUse[:n]
}

// drop gives back all idle slabs.
func (c *customSlabs) drop(s *store) { c.idle = s.releaseAll(c.idle, 0) }

// dropLargest gives back the largest idle slab, if there is any.
func (c *customSlabs) dropLargest(s *store) {
	largest := -1
	for i, mem := range c.idle {
		if largest < 0 || len(mem) > len(c.idle[largest]) {
			largest = i
		}
	}
	if largest >= 0 {
		s.release(c.remove(largest))
	}
}

// remove removes the i-th idle slab and returns it; the order does not matter.
func (c *customSlabs) remove(i int) []byte {
	mem, last := c.idle[i], len(c.idle)-1
	c.idle[i], c.idle[last] = c.idle[last], nil
	c.idle = c.idle[:last]
	return mem
}
