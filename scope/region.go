package scope

import (
	"context"
	"sync/atomic"

	"github.com/allocarrays/allocarrays-go/internal/handshake"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// regionContext is the context of a region's scopes and, to save an object, also its
// allocator. It is never used for another region or another generation, so that a
// goroutine that kept it can do no harm.
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

func (c *regionContext) OpenRegion(a handshake.Account) (handshake.Region, handshake.Generation, bool) {
	return c.region.OpenSub(c.generation, a)
}

func (c *regionContext) AllocLate(size, align uintptr) (memory.Block, error) {
	return c.region.Home().(handshake.RegionOpener).AllocLate(size, align)
}

func (c *regionContext) Extend(b memory.Block, size uintptr) (memory.Block, bool) {
	return c.region.ExtendIn(c.generation, b, size)
}

// family returns the scopes that Open has opened within c's. It stays with the region,
// so that the context, an object for each scope, is no larger for it.
func (c *regionContext) family() *family {
	attached := c.region.Attached()
	if attached.Load() == nil {
		attached.CompareAndSwap(nil, new(family))
	}
	return attached.Load().(*family)
}

// Unwrap returns the shared allocator, so that memory.As finds it inside a region.
func (c *regionContext) Unwrap() Allocator { return c.region.Home() }

// String names the allocator in messages.
func (c *regionContext) String() string { return "private region" }

// enterRegion opens a region below ctx. It returns nil if the scope of ctx has ended.
// If parent is not nil, the region stays with it for its next scope.
func enterRegion(ctx context.Context, opener handshake.RegionOpener) (inner, parent *regionContext) {
	own, isOwn := ctx.(*regionContext)
	if isOwn {
		if k := own.kept.Load(); k != nil && k.region.Reopen(k.generation) {
			return k, own
		}
	}
	r, generation, ok := opener.OpenRegion(nil)
	if !ok {
		return nil, nil
	}
	inner = &regionContext{Context: ctx, region: r, generation: generation}
	if isOwn && own.kept.CompareAndSwap(nil, inner) {
		parent = own
	}
	return inner, parent
}

// entered tells the region of a scope that has been opened in it, if it wants to know.
func entered(ctx context.Context, r handshake.Region, pc uintptr) {
	if b, ok := r.(*handshake.BumpRegion); ok && b.Entered != nil {
		b.Entered(ctx, pc)
	}
}

// leave ends the scope of c. A region kept by a parent whose generation is over
// meanwhile is released here: the parent may have looked for it too early.
func (c *regionContext) leave(parent *regionContext, pc uintptr) {
	c.region.Close(c.generation, pc)
	if f := c.region.Attached().Load(); f != nil {
		for _, child := range f.(*family).dismiss() {
			child.end(ended, pc)
		}
	}
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
