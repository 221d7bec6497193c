package memory

// A Releaser is an [Allocator] that can take one block back before its scope ends. Each
// block it hands out, unless that is empty, has an [Epoch] of its own, made by
// [NewBlockEpoch], so that the stamps of the block and of all that was made of it end with
// the block. The end of a scope ends the epochs of the blocks that are left in it. An
// allocator uses the epochs again for later blocks, so that in the steady state it makes
// none.
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

// NewBlockEpoch returns an epoch for one block after the other of owner, which is asked to
// release them where no context says who else should be: by operations that have none. A
// [Wrapper] and its records do not learn of it.
func NewBlockEpoch(owner Releaser) *Epoch {
	e := NewEpoch(owner)
	e.releaser = owner
	return e
}

// Releasable reports whether the stamp is that of a single block, which can be released
// before its scope ends.
func (s Stamp) Releasable() bool { return s.epoch != nil && s.epoch.releaser != nil }

// Renew ends the stamp of a block that can be released, and returns the one that the block
// has from now on: for an operation that has overwritten an array with its result. The
// place is recorded as by [Stamp.EndsAt]. It returns false if s is not live, or not that of
// such a block.
func (s Stamp) Renew(pc uintptr) (Stamp, bool) {
	if !s.Releasable() || s.epoch.guarded.Load() != nil {
		return s, false
	}
	s.EndsAt(pc)
	if !s.epoch.generation.CompareAndSwap(s.generation, s.generation+1) {
		return s, false
	}
	return Stamp{s.epoch, s.generation + 1}, true
}
