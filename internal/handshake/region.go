package handshake

import (
	"sync/atomic"

	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// A RegionOpener is an allocator shared by goroutines. It cannot be restored to a
// checkpoint while others use it; instead scope.NoEscape opens a private region of
// it, with memory and a context of its own.
type RegionOpener interface {
	memory.Allocator

	// OpenRegion opens a private region for one scope, which charges the account unless
	// that is nil. It returns false if the scope of the allocator itself has ended.
	OpenRegion(Account) (Region, Generation, bool)

	// AllocLate allocates from the heap, for a scope that has ended, and counts that.
	AllocLate(size, align uintptr) (memory.Block, error)
}

// A Generation tells the uses of a recycled [Region] apart, so that a context that was
// kept too long is recognised. Methods return it beside the Region: an interface that
// holds a struct of both would cost an object for each scope.
type Generation uint64

// A Region is private memory carved from a shared allocator, safe for concurrent
// use by the goroutines that share the region's context. During its generation it is
// open or closed. Calls with a generation that is over change nothing.
type Region interface {
	// AllocIn allocates in the region's open scope. If there is none, because
	// the region is closed or the generation is over, the block comes from the heap
	// and is counted as late: it must neither fail nor belong to another
	// scope.
	AllocIn(g Generation, size, align uintptr) (memory.Block, error)

	// ExtendIn is [memory.Extender.Extend] in the region's open scope.
	ExtendIn(g Generation, b memory.Block, size uintptr) (memory.Block, bool)

	// OpenSub opens a region within this one; false if the generation is over. It charges
	// what this one charges and, unless that is nil, the account.
	OpenSub(g Generation, a Account) (Region, Generation, bool)

	// Reserve makes room for blocks of n bytes in all, each rounded up to a multiple
	// of 64, or returns why there is none and who refused it: nil if waiting is
	// futile. Nothing has changed then. If the scope has ended there is nothing to do.
	Reserve(g Generation, n int) (*Refuser, error)

	// Holding reports whether the open scope has blocks.
	Holding(g Generation) bool

	// Under reports whether an allocation may be refused by that refuser.
	Under(Generation, *Refuser) bool

	// Reopen opens the closed region for another scope; false if it is open
	// or the generation is over.
	Reopen(g Generation) bool

	// Close ends the open scope, releases all that was allocated in it, and
	// records pc as the place. The memory stays with the region for Reopen.
	Close(g Generation, pc uintptr)

	// Release ends the generation, closing the region if it is open, and gives its
	// memory back to the shared allocator.
	Release(g Generation)

	// Home returns the shared allocator.
	Home() memory.Allocator

	// IsOpen reports whether a scope of the generation is open.
	IsOpen(g Generation) bool

	// Attached is where package scope keeps the scopes that were opened within this one.
	Attached() *atomic.Value

	// Living reports whether the generation still lasts.
	Living(g Generation) bool
}
