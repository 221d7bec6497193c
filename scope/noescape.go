package scope

import (
	"context"
	"errors"
	"unsafe"

	"github.com/allocarrays/allocarrays-go/internal/handshake"
	"github.com/allocarrays/allocarrays-go/scope/guard"
	"github.com/allocarrays/allocarrays-go/scope/internal/pages"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// NoEscape runs fn in a scope of its own: whatever is allocated through the
// context that fn receives is released when fn returns, whether by returning, by
// an error, by a panic or by runtime.Goexit, and must not be used afterwards.
// Scopes nest freely.
//
// How depends on the allocator of ctx:
//
//   - A memory.Checkpointer (a bump buffer): fn receives ctx itself, between a
//     checkpoint and its restore. Nothing is allocated.
//   - A buffer shared by goroutines (see package locked): fn receives the context of a
//     private region, so that scopes of different goroutines may overlap at
//     will. That context is one small object; scopes directly inside a region,
//     as in the worker of a locked.Group, reuse one and allocate nothing, if they are
//     opened with that very context and not one derived from it.
//   - Anything else, the Go heap included: fn receives ctx and nothing is
//     released but by the garbage collector.
//
// The result is fn's error. If an allocation inside panicked with an error that
// matches [ErrExhausted], NoEscape returns that error instead; any other panic
// goes on after the release. A scope that cannot be ended in order, because fn
// left a checkpoint open or reset the buffer under it, is an error too. So is one whose
// buffer a parallel region of package locked still uses: it ends when the last of these
// does.
func NoEscape(ctx context.Context, fn func(context.Context) error) error {
	switch c := nearest(ctx).(type) {
	case *regionContext:
		return runRegion(ctx, c, nil, fn)
	case *allocContext:
		switch {
		case c.checkpointer != nil:
			return runCheckpoint(ctx, c.checkpointer, fn)
		case c.wrapped:
			return runRegion(ctx, c.opener, c.alloc, fn)
		case c.opener != nil:
			return runRegion(ctx, c.opener, nil, fn)
		}
	}
	return runPlain(ctx, fn)
}

// Try runs fn and returns its error, or the error with which an allocation in it
// panicked because memory was exhausted. It releases nothing. Other panics go on.
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

func runCheckpoint(ctx context.Context, c memory.Checkpointer, fn func(context.Context) error) (err error) {
	watchFaults()
	pc := entry(fn) // panics if fn is nil, while nothing is open
	cp := watchedCheckpoint(c)
	cp.EndsAt(pc)
	defer func() {
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

// runRegion runs fn in a region that r opens; wrapper, if not nil, stays in force.
func runRegion(ctx context.Context, r handshake.RegionOpener, wrapper Allocator, fn func(context.Context) error) (err error) {
	watchFaults()
	pc := entry(fn)
	inner, parent := enterRegion(ctx, r)
	if inner == nil {
		return runPlain(ctx, fn)
	}
	defer func() {
		inner.leave(parent, pc)
		if v := recover(); v != nil {
			err = exhausted(v)
		}
		guard.Check()
	}()
	if wrapper != nil {
		return fn(WithAllocator(inner, rewrap(wrapper, inner)))
	}
	return fn(inner)
}

// endLater ends cp's level, if it is still open because a parallel region uses the
// buffer, when the last of these has ended.
func endLater(c memory.Checkpointer, cp memory.Checkpoint) {
	if s := handshake.FindSharing(c); s != nil && cp.Live() {
		s.WhenFree(func() {
			if c.Restore(cp) != nil {
				_ = unwind(c, cp)
			}
		})
	}
}

// unwind ends cp's level together with what was left open above it.
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
// exhausted, and goes on panicking with v otherwise. The stack of the original
// panic is still there when the program dies of it.
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

// watchedCheckpoint is c.Checkpoint, which guard mode watches.
func watchedCheckpoint(c memory.Checkpointer) memory.Checkpoint {
	if pages.On() {
		defer watchUse(c, "NoEscape").Leave()
	}
	return c.Checkpoint()
}
