package scope

import (
	"context"
	"errors"
	"unsafe"

	"github.com/allocarrays/allocarrays-go/internal/handshake"
	"github.com/allocarrays/allocarrays-go/scope/guard"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// NoEscape runs fn in a scope of its own: everything allocated through the context
// that fn receives is released when fn ends, by return, error, panic or
// runtime.Goexit, and must not be used afterwards. Scopes nest freely.
//
// How the scope works depends on the allocator of ctx:
//
//   - A memory.Checkpointer (a bump buffer): fn receives ctx itself and runs between
//     a checkpoint and its restore. NoEscape allocates nothing.
//   - A buffer shared by goroutines (see package locked): fn receives the context of a
//     private region, so that scopes of different goroutines may overlap. That
//     context is one small object. Scopes opened with a region's context itself, as
//     in a worker of a locked.Group, reuse one and allocate nothing; scopes opened
//     with a context derived from it do not.
//   - Any other allocator, the Go heap included: fn receives ctx, and only the
//     garbage collector releases memory.
//
// NoEscape returns fn's error. If an allocation in fn panicked with an error that
// matches [ErrExhausted], NoEscape returns that error instead; any other panic
// continues after the release. NoEscape also returns an error if the scope cannot be
// ended in order, because fn left a checkpoint open or reset the buffer, or because a
// parallel region of package locked still uses the buffer. In the last case the scope
// ends with the last such region.
func NoEscape(ctx context.Context, fn func(context.Context) error) error {
	switch c := nearest(ctx).(type) {
	case *regionContext:
		return runRegion(ctx, c, nil, fn)
	case *openRegion:
		return runRegion(ctx, c, nil, fn)
	case *openLevel:
		return runLevel(ctx, c.life, c.life.checkpointer, fn)
	case *allocContext:
		switch {
		case c.level != nil && c.opener == nil:
			return runLevel(ctx, c.level.life, c.checkpointer, fn)
		case c.checkpointer != nil:
			c.sharing.RunAbandoned()
			return runCheckpoint(ctx, c.checkpointer, c.sharing, nil, fn)
		case c.wrapped:
			return runRegion(ctx, c.opener, c.alloc, fn)
		case c.opener != nil:
			return runRegion(ctx, c.opener, nil, fn)
		}
	}
	return runPlain(ctx, fn)
}

// Try runs fn and returns its error, or the error of an allocation in fn that panicked
// because memory was exhausted. Other panics continue. Try releases nothing.
func Try(fn func() error) (err error) {
	watchFaults()
	defer recoverExhausted(&err)
	return fn()
}

func runPlain(ctx context.Context, fn func(context.Context) error) (err error) {
	watchFaults()
	defer recoverExhausted(&err)
	return fn(ctx)
}

// runCheckpoint runs fn in a level of c, whose sharing is s if it is a buffer. While it runs, *top, if top is not nil, is the
// level's stamp.
func runCheckpoint(ctx context.Context, c memory.Checkpointer, s *handshake.Sharing, top *memory.Stamp, fn func(context.Context) error) (err error) {
	watchFaults()
	pc := entry(fn) // panics if fn is nil, while nothing is open
	cp := watchedCheckpoint(c, "NoEscape")
	cp.EndsAt(pc)
	s.Enter(ctx, pc)
	var outer memory.Stamp
	if top != nil {
		outer, *top = *top, cp.Stamp
	}
	defer func() {
		if top != nil {
			*top = outer
		}
		if failed := c.Restore(cp); failed != nil {
			err = errors.Join(err, failed, unwind(c, cp))
			endLater(c, cp)
		}
		if v := recover(); v != nil {
			err = exhausted(v)
		}
		guard.Check()
	}()
	return fn(ctx)
}

// runLevel runs fn in a level of c, or of none, within l, the scope of fn's context.
func runLevel(ctx context.Context, l *life, c memory.Checkpointer, fn func(context.Context) error) error {
	if c == nil || l.over() {
		return runPlain(ctx, fn)
	}
	l.sharing.RunAbandoned()
	return runCheckpoint(ctx, c, l.sharing, &l.top, fn)
}

// runRegion runs fn in a region that r opens; wrapper, if not nil, stays in force.
func runRegion(ctx context.Context, r handshake.RegionOpener, wrapper Allocator, fn func(context.Context) error) (err error) {
	watchFaults()
	pc := entry(fn)
	inner, parent := enterRegion(ctx, r)
	if inner == nil {
		return runPlain(ctx, fn)
	}
	entered(ctx, inner.region, pc)
	defer func() {
		inner.leave(parent, pc)
		if v := recover(); v != nil {
			err = exhausted(v)
		}
		guard.Check()
	}()
	if wrapper != nil {
		return fn(WithAllocator(inner, rewrap(wrapper, inner, opensRegions)))
	}
	return fn(inner)
}

// endLater ends cp's level when the last parallel region that uses the buffer has
// ended, if the level is still open because of one.
func endLater(c memory.Checkpointer, cp memory.Checkpoint) {
	if s := handshake.FindSharing(c); s != nil && cp.Live() {
		s.WhenFree(func() {
			if c.Restore(cp) != nil {
				_ = unwind(c, cp)
			}
		})
	}
}

// unwind ends cp's level together with the levels left open above it.
func unwind(c memory.Checkpointer, cp memory.Checkpoint) error {
	if u, ok := c.(memory.Unwinder); ok {
		return u.Unwind(cp)
	}
	return nil
}

// recoverExhausted, deferred, turns a panic about exhausted memory into *err.
func recoverExhausted(err *error) {
	if v := recover(); v != nil {
		*err = exhausted(v)
	}
}

// exhausted returns the error in a recovered value v if it says that memory is
// exhausted, and panics with v again otherwise. If that ends the program, the stack
// of the original panic is still there.
func exhausted(v any) error {
	if err, ok := v.(error); ok && errors.Is(err, ErrExhausted) {
		return err
	}
	panic(explained(v))
}

// entry returns the program counter at which fn's code begins, for Stamp.EndsAt.
//
// A func value is a pointer to a structure that begins with the code's address.
// reflect.Value.Pointer reads the same word but makes fn, and with it all that
// its closure captures, escape to the heap.
func entry(fn func(context.Context) error) uintptr {
	return **(**uintptr)(unsafe.Pointer(&fn))
}
