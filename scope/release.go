package scope

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unsafe"

	"github.com/allocarrays/allocarrays-go/internal/callsite"
	"github.com/allocarrays/allocarrays-go/internal/handshake"
	"github.com/allocarrays/allocarrays-go/scope/internal/pages"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// Release ends memory before its scope ends: elems, which [Alloc] returned with the stamp
// for the same ctx. The stamp is no longer live then, and a [StaleError] names the call as
// the place where it ended. It is for array types, which check their stamps.
//
// Only some allocators take single blocks back: see [memory.Releaser]. Where ctx's does
// not, Release does nothing, except in guard mode: memory that is watched is released
// everywhere, that of the Go heap included. Memory with the zero stamp is never released,
// nor is that of no size.
//
// Release returns an error and changes nothing if the stamp is not live, if elems is only a
// part of what was allocated, or if another allocator than ctx's can tell that the memory
// is its own; in guard mode, if any made it. These are mistakes in the program, for the array type to panic about.
func Release[T any](ctx context.Context, elems []T, stamp Stamp) error {
	return release(ctx, unsafe.Pointer(unsafe.SliceData(elems)), uintptr(len(elems))*unsafe.Sizeof(elems[0]), stamp)
}

// ErrPart is the cause of an error of [Release]: the memory is a part of a block.
var ErrPart = errors.New("a view of a part of an array cannot be released, only the array")

// ErrForeign is the cause of an error of [Release]: the memory is not of the allocator in
// the context.
var ErrForeign = errors.New("the allocator in the context did not make it")

// bytesOf returns the memory of elements.
func bytesOf[T any](elems []T) []byte {
	// They are len(elems) elements in a row, of a type without pointers.
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(elems))), uintptr(len(elems))*unsafe.Sizeof(elems[0]))
}

// release is Release of size bytes from start on.
func release(ctx context.Context, start unsafe.Pointer, size uintptr, stamp Stamp) error {
	if c, ok := ctx.(*allocContext); ok {
		if t := c.track; t != nil && t.Holds(stamp, start, size) {
			pc := callsite.Known()
			if pc == 0 {
				pc = callsite.User()
			}
			t.Release(stamp, pc)
			return nil
		}
		if c.releaser == nil && !c.wraps && !stamp.Releasable() && stamp.Live() {
			return nil // nothing takes single blocks back
		}
	}
	return releaseSlow(ctx, unsafe.Slice((*byte)(start), size), stamp) // the elements are in a row
}

// releaseSlow is release where the allocator has to be asked.
func releaseSlow(ctx context.Context, mem []byte, stamp Stamp) error {
	if len(mem) == 0 || stamp == (Stamp{}) {
		return nil
	}
	if !stamp.Live() {
		return NewStaleError("scope: Release of memory", stamp, "release once, before the scope ends")
	}
	r := releaserIn(ctx)
	if !stamp.Releasable() {
		if r != nil {
			return foreign(ctx, stamp)
		}
		return nil
	}
	if !stamp.Whole(mem) {
		return fmt.Errorf("scope: Release of %d bytes: %w", len(mem), ErrPart)
	}
	if stamp.Watched() && strange(ctx, stamp) || r == nil && !stamp.Watched() {
		return foreign(ctx, stamp)
	}
	stamp.EndsAt(callsite.User())
	if !stamp.Release(r, mem) {
		stamp.EndsAt(0)
		return foreign(ctx, stamp)
	}
	return nil
}

func foreign(ctx context.Context, stamp Stamp) error {
	return fmt.Errorf("scope: Release of memory of %s, with %s in the context: %w", name(stamp.Owner()), name(AllocatorFrom(ctx)), ErrForeign)
}

// name describes an allocator in a message, without its statistics, which follow a colon.
func name(a any) string {
	if s, ok := a.(fmt.Stringer); ok {
		short, _, _ := strings.Cut(s.String(), ": ")
		return short
	}
	return fmt.Sprintf("a %T", a)
}

// ReleaseMoved is [Release] of an operand that was handed to an operation, which has
// finished, or with a nil ctx to one that has no context. The allocator of the operand
// releases it, also if it is not that of ctx, which that of the operation's result is.
func ReleaseMoved[T any](ctx context.Context, elems []T, stamp Stamp) error {
	if len(elems) == 0 || !stamp.Releasable() || !stamp.Live() {
		return nil
	}
	mem := bytesOf(elems)
	if !stamp.Whole(mem) {
		return fmt.Errorf("scope: Release of %d bytes: %w", len(mem), ErrPart)
	}
	stamp.EndsAt(callsite.User())
	if ctx != nil {
		if r := releaserIn(ctx); r != nil && stamp.Release(r, mem) {
			return nil
		}
	}
	if !stamp.Release(nil, mem) {
		stamp.EndsAt(0)
		return fmt.Errorf("scope: Release of memory of %s: %w", name(stamp.Owner()), ErrForeign)
	}
	return nil
}

// Reuse makes memory that an operation has overwritten with its result the result's: elems,
// which [Alloc] returned with the stamp. It ends the stamp and returns that of the result,
// which ends with the scope that the memory is of: that of ctx, or one around it.
// It returns false, and changes nothing, if the memory is not of the very allocator of ctx,
// which can release it, or if guard mode watches it. Then the operation allocates its result.
func Reuse[T any](ctx context.Context, elems []T, stamp Stamp) (Stamp, bool) {
	if len(elems) == 0 || !stamp.ReleasableBy(directReleaser(ctx)) || !stamp.Whole(bytesOf(elems)) {
		return stamp, false
	}
	return stamp.Renew(callsite.User())
}

// Reusable reports whether [Reuse] would succeed.
func Reusable[T any](ctx context.Context, elems []T, stamp Stamp) bool {
	return len(elems) > 0 && stamp.Live() && stamp.ReleasableBy(directReleaser(ctx)) && stamp.Whole(bytesOf(elems))
}

// releaserIn returns what releases the blocks of ctx's allocator; nil if nothing does.
func releaserIn(ctx context.Context) memory.Releaser {
	switch c := nearest(ctx).(type) {
	case *allocContext:
		if !c.wraps {
			return c.releaser
		}
		r, _ := memory.ReleaserOf(c.alloc)
		return r
	case *regionContext:
		return releaserOfRegion(c.region, c.generation)
	case *openRegion:
		return c.life.releaser()
	case *openLevel:
		r, _ := memory.ReleaserOf(c)
		return r
	}
	return nil
}

// directReleaser returns ctx's allocator if it releases its blocks itself, with no wrapper
// before it, and would allocate one in its innermost scope now.
func directReleaser(ctx context.Context) memory.Releaser {
	switch c := nearest(ctx).(type) {
	case *allocContext:
		return c.releaser
	case *regionContext:
		return releaserOfRegion(c.region, c.generation)
	case *openRegion:
		return c.life.releaser()
	case *openLevel:
		if c.life.inTime() {
			r, _ := c.life.alloc.(memory.Releaser)
			return r
		}
	}
	return nil
}

// releaser returns what releases the blocks of the region of l, if it has one.
func (l *life) releaser() memory.Releaser {
	if l.state.Load() != taken {
		return nil
	}
	return releaserOfRegion(l.region, l.generation)
}

func releaserOfRegion(r handshake.Region, g handshake.Generation) memory.Releaser {
	if able, ok := r.(handshake.Releasing); ok {
		return able.Releaser(g)
	}
	return nil
}

// The allocators of scopes release blocks where what they are scopes of does. That becomes
// known when it is asked for.

func (c *regionContext) Releases() bool { return releaserOfRegion(c.region, c.generation) != nil }

func (c *regionContext) Release(mem []byte, s Stamp) bool {
	r := releaserOfRegion(c.region, c.generation)
	return r != nil && r.Release(mem, s)
}

func (c *openRegion) Releases() bool { return c.life.releaser() != nil }

func (c *openRegion) Release(mem []byte, s Stamp) bool {
	r := c.life.releaser()
	return r != nil && r.Release(mem, s)
}

func (c *openLevel) Releases() bool {
	_, able := memory.ReleaserOf(c.life.alloc)
	return able && !c.life.over()
}

func (c *openLevel) Release(mem []byte, s Stamp) bool {
	r, able := memory.ReleaserOf(c.life.alloc)
	if !able || c.life.over() {
		return false
	}
	if pages.On() {
		defer watchUse(c, "Release of a block").Leave()
	}
	return r.Release(mem, s)
}
