package memory

import (
	"sync/atomic"
	"unsafe"

	"github.com/allocarrays/allocarrays-go/scope/internal/pages"
)

// An Epoch issues the stamps of scopes that follow one another, such as all scopes
// at one depth of a buffer. Each scope is a generation of the epoch: ending it
// invalidates its stamps, with a single addition, and begins the next.
//
// Several goroutines may call Stamp at once. The caller of End makes sure that
// nothing is allocated in the ending scope meanwhile.
type Epoch struct {
	// What an end needs, and what Alloc and Release of single blocks need, is in the first 64 bytes,
	// and all is 128, so that the epochs of Blocks lie at distances of whole cache lines:
	generation atomic.Uint64
	guarded    atomic.Pointer[pages.List] // nil unless a scope was guarded here
	ends       [rememberedEnds]atomic.Uint64

	// Of an epoch for single blocks, changed and read only where the allocator may be
	// called. The address is compared and never turned back into a pointer.
	start uintptr // of the current block, as it was handed out; 0 if nobody said
	size  int     // its length

	kind  kind
	block uint32 // the current, of Blocks

	owner    any
	record   any   // see Record; of a block that guard mode watches, the *watched
	replaced *byte // the allocator's block, if guard mode has replaced it

	number uint64 // of the epoch, in the order they were made; for sampling
	_      [8]byte
}

// kind says what the scopes of an epoch are.
type kind uint8

const (
	scopes  kind = iota
	blocks       // single blocks, which the owner releases: a Releaser
	guarded      // one block, which guard mode releases
)

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
	e.kind = blocks
	return e
}

// Stamp returns the stamp of the current scope.
func (e *Epoch) Stamp() Stamp { return Stamp{e, e.generation.Load()} }

// Block returns mem as the one block of the current generation of an epoch made by
// [NewBlockEpoch].
func (e *Epoch) Block(mem []byte) Block {
	e.hand(mem)
	e.replaced = nil
	return NewBlock(mem, e.Stamp())
}

// hand records mem as the current block.
func (e *Epoch) hand(mem []byte) { e.start, e.size = address(mem), len(mem) }

func address(mem []byte) uintptr { return uintptr(unsafe.Pointer(unsafe.SliceData(mem))) }

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
