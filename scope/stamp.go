package scope

import (
	"fmt"
	"runtime"
	"sync/atomic"
)

// A Stamp says in which scope something was born, and answers whether that
// scope still lives. The zero Stamp belongs to memory that is never reused (the
// Go heap) and is always live.
//
// A Stamp is a small value, comparable with ==, and safe for concurrent use.
// It keeps the owner of the memory it speaks of reachable.
type Stamp struct {
	epoch *Epoch
	life  uint64
}

// Live reports whether the scope still lives. It is one atomic load.
func (s Stamp) Live() bool { return s.epoch == nil || s.epoch.life.Load() == s.life }

// EndsAt records the code that a report shall name when something is used after
// this scope's end: pc is the program counter of the function whose return ends
// the scope, or of the call that ended it. It may be called before or just after
// the end. Only the last few ends of an epoch are remembered.
func (s Stamp) EndsAt(pc uintptr) {
	if s.epoch != nil {
		s.epoch.ends[s.life%rememberedEnds].Store(packEnd(s.life, pc))
	}
}

// EndNoted reports whether EndsAt was called for this scope.
func (s Stamp) EndNoted() bool {
	if s.epoch == nil {
		return false
	}
	_, ok := unpackEnd(s.life, s.epoch.ends[s.life%rememberedEnds].Load())
	return ok
}

// End describes where the scope ended (for [NoEscape] by the place where the function
// it ran begins, for a Restore or Reset by the call), for the reader of an error. It is empty
// while the scope lives.
func (s Stamp) End() string {
	if s.Live() {
		return ""
	}
	age := s.epoch.life.Load() - s.life
	if pc := s.endPC(); pc != 0 && age < 1<<16 {
		return "ended at " + location(pc)
	}
	return fmt.Sprintf("ended %d scopes ago", age)
}

// endPC returns the place that EndsAt noted, 0 if it is not known.
func (s Stamp) endPC() uintptr {
	if pc, ok := unpackEnd(s.life, s.epoch.ends[s.life%rememberedEnds].Load()); ok {
		return pc
	}
	return 0
}

// An Epoch issues the stamps of one scope after the other in the same place,
// for example of all scopes that stand at one depth of a buffer. Ending a scope
// makes every stamp of it dead with a single addition, and begins the next.
type Epoch struct {
	life  atomic.Uint64
	ends  [rememberedEnds]atomic.Uint64
	owner any

	number  uint64                        // of the epoch, in the order they were made; for GuardSample
	guarded atomic.Pointer[guardedBlocks] // nil unless a scope was guarded here
}

// NewEpoch returns an epoch whose stamps keep owner reachable: what owns the
// memory (and perhaps unmaps it when collected) outlives every array on it.
func NewEpoch(owner any) *Epoch { return &Epoch{owner: owner, number: epochs.Add(1)} }

var epochs atomic.Uint64

// Stamp returns the stamp of the scope that lives now.
func (e *Epoch) Stamp() Stamp { return Stamp{e, e.life.Load()} }

// End ends the scope that lives now, and begins another.
func (e *Epoch) End() {
	ended := Stamp{e, e.life.Add(1) - 1}
	if g := e.guarded.Load(); g != nil {
		g.release(ended)
	}
}

// rememberedEnds is how many ends an epoch remembers: a stale use is nearly
// always of the scope just ended, and a loop ends all its scopes in one place.
const rememberedEnds = 4

// packEnd puts a place and the low 16 bits of the life that ended there in one
// word, so that a reader never takes the place of another life for this one's, as
// long as they are less than 1<<16 apart.
// User-space addresses fit 48 bits on every platform Go runs on.
func packEnd(life uint64, pc uintptr) uint64 {
	return life<<48 | uint64(pc)&(1<<48-1)
}

func unpackEnd(life, word uint64) (pc uintptr, ok bool) {
	pc = uintptr(word & (1<<48 - 1))
	return pc, pc != 0 && word>>48 == life&(1<<16-1)
}

// location names the code at pc as a compiler does: file:line, then function.
func location(pc uintptr) string {
	frame, _ := runtime.CallersFrames([]uintptr{pc + 1}).Next()
	return fmt.Sprintf("%s:%d (%s)", frame.File, frame.Line, frame.Function)
}

// Sibling returns a new epoch with the same owner.
func (e *Epoch) Sibling() *Epoch { return NewEpoch(e.owner) }

// Issued reports whether s is a stamp of this epoch, of whatever life.
func (e *Epoch) Issued(s Stamp) bool { return s.epoch == e }
