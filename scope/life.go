package scope

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/allocarrays/allocarrays-go/internal/callsite"
	"github.com/allocarrays/allocarrays-go/internal/handshake"
	"github.com/allocarrays/allocarrays-go/scope/internal/pages"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// life is what a [Scope], its context and its cleanup share. It must not refer to the
// first two, so that the cleanup finds them unreachable.
type life struct {
	opened  uintptr // the place of the call of Open
	cleanup runtime.Cleanup
	late    atomic.Uint64

	mu       sync.Mutex
	state    atomic.Uint32 // changed under mu
	parent   *family       // or nil
	place    int           // in parent.members; under its lock
	children family

	// On a buffer shared by goroutines:
	opener     handshake.RegionOpener
	region     handshake.Region // from the first allocation on, as state says
	generation handshake.Generation
	released   chan struct{} // closed when a lost scope has been released

	// On anything else:
	alloc        Allocator
	checkpointer memory.Checkpointer // nil if nothing is released
	sharing      *handshake.Sharing  // of the buffer; nil if the checkpointer is none
	level        memory.Checkpoint
	top          memory.Stamp // of level, or of the innermost NoEscape with the scope's context
	depth        int          // how many levels were open with this one
	number       uint64       // of scopes on checkpointers, in the order they were opened
}

// States of a life.
const (
	idle  = iota // no region yet
	taken        // it has one
	ended        // by an End or a NoEscape
	lost         // by a cleanup
)

var opened atomic.Uint64

// over reports whether the scope has ended.
func (l *life) over() bool {
	return l.state.Load() >= ended || l.checkpointer != nil && !l.level.Live()
}

// takeRegion opens the region; false if the scope has ended.
func (l *life) takeRegion() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.state.Load() == idle {
		var ok bool
		if l.region, l.generation, ok = l.opener.OpenRegion(nil); ok {
			entered(context.Background(), l.region, l.opened)
			l.state.Store(taken)
		}
	}
	return l.state.Load() == taken
}

// end ends a scope that is no level, and its children, for the reason given. If a cleanup
// has just found it, end waits until that has released it.
func (l *life) end(reason uint32, pc uintptr) {
	switch l.finish(reason) {
	case taken:
		defer l.region.Release(l.generation)
		defer l.region.Close(l.generation, pc)
	case ended:
		return
	case lost:
		if reason == ended {
			<-l.released
		}
		return
	}
	for _, child := range l.children.disband() {
		child.end(reason, pc)
	}
}

// finish marks l as ended and returns its state before.
func (l *life) finish(reason uint32) (before uint32) {
	l.mu.Lock()
	before = l.state.Load()
	if before < ended {
		l.state.Store(reason)
	}
	l.mu.Unlock()
	if before >= ended {
		return before
	}
	if reason == ended {
		l.cleanup.Stop()
	}
	if reason == ended { // a lost scope is a member until it is released, a level until it is restored
		l.parent.remove(l)
	}
	return before
}

// endLevel ends a scope that is a level of an unlocked buffer, and its children, or changes
// nothing.
func (l *life) endLevel(pc uintptr) error {
	if l.state.Load() >= ended {
		return nil
	}
	if !l.level.Live() { // NoEscape ended it
		l.finish(ended)
		return nil
	}
	if pages.On() {
		defer watchUse(l.checkpointer, "End of a Scope").Leave()
	}
	l.sharing.RunAbandoned()
	var few [8]*life
	all := l.levels(few[:0])
	inOrder := l.sharing == nil || l.sharing.Levels.Depth()-l.depth < len(all)
	if !inOrder {
		all = all[len(all)-1:] // l alone, which is refused: there are levels of others above
	}
	for i, inner := range all {
		if err := inner.restore(pc); err != nil {
			if inOrder && l.sharing != nil && l.sharing.Held() {
				endWhenFree(all[i:], pc)
			}
			return fmt.Errorf("scope: End of the scope opened at %s: %w", callsite.Place(l.opened), err)
		}
		inner.finish(ended)
	}
	return nil
}

// endWhenFree ends scopes whose buffer a parallel region uses when the last region ends.
func endWhenFree(all []*life, pc uintptr) {
	sharing := all[0].sharing
	for _, l := range all {
		l.finish(ended)
		sharing.Abandoned.Add(func() bool { return l.tryRestore(pc) })
	}
	sharing.WhenFree(sharing.Abandoned.Run)
}

// tryRestore ends the level if it is the innermost, and reports whether it has ended.
func (l *life) tryRestore(pc uintptr) bool {
	if l.level.Live() && l.sharing.Levels.Stamp() == l.level.Stamp {
		_ = l.restore(pc) // refused while a parallel region uses the buffer
	}
	if l.level.Live() {
		return false
	}
	l.parent.remove(l)
	return true
}

// restore ends the level, which must be the innermost.
func (l *life) restore(pc uintptr) error {
	l.level.EndsAt(pc)
	err := l.checkpointer.Restore(l.level)
	if err != nil {
		l.level.EndsAt(0)
	}
	return err
}

// levels appends l and those of its descendants whose levels are open, innermost first.
func (l *life) levels(all []*life) []*life {
	all = append(all, l)
	for next := 0; next < len(all); next++ {
		for _, child := range all[next].children.list() {
			if child.level.Live() {
				all = append(all, child)
			} else {
				child.finish(ended)
			}
		}
	}
	if len(all) > 1 {
		slices.SortFunc(all, func(a, b *life) int { return cmp.Compare(b.number, a.number) })
	}
	return all
}

// join makes l one of the family. If that is disbanded, l ends with it.
func (l *life) join(f *family) {
	l.parent = f
	if !f.add(l) {
		l.end(ended, l.opened) // so that it is disbanded too
	}
}

// A family is the scopes that were opened within one and are still open. The zero value
// is empty; a nil one has no members.
type family struct {
	mu        sync.Mutex
	members   []*life
	disbanded bool
}

func (f *family) add(l *life) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.disbanded {
		return false
	}
	l.place = len(f.members)
	f.members = append(f.members, l)
	return true
}

// remove takes l out, if it is still a member.
func (f *family) remove(l *life) {
	if f == nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	last := len(f.members) - 1
	if l.place > last || f.members[l.place] != l {
		return
	}
	f.members[l.place] = f.members[last]
	f.members[l.place].place = l.place
	f.members[last] = nil
	f.members = f.members[:last]
}

// list returns the members.
func (f *family) list() []*life {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.members)
}

// dismiss returns the members and lets them go.
func (f *family) dismiss() []*life {
	f.mu.Lock()
	defer f.mu.Unlock()
	members := f.members
	f.members = nil
	return members
}

// disband is dismiss, and keeps new members out.
func (f *family) disband() []*life {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.disbanded = true
	members := f.members
	f.members = nil
	return members
}
