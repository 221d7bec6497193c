package locked

import (
	"sync"
	"sync/atomic"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/handshake"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// region is private memory within a shared buffer: a SlabBuffer whose slabs are
// chunks of the shared one. It is used again and again; each use is a generation.
//
// The region's lock is for sub-goroutines that share its context. Locks are taken
// in the order region, then Buffer.
type region struct {
	home *Buffer

	mu         sync.Mutex
	generation atomic.Uint64 // a handshake.Generation; odd while it lasts; changed under mu
	open       bool
	slabs      *bumper.SlabBuffer
	start      memory.Checkpoint // of the open scope
}

var _ handshake.Region = (*region)(nil)

// newRegion returns a region of home, whose lock is held. Regions of an isolating
// buffer do not share chunks, which would be handed on, but are isolating themselves.
func newRegion(home *Buffer) *region {
	if src, ok := home.sharing.Storage.(bumper.Source); ok {
		return &region{home: home, slabs: bumper.NewSlabBuffer(bumper.Isolating(), bumper.From(&isolated{home, src}), bumper.SlabSize(slabSize(0)))}
	}
	return &region{home: home, slabs: bumper.NewSlabBuffer(
		bumper.From(&carver{home: home}),
		bumper.SlabSize(slabSize(home.inner.Stats().Limit)),
	)}
}

// begin starts a generation, with the first scope open.
func (r *region) begin() handshake.Generation {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.enter()
	return handshake.Generation(r.generation.Add(1))
}

// enter opens a scope; r.mu is held.
func (r *region) enter() {
	r.open = true
	r.start = r.slabs.Checkpoint()
}

// AllocIn allocates in the open scope, or on the heap if that has ended.
func (r *region) AllocIn(g handshake.Generation, size, align uintptr) (memory.Block, error) {
	r.mu.Lock()
	defer r.mu.Unlock() // also when misuse or the source panics
	if !r.Living(g) || !r.open {
		r.home.late.Add(1)
		return scope.Heap().Alloc(size, align)
	}
	block, err := r.slabs.Alloc(size, align)
	if err != nil && r.home.reclaim() {
		block, err = r.slabs.Alloc(size, align)
	}
	if err != nil {
		r.home.mu.Lock()
		err = r.home.withOutside(err)
		r.home.mu.Unlock()
	}
	return block, err
}

// giveUp gives back what the region holds for its next scope, if it is closed and not
// just being used; false if it gave nothing.
func (r *region) giveUp() bool {
	if !r.mu.TryLock() { // the caller holds another region's lock
		return false
	}
	defer r.mu.Unlock()
	if r.open || r.slabs.Stats().Capacity == 0 {
		return false
	}
	r.slabs.Trim()
	return true
}

// OpenSub opens another region of the shared buffer.
func (r *region) OpenSub(g handshake.Generation) (handshake.Region, handshake.Generation, bool) {
	r.mu.Lock()
	usable := r.Living(g) && r.open
	r.mu.Unlock()
	if !usable {
		return nil, 0, false
	}
	return r.home.OpenRegion()
}

// Reopen opens the next scope of the same generation.
func (r *region) Reopen(g handshake.Generation) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.Living(g) || r.open {
		return false
	}
	r.enter()
	return true
}

// Close ends the open scope.
func (r *region) Close(g handshake.Generation, pc uintptr) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.Living(g) && r.open {
		r.start.EndsAt(pc)
		r.leave()
	}
}

// leave ends the open scope; r.mu is held. Nobody but the region knows its
// slabs, so that restoring them cannot be refused.
func (r *region) leave() {
	r.open = false
	if err := r.slabs.Restore(r.start); err != nil {
		panic("locked: region out of order: " + err.Error())
	}
}

// Release ends the generation and gives all memory back.
func (r *region) Release(g handshake.Generation) {
	r.mu.Lock()
	if !r.Living(g) {
		r.mu.Unlock()
		return
	}
	if r.open {
		r.leave()
	}
	r.generation.Add(1)
	r.slabs.Trim()
	r.mu.Unlock()
	r.home.putRegion(r)
}

// Living reports whether the generation still lasts.
func (r *region) Living(g handshake.Generation) bool { return r.generation.Load() == uint64(g) }
