package scope

import (
	"context"

	"github.com/allocarrays/allocarrays-go/internal/handshake"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// openRegion is the context of a [Scope] on a buffer shared by goroutines, and the
// allocator found in it.
type openRegion struct {
	context.Context
	life *life
}

func (c *openRegion) Value(key any) any {
	if key == (allocatorKey{}) {
		return c
	}
	return c.Context.Value(key)
}

func (c *openRegion) Alloc(size, align uintptr) (memory.Block, error) {
	l := c.life
	if l.state.Load() != taken && !l.takeRegion() {
		return c.AllocLate(size, align)
	}
	return l.region.AllocIn(l.generation, size, align)
}

func (c *openRegion) AllocLate(size, align uintptr) (memory.Block, error) {
	c.life.late.Add(1)
	return c.life.opener.AllocLate(size, align)
}

func (c *openRegion) Extend(b memory.Block, size uintptr) (memory.Block, bool) {
	if c.life.state.Load() != taken {
		return b, false
	}
	return c.life.region.ExtendIn(c.life.generation, b, size)
}

func (c *openRegion) OpenRegion() (handshake.Region, handshake.Generation, bool) {
	if c.life.over() {
		return nil, 0, false
	}
	return c.life.opener.OpenRegion()
}

// Unwrap leads to the shared allocator, so that memory.As finds it.
func (c *openRegion) Unwrap() Allocator { return c.life.opener }

// String names the allocator in messages.
func (c *openRegion) String() string { return "private region" }
