package memory

import (
	"sync/atomic"

	"github.com/allocarrays/allocarrays-go/scope/internal/pages"
)

// An Epoch issues the stamps of scopes that follow one another, such as all scopes
// at one depth of a buffer. Each scope is a generation of the epoch: ending it
// invalidates its stamps, with a single addition, and begins the next.
//
// Several goroutines may call Stamp at once. The caller of End makes sure that
// nothing is allocated in the ending scope meanwhile.
type Epoch struct {
	generation atomic.Uint64
	ends       [rememberedEnds]atomic.Uint64
	owner      any
	releaser   Releaser // of the one block that has the epoch; nil for a scope's

	number  uint64                     // of the epoch, in the order they were made; for sampling
	guarded atomic.Pointer[pages.List] // nil unless a scope was guarded here
}

// NewEpoch returns an epoch whose stamps keep owner reachable: the owner of the
// memory, which may unmap it when collected, outlives every array on it.
func NewEpoch(owner any) *Epoch { return &Epoch{owner: owner, number: epochs.Add(1)} }

var epochs atomic.Uint64

// Stamp returns the stamp of the current scope.
func (e *Epoch) Stamp() Stamp { return Stamp{e, e.generation.Load()} }

// End ends the current scope and begins the next.
func (e *Epoch) End() {
	ended := Stamp{e, e.generation.Add(1) - 1}
	if g := e.guarded.Load(); g != nil {
		g.Release(ended.endPC(), ended.End)
	}
}

// guards returns the list of the epoch's guarded blocks.
func (e *Epoch) guards() *pages.List {
	if e.guarded.Load() == nil {
		e.guarded.CompareAndSwap(nil, new(pages.List))
	}
	return e.guarded.Load()
}
