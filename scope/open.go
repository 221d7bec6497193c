package scope

import (
	"context"
	"runtime"

	"github.com/allocarrays/allocarrays-go/internal/callsite"
	"github.com/allocarrays/allocarrays-go/internal/handshake"
	"github.com/allocarrays/allocarrays-go/scope/guard"
	"github.com/allocarrays/allocarrays-go/scope/internal/pages"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// A Scope is a scope that [Open] has opened and that ends when its method End is called.
type Scope struct{ life *life }

// Open opens a scope that lasts until the End of the Scope it returns: for a lifetime that
// no function encloses, such as that of an RPC which callbacks begin and end. Where a
// function does, use [NoEscape], which cannot be forgotten, or call Open with
//
//	ctx, s := scope.Open(ctx)
//	defer s.End()
//
// Whatever is allocated through the returned context, or one derived from it, is released
// by End and must not be used afterwards. Each call returns a context of its own, which no
// other scope ever has. Its allocations are in time as long as the scope is open; later
// ones come from the Go heap and are counted, see [Scope.Late]. Cancelling the context does
// not end the scope, nor does End cancel the context.
//
// How the scope holds memory depends on the allocator of ctx:
//
//   - A buffer shared by goroutines (see package locked): goroutines may share the context,
//     and any of them may call End, in any order. The private region is opened by the first
//     allocation, or with the first one within it; until then the scope costs the buffer
//     nothing, and does not keep it from being reset or closed.
//   - A memory.Checkpointer (a bump buffer): the scope is a level of the buffer and ends in
//     the goroutine that uses it. An allocation is in time only while the scope is the
//     innermost, or those inside it are of a NoEscape that runs with its context.
//   - Anything else, the Go heap included: nothing is released but by the garbage
//     collector. A limit of package meter around it is charged until End.
//
// Scopes that were opened with the context of another, or one derived from it, are its
// children: they end with it, if not before. Children of a NoEscape on a shared buffer end
// with it too; on a bump buffer it is an error if NoEscape finds one open. A scope within
// one that has ended is late from the beginning.
//
// Memory that is exhausted makes allocations panic as always. [Try] turns that into an
// error, and explains the faults of guard mode, as NoEscape does for what it encloses.
//
// A Scope that is garbage, together with its context, before End was called is a leak: it
// is ended and reported, see [OnLeak]. On a bump buffer, which only its own goroutine may
// use, it is ended by the next NoEscape, Open, End or Reset.
func Open(ctx context.Context) (context.Context, *Scope) {
	watchFaults()
	l := &life{opened: callsite.Caller(1)}
	switch c := nearest(ctx).(type) {
	case *regionContext:
		return l.openOn(ctx, c, nil, c)
	case *openRegion:
		return l.openOn(ctx, c, nil, c)
	case *openLevel:
		l.checkpointer, l.sharing = c.life.checkpointer, c.life.sharing
		return l.openLevel(ctx, c.life.alloc, c.life)
	case *allocContext:
		l.checkpointer, l.sharing = c.checkpointer, c.sharing
		switch {
		case c.wrapped:
			return l.openOn(ctx, c.opener, c.alloc, contextAround(c.alloc))
		case c.opener != nil:
			return l.openOn(ctx, c.opener, nil, contextAround(c.alloc))
		case c.level != nil:
			return l.openLevel(ctx, rewrap(c.alloc, c.level.life.alloc, isLevel), c.level.life)
		}
		return l.openLevel(ctx, c.alloc, nil)
	}
	return l.openLevel(ctx, heap{}, nil)
}

// End ends the scope and releases what was allocated in it and in its children. A second
// call, or one for a scope that ended with another, does nothing and returns nil.
//
// On a buffer shared by goroutines any of them may call End. On a bump buffer only the
// goroutine that uses the buffer may, and the scope must be the innermost, its children
// apart: else End returns an error that says so (bumper.ErrOutOfOrder) and changes
// nothing. If a parallel region of package locked uses the bump buffer, the error is
// bumper.ErrHeld, and the scope ends when the last region does.
func (s *Scope) End() error {
	pc := callsite.Caller(1)
	defer runtime.KeepAlive(s)
	var err error
	if s.life.checkpointer != nil {
		err = s.life.endLevel(pc)
	} else {
		s.life.end(ended, pc)
	}
	guard.Check()
	return err
}

// Late returns how many allocations through the scope's context came from the heap because
// the scope had ended or, on a bump buffer, was not the innermost. A shared buffer counts
// them as well, in its Stats. Late is safe for concurrent use.
func (s *Scope) Late() uint64 { return s.life.late.Load() }

// openOn opens l on what opens regions, within a scope that contextAround has found, or
// none. The wrapper, if not nil, stays in force.
func (l *life) openOn(ctx context.Context, opener handshake.RegionOpener, wrapper Allocator, around any) (context.Context, *Scope) {
	x := &struct {
		openRegion
		Scope
	}{openRegion{ctx, l}, Scope{l}} // one object, so that either part keeps both
	l.opener = opener
	if parent, ok := opener.(*openRegion); ok {
		l.opener = parent.life // and not the context, which l would keep reachable
	}
	l.cleanup = runtime.AddCleanup(x, abandoned, l)
	switch parent := around.(type) {
	case *openRegion:
		l.join(&parent.life.children)
	case *openLevel:
		l.join(&parent.life.children)
		if parent.life.over() {
			l.end(ended, l.opened)
		}
	case *regionContext:
		l.join(parent.family())
		if !parent.region.IsOpen(parent.generation) { // it may have ended its children before l was one
			l.end(ended, l.opened)
		}
	}
	if wrapper != nil {
		return WithAllocator(&x.openRegion, rewrap(wrapper, &x.openRegion, opensRegions)), &x.Scope
	}
	return &x.openRegion, &x.Scope
}

// openLevel opens l on an unlocked buffer, or on an allocator that releases nothing.
func (l *life) openLevel(ctx context.Context, alloc Allocator, parent *life) (context.Context, *Scope) {
	x := &struct {
		openLevel
		Scope
	}{openLevel{ctx, l}, Scope{l}}
	l.alloc = alloc
	l.cleanup = runtime.AddCleanup(x, abandoned, l)
	if parent != nil {
		if parent.over() {
			l.finish(ended)
		} else {
			l.join(&parent.children)
		}
	}
	if l.state.Load() < ended && l.checkpointer != nil {
		l.sharing.RunAbandoned()
		l.level = watchedCheckpoint(l.checkpointer, "Open")
		l.sharing.Enter(ctx, l.opened)
		l.top = l.level.Stamp
		l.number = opened.Add(1)
		if l.sharing != nil {
			l.depth = l.sharing.Levels.Depth()
		}
	}
	return &x.openLevel, &x.Scope
}

// watchedCheckpoint is c.Checkpoint, which guard mode watches.
func watchedCheckpoint(c memory.Checkpointer, what string) memory.Checkpoint {
	if pages.On() {
		defer watchUse(c, what).Leave()
	}
	return c.Checkpoint()
}
