package scope

import (
	"context"
	"sync/atomic"
)

// A Regioner is an [Allocator] shared by goroutines. It cannot be restored to a
// checkpoint while others use it; instead [NoEscape] opens a private region of
// it, with memory and a context of its own. Package locked has the one of this
// module.
type Regioner interface {
	Allocator

	// OpenRegion opens a private region for one scope. It returns false if
	// the allocator's own scope has ended.
	OpenRegion() (Region, Life, bool)
}

// Life tells the uses of one recycled [Region] apart, so that a context that was
// kept too long is recognised.
type Life uint64

// A Region is private memory carved from a shared allocator, safe for concurrent
// use by the goroutines that share the region's context. It is open or closed
// while its life lasts, and gone afterwards. Calls with a life that is over
// change nothing.
type Region interface {
	// AllocIn allocates in the region's open scope. If there is none, because
	// the region is closed or the life is over, the block comes from the heap
	// and is counted as late: it must neither fail nor land in the scope of
	// a stranger.
	AllocIn(life Life, size, align uintptr) (Block, error)

	// OpenSub opens a region within this one; false if life is over.
	OpenSub(life Life) (Region, Life, bool)

	// Reopen opens the closed region for another scope; false if it is open
	// or life is over.
	Reopen(life Life) bool

	// Close ends the open scope and all that was born in it; pc is recorded
	// as the place. The memory stays with the region for the next Reopen.
	Close(life Life, pc uintptr)

	// Release ends the life, closing the region if it is open, and gives its
	// memory back to the shared allocator.
	Release(life Life)

	// Living reports whether life still lasts.
	Living(life Life) bool
}

// regionContext is the context of a region's scopes and, to save an object, the
// allocator found in it. It is never used for another region or another life,
// which is why a goroutine that kept it can do no harm.
type regionContext struct {
	context.Context
	region Region
	life   Life

	// kept is the context that the last NoEscape called with exactly this
	// context left behind, its region closed but not released, so that the
	// next one allocates nothing. Whoever reopens that region has it alone.
	kept atomic.Pointer[regionContext]
}

func (c *regionContext) Value(key any) any {
	if key == (allocatorKey{}) {
		return c
	}
	return c.Context.Value(key)
}

func (c *regionContext) Alloc(size, align uintptr) (Block, error) {
	return c.region.AllocIn(c.life, size, align)
}

func (c *regionContext) OpenRegion() (Region, Life, bool) { return c.region.OpenSub(c.life) }

// String names the allocator in messages.
func (c *regionContext) String() string { return "private region" }

// enterRegion opens a region below ctx; nil if the scope of ctx has ended. The
// parent is not nil if the region shall stay with it for its next scope.
func enterRegion(ctx context.Context, opener Regioner) (inner, parent *regionContext) {
	own, isOwn := ctx.(*regionContext)
	if isOwn {
		if k := own.kept.Load(); k != nil && k.region.Reopen(k.life) {
			return k, own
		}
	}
	r, life, ok := opener.OpenRegion()
	if !ok {
		return nil, nil
	}
	inner = &regionContext{Context: ctx, region: r, life: life}
	if isOwn && own.kept.CompareAndSwap(nil, inner) {
		parent = own
	}
	return inner, parent
}

// leave ends the scope of c. A region kept by a parent whose life has ended
// meanwhile is released here: the parent may have looked for it too early.
func (c *regionContext) leave(parent *regionContext, pc uintptr) {
	c.region.Close(c.life, pc)
	if parent == nil || !parent.region.Living(parent.life) {
		c.release()
	}
}

// release ends the life of c's region, and of those kept below it.
func (c *regionContext) release() {
	c.region.Release(c.life)
	if k := c.kept.Swap(nil); k != nil && k.region.Reopen(k.life) {
		k.release()
	}
}
