package locked

import (
	"sync"
	"sync/atomic"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/scope"
)

// region is private memory within a shared buffer: a SlabBuffer whose slabs are
// chunks of the shared one. It is used again and again; each use is a life.
//
// The region's lock is for sub-goroutines that share its context. Locks are taken
// in the order region, then Buffer.
type region struct {
	home *Buffer

	mu    sync.Mutex
	life  atomic.Uint64 // a scope.Life; odd while it lasts; changed under mu
	open  bool
	slabs *bumper.SlabBuffer
	start scope.Checkpoint // of the open scope
}

var _ scope.Region = (*region)(nil)

// newRegion returns a region of home, whose lock is held. Regions of an isolating
// buffer do not share chunks, which would be handed on, but are isolating themselves.
func newRegion(home *Buffer) *region {
	if i, ok := home.inner.(interface{ Isolated() (bumper.Source, bool) }); ok {
		if src, ok := i.Isolated(); ok {
			return &region{home: home, slabs: bumper.NewSlabBuffer(bumper.Isolating(), bumper.From(&isolated{home, src}), bumper.SlabSize(slabSize(0)))}
		}
	}
	return &region{home: home, slabs: bumper.NewSlabBuffer(
		bumper.From(&carver{home: home}),
		bumper.SlabSize(slabSize(home.inner.Stats().Limit)),
	)}
}

// begin starts a life, with the first scope open.
func (r *region) begin() scope.Life {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.enter()
	return scope.Life(r.life.Add(1))
}

// enter opens a scope; r.mu is held.
func (r *region) enter() {
	r.open = true
	r.start = r.slabs.Checkpoint()
}

// AllocIn allocates in the open scope, or on the heap if that has ended.
func (r *region) AllocIn(life scope.Life, size, align uintptr) (scope.Block, error) {
	r.mu.Lock()
	defer r.mu.Unlock() // also when misuse or the source panics
	if !r.Living(life) || !r.open {
		r.home.late.Add(1)
		return scope.Heap().Alloc(size, align)
	}
	block, err := r.slabs.Alloc(size, align)
	if err != nil && r.home.reclaim() {
		block, err = r.slabs.Alloc(size, align)
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
func (r *region) OpenSub(life scope.Life) (scope.Region, scope.Life, bool) {
	r.mu.Lock()
	usable := r.Living(life) && r.open
	r.mu.Unlock()
	if !usable {
		return nil, 0, false
	}
	return r.home.OpenRegion()
}

// Reopen opens the next scope of the same life.
func (r *region) Reopen(life scope.Life) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.Living(life) || r.open {
		return false
	}
	r.enter()
	return true
}

// Close ends the open scope.
func (r *region) Close(life scope.Life, pc uintptr) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.Living(life) && r.open {
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

// Release ends the life and gives all memory back.
func (r *region) Release(life scope.Life) {
	r.mu.Lock()
	if !r.Living(life) {
		r.mu.Unlock()
		return
	}
	if r.open {
		r.leave()
	}
	r.life.Add(1)
	r.slabs.Trim()
	r.mu.Unlock()
	r.home.putRegion(r)
}

// Living reports whether life still lasts.
func (r *region) Living(life scope.Life) bool { return r.life.Load() == uint64(life) }
