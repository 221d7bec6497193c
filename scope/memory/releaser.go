package memory

import "unsafe"

// A Releaser is an [Allocator] that can take one block back before its scope ends. Each
// block it hands out, unless that is empty, has an [Epoch] of its own, so that the stamps
// of the block and of all that was made of it end with the block:
//
//	func (p *pool) Alloc(size, align uintptr) (memory.Block, error) {
//		mem, epoch, err := p.take(size, memory.Alignment(size, align))
//		return epoch.Block(mem), err // the epoch is of memory.NewBlockEpoch(p)
//	}
//
// The end of a scope ends the epochs of the blocks that are left in it. An allocator uses
// the epochs again for later blocks, so that in the steady state it makes none.
//
// An empty block has the stamp of the innermost scope, as those of a [Checkpointer] have,
// and is never released.
//
// A block may get a new stamp while it lives: an operation that computes in place ends
// that of its operand with [Stamp.Renew], which does not ask the allocator. So an
// allocator keeps no stamp; that of a block is at any time its epoch's.
type Releaser interface {
	Allocator

	// Release ends the block that has the stamp s and is the memory mem, all of it, so
	// that the memory may be handed out again, in the same scope or in another: it calls
	// End of the block's epoch. It returns false, and changes nothing, if this allocator
	// has no such block: if mem is a part of one, or s is another allocator's or has
	// ended.
	//
	// It is called where Alloc may be called, by nobody while anything uses the memory,
	// and after s.EndsAt, so that what uses the block later can say where it was released.
	Release(mem []byte, s Stamp) bool
}

// ReleaserOf returns what releases blocks for a: the outermost allocator in its chain of
// wrappers that has a method Release, if the innermost allocator has the ability. An
// allocator that has the method but only sometimes the ability has a method Releases,
// which reports it.
func ReleaserOf(a Allocator) (Releaser, bool) {
	r, ok := a.(Releaser)
	if maybe, asks := a.(interface{ Releases() bool }); asks {
		if !ok || !maybe.Releases() {
			return nil, false
		}
		return r, true
	}
	inner := Unwrap(a)
	if inner == nil {
		return r, ok
	}
	behind, able := ReleaserOf(inner)
	if able && ok {
		return r, true
	}
	return behind, able
}

// Releasable reports whether the stamp is that of a single block, which can be released
// before its scope ends. In guard mode all blocks that it watches are such blocks.
func (s Stamp) Releasable() bool { return s.epoch != nil && s.epoch.kind != scopes }

// Scoped reports whether the stamp is that of memory which a scope releases: not the zero
// Stamp, nor that of a block of the Go heap to which guard mode gave one.
func (s Stamp) Scoped() bool {
	return s.epoch != nil && !(s.Watched() && s.epoch.record.(*watched).list == nil)
}

// Watched reports whether guard mode gave the block an epoch of its own, on an allocator
// that cannot release single blocks.
func (s Stamp) Watched() bool { return s.epoch != nil && s.epoch.kind == guarded }

// ReleasableBy reports whether the stamp is that of a block of r itself, which guard mode
// does not watch.
func (s Stamp) ReleasableBy(r Releaser) bool {
	return s.epoch != nil && s.epoch.kind == blocks && s.epoch.owner == any(r) && s.epoch.guarded.Load() == nil
}

// Whole reports whether mem is all of a releasable block, as far as is known, and not a
// part of it.
func (s Stamp) Whole(mem []byte) bool {
	e := s.epoch
	return e.start == 0 || e.size == len(mem) && e.start == address(mem)
}

// Handed reports whether mem is all of a releasable block as its allocator has handed it out,
// which is what a [Releaser] is given: in guard mode, not what [Stamp.Whole] compares with.
func (s Stamp) Handed(mem []byte) bool {
	if e := s.epoch; e.replaced != nil {
		return e.size == len(mem) && e.replaced == unsafe.SliceData(mem)
	}
	return s.Whole(mem)
}

// Release releases a block as [Releaser.Release] does, where mem is the block as it was
// handed out: in guard mode, not the allocator's. If r is nil, the owner releases it, or guard
// mode, if the owner cannot.
func (s Stamp) Release(r Releaser, mem []byte) bool {
	if !s.Releasable() || !s.Live() || !s.Whole(mem) {
		return false
	}
	e := s.epoch
	if e.kind == guarded {
		return e.record.(*watched).Release(mem, s)
	}
	if r == nil {
		r = e.owner.(Releaser) // see NewBlockEpoch
	}
	if e.replaced != nil {
		mem = unsafe.Slice(e.replaced, e.size)
	}
	return r.Release(mem, s)
}

// Renew ends the stamp of a block that can be released, and returns the one that the block
// has from now on: for an operation that has overwritten an array with its result. The
// place is recorded as by [Stamp.EndsAt]. Renew returns false, and changes nothing, if s is
// not live or not that of such a block, or if guard mode watches the block.
func (s Stamp) Renew(pc uintptr) (Stamp, bool) {
	if !s.Releasable() || !s.Live() || s.Watched() || s.epoch.guarded.Load() != nil {
		return s, false
	}
	return s.renew(pc)
}

// renew is Renew of a stamp that lived a moment ago.
func (s Stamp) renew(pc uintptr) (Stamp, bool) {
	s.EndsAt(pc)
	next := Stamp{s.epoch, s.generation + 1}
	// An addition would make a live stamp if another goroutine has just ended the scope.
	if !s.epoch.generation.CompareAndSwap(s.generation, next.generation) {
		return s, false
	}
	return next, true
}
