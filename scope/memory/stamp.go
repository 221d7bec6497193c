package memory

import (
	"fmt"

	"github.com/allocarrays/allocarrays-go/internal/callsite"
)

// A Stamp identifies the scope that memory was allocated in, and reports whether
// it is still live. The zero Stamp belongs to memory that is never reused (the
// Go heap) and is always live.
//
// A Stamp is a small value, comparable with ==, and safe for concurrent use.
// It keeps the owner of the memory reachable.
type Stamp struct {
	epoch      *Epoch
	generation uint64
}

// Live reports whether the scope is still live. It is one atomic load.
func (s Stamp) Live() bool {
	return s.epoch == nil || s.epoch.generation.Load() == s.generation
}

// Owner returns the owner of the memory, the argument of [NewEpoch]; nil for the zero
// Stamp.
func (s Stamp) Owner() any {
	if s.epoch == nil {
		return nil
	}
	return s.epoch.owner
}

// EndsAt records the place that a report names when memory is used after this scope's
// end: pc is the program counter of the function whose return ends the scope, or of the
// call that ended it. EndsAt may be called before or just after the end. An epoch
// remembers its last few ends only.
func (s Stamp) EndsAt(pc uintptr) {
	if s.epoch != nil {
		store(&s.epoch.ends[s.generation%rememberedEnds], packEnd(s.generation, pc))
	}
}

// EndsAtCaller records a caller as that place, unless a place is recorded already: with
// skip 0 the caller of the function that calls EndsAtCaller, with 1 that one's caller,
// and so on. The Restore of a [Checkpointer] calls it: scope.NoEscape has recorded its
// function by then, but code that calls Restore itself has not.
func (s Stamp) EndsAtCaller(skip int) {
	if s.epoch != nil && s.endPC() == 0 {
		s.EndsAt(callsite.Caller(skip + 2))
	}
}

// EndsAs records as that place the one that is recorded for another scope, if there is
// any: for a block with an epoch of its own (see [Releaser]) that ends together with the
// scope around it.
func (s Stamp) EndsAs(outer Stamp) {
	if outer.epoch == nil {
		return
	}
	if pc := outer.endPC(); pc != 0 {
		s.EndsAt(pc)
	}
}

// End describes, for an error message, where the scope ended: the place where the
// function of scope.NoEscape begins, or the call of Restore or Reset. It is empty while
// the scope is live.
func (s Stamp) End() string {
	var moved bool
	if s, moved = s.Unmoved(); s.Live() {
		if moved {
			return "been given to an operation"
		}
		return ""
	}
	age := s.epoch.generation.Load() - s.generation
	if pc := s.endPC(); pc != 0 && age < 1<<16 {
		return "ended at " + callsite.Place(pc)
	}
	if s.Releasable() { // of a block, whose ends count more than one
		return "ended, and its memory was used again since"
	}
	return fmt.Sprintf("ended %d scopes ago", age)
}

// endPC returns the place that EndsAt recorded, 0 if it is not known.
func (s Stamp) endPC() uintptr {
	if pc, ok := unpackEnd(s.generation, s.epoch.ends[s.generation%rememberedEnds].Load()); ok {
		return pc
	}
	return 0
}

// rememberedEnds is how many ends an epoch remembers: a stale use is nearly
// always of the scope just ended, and a loop ends all its scopes in one place.
const rememberedEnds = 4

// packEnd puts a place and the low 16 bits of the generation that ended there in one
// word, so that a reader never takes the place of another generation for this one's,
// as long as they are less than 1<<16 apart.
// User-space addresses fit 48 bits on every platform Go runs on.
func packEnd(generation uint64, pc uintptr) uint64 {
	return generation<<48 | uint64(pc)&(1<<48-1)
}

func unpackEnd(generation, word uint64) (pc uintptr, ok bool) {
	pc = uintptr(word & (1<<48 - 1))
	return pc, pc != 0 && word>>48 == generation&(1<<16-1)
}
