package scope

import (
	"context"
	"sync/atomic"

	"github.com/allocarrays/allocarrays-go/internal/handshake"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// regionContext is the context of a region's scopes and, to save an object, the
// allocator found in it. It is never used for another region or another generation,
// so that a goroutine that kept it can do no harm.
type regionContext struct {
	context.Context
	region     handshake.Region
	generation handshake.Generation

	// kept is the context that the last NoEscape called with exactly this
	// context left behind, its region closed but not released, so that the
	// next one allocates nothing. The scope that reopens the region has it alone.
	kept atomic.Pointer[regionContext]
}

func (c *regionContext) Value(key any) any {
	if key == (allocatorKey{}) {
		return c
	}
	return c.Context.Value(key)
}

func (c *regionContext) Alloc(size, align uintptr) (memory.Block, error) {
	return c.region.AllocIn(c.generation, size, align)
}

func (c *regionContext) OpenRegion() (handshake.Region, handshake.Generation, bool) {
	return c.region.OpenSub(c.generation)
}

// OpenMetered opens a region within this one that charges a, too.
func (c *regionContext) OpenMetered(a handshake.Account) (handshake.Region, handshake.Generation, bool) {
	return c.region.OpenSubMetered(c.generation, a)
}

// Unwrap returns the shared allocator, so that memory.As finds it inside a region.
func (c *regionContext) Unwrap() Allocator { return c.region.Home() }

// String names the allocator in messages.
func (c *regionContext) String() string { return "private region" }

// enterRegion opens a region below ctx; nil if the scope of ctx has ended. The
// parent is not nil if the region shall stay with it for its next scope.
func enterRegion(ctx context.Context, opener handshake.RegionOpener) (inner, parent *regionContext) {
	own, isOwn := ctx.(*regionContext)
	if isOwn {
		if k := own.kept.Load(); k != nil && k.region.Reopen(k.generation) {
			return k, own
		}
	}
	r, generation, ok := opener.OpenRegion()
	if !ok {
		return nil, nil
	}
	inner = &regionContext{Context: ctx, region: r, generation: generation}
	if isOwn && own.kept.CompareAndSwap(nil, inner) {
		parent = own
	}
	return inner, parent
}

// leave ends the scope of c. A region kept by a parent whose generation is over
// meanwhile is released here: the parent may have looked for it too early.
func (c *regionContext) leave(parent *regionContext, pc uintptr) {
	c.region.Close(c.generation, pc)
	if parent == nil || !parent.region.Living(parent.generation) {
		c.release()
	}
}

// release ends the generation of c's region, and of those kept below it.
func (c *regionContext) release() {
	c.region.Release(c.generation)
	if k := c.kept.Swap(nil); k != nil && k.region.Reopen(k.generation) {
		k.release()
	}
}
