package handshake

import "github.com/allocarrays/allocarrays-go/scope/memory"

// A RegionOpener is an allocator shared by goroutines. It cannot be restored to a
// checkpoint while others use it; instead scope.NoEscape opens a private region of
// it, with memory and a context of its own.
type RegionOpener interface {
	memory.Allocator

	// OpenRegion opens a private region for one scope. It returns false if
	// the allocator's own scope has ended.
	OpenRegion() (Region, Generation, bool)
}

// A Generation tells the uses of one recycled [Region] apart, so that a context that
// was kept too long is recognised. A call returns it beside the Region, and not in one
// value with it: a struct of both in the interface would cost an object for each scope.
type Generation uint64

// A Region is private memory carved from a shared allocator, safe for concurrent
// use by the goroutines that share the region's context. It is open or closed
// while its generation lasts, and gone afterwards. Calls with a generation that is
// over change nothing.
type Region interface {
	// AllocIn allocates in the region's open scope. If there is none, because
	// the region is closed or the generation is over, the block comes from the heap
	// and is counted as late: it must neither fail nor land in the scope of
	// a stranger.
	AllocIn(g Generation, size, align uintptr) (memory.Block, error)

	// OpenSub opens a region within this one; false if the generation is over.
	OpenSub(g Generation) (Region, Generation, bool)

	// OpenSubMetered is OpenSub for a region that charges the account too; what a
	// region charges, regions within it charge anyway.
	OpenSubMetered(g Generation, a Account) (Region, Generation, bool)

	// Reserve makes room for blocks of n bytes in all, each rounded up to a multiple
	// of 64, or returns why there is none and who refused it: nil if waiting is
	// futile. Nothing has changed then. If the scope has ended there is nothing to do.
	Reserve(g Generation, n int) (refuser any, err error)

	// Holding reports whether the open scope has blocks.
	Holding(g Generation) bool

	// Under reports whether an allocation may be refused by that refuser.
	Under(g Generation, refuser any) bool

	// Reopen opens the closed region for another scope; false if it is open
	// or the generation is over.
	Reopen(g Generation) bool

	// Close ends the open scope and all that was born in it; pc is recorded
	// as the place. The memory stays with the region for the next Reopen.
	Close(g Generation, pc uintptr)

	// Release ends the generation, closing the region if it is open, and gives its
	// memory back to the shared allocator.
	Release(g Generation)

	// Home returns the shared allocator.
	Home() memory.Allocator

	// Living reports whether the generation still lasts.
	Living(g Generation) bool
}
