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
	return c.life.Alloc(size, align)
}

func (c *openRegion) AllocLate(size, align uintptr) (memory.Block, error) {
	return c.life.opener.AllocLate(size, align)
}

func (c *openRegion) Extend(b memory.Block, size uintptr) (memory.Block, bool) {
	if c.life.state.Load() != taken {
		return b, false
	}
	return c.life.region.ExtendIn(c.life.generation, b, size)
}

func (c *openRegion) OpenRegion(a handshake.Account) (handshake.Region, handshake.Generation, bool) {
	return c.life.OpenRegion(a)
}

// Unwrap leads to the shared allocator, so that memory.As finds it.
func (c *openRegion) Unwrap() Allocator { return c.life.opener }

// String names the allocator in messages.
func (c *openRegion) String() string { return "private region" }

// A life on a buffer shared by goroutines opens the regions of its children. (Its context
// would, too, but they must not keep that reachable.)
var _ handshake.RegionOpener = (*life)(nil)

func (l *life) Alloc(size, align uintptr) (memory.Block, error) {
	if l.state.Load() != taken && !l.takeRegion() {
		l.late.Add(1)
		return l.opener.AllocLate(size, align)
	}
	return l.region.AllocIn(l.generation, size, align)
}

func (l *life) AllocLate(size, align uintptr) (memory.Block, error) {
	return l.opener.AllocLate(size, align)
}

// OpenRegion opens a region within that of l, so that it charges the same accounts.
func (l *life) OpenRegion(a handshake.Account) (handshake.Region, handshake.Generation, bool) {
	if l.state.Load() != taken && !l.takeRegion() {
		return nil, 0, false
	}
	return l.region.OpenSub(l.generation, a)
}

func (l *life) Unwrap() Allocator { return l.opener }
