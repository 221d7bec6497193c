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
	// Beside one another, since an end needs them all:
	generation atomic.Uint64
	guarded    atomic.Pointer[pages.List] // nil unless a scope was guarded here
	ends       [rememberedEnds]atomic.Uint64

	owner any

	// Of an epoch for single blocks, changed and read only where the allocator may be
	// called:
	releaser blockReleaser // nil if the epoch is for scopes
	block    []byte        // the current block, as it was handed out; nil if nobody said
	replaced []byte        // the allocator's, if guard mode has replaced it
	record   any           // see Record

	number uint64 // of the epoch, in the order they were made; for sampling
}

// NewEpoch returns an epoch whose stamps keep owner reachable: the owner of the
// memory, which may unmap it when collected, outlives every array on it.
func NewEpoch(owner any) *Epoch { return &Epoch{owner: owner, number: epochs.Add(1)} }

var epochs atomic.Uint64

// NewBlockEpoch returns an epoch for one block after the other of owner, usually a
// pointer; see [Releaser]. The owner is asked to release them where no context says who
// else should be: by operations that have none. A [Wrapper] and its records do not learn
// of that.
func NewBlockEpoch(owner Releaser) *Epoch {
	e := NewEpoch(owner)
	e.releaser = owner
	return e
}

// Stamp returns the stamp of the current scope.
func (e *Epoch) Stamp() Stamp { return Stamp{e, e.generation.Load()} }

// Block returns mem as the one block of the current generation of an epoch made by
// [NewBlockEpoch].
func (e *Epoch) Block(mem []byte) Block {
	e.block, e.replaced = mem, nil
	return NewBlock(mem, e.Stamp())
}

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
