package scope

import (
	"context"
	"fmt"

	"github.com/allocarrays/allocarrays-go/internal/handshake"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// An Allocator hands out memory. Packages bumper and locked provide some, [Heap] returns
// another, and package scope/memory says how to write one.
type Allocator = memory.Allocator

// A Stamp identifies the scope that memory was allocated in, and reports whether it is
// still live. Array types keep the stamp of their elements and check it on access.
type Stamp = memory.Stamp

// allocatorKey finds the context of this package that is nearest in a chain: an
// *allocContext, *regionContext, *openRegion or *openLevel, from which an allocator and
// its abilities are one comparison of concrete types away. (Asking a value for an interface makes the
// runtime allocate a cache at some later moment.)
type allocatorKey struct{}

// allocContext is the context of [WithAllocator]. It is a type of its own, and not
// context.WithValue, so that AllocatorFrom knows it without a search, and NoEscape
// what the allocator can do.
type allocContext struct {
	context.Context
	alloc        Allocator
	bump         *handshake.Bump        // of alloc, or nil
	track        *handshake.Track       // of alloc, or nil
	level        *openLevel             // behind wrappers, or nil
	checkpointer memory.Checkpointer    // behind wrappers, or nil
	sharing      *handshake.Sharing     // of the checkpointer, if it is a buffer
	opener       handshake.RegionOpener // behind wrappers, or nil; at most one of the two
	wrapped      bool                   // wrappers stand before the opener
	releaser     memory.Releaser        // alloc, if it is one and no wrapper
	wraps        bool                   // alloc is a wrapper
}

func (c *allocContext) Value(key any) any {
	if key == (allocatorKey{}) {
		return c
	}
	return c.Context.Value(key)
}

// WithAllocator returns a context that carries a: code that asks the context for
// memory gets it from a. It panics if a is nil; to go back to the Go heap, use
// [Heap].
func WithAllocator(ctx context.Context, a Allocator) context.Context {
	if a == nil {
		panic(misuse("WithAllocator with a nil Allocator; the Go heap is scope.Heap()"))
	}
	c := &allocContext{Context: ctx, alloc: a, bump: handshake.BumpOf(a)}
	c.level, _ = memory.As[*openLevel](a)
	s, by := handshake.FindScopes(a)
	c.checkpointer, c.sharing, c.opener = s.Checkpointer, s.Sharing, s.Opener
	if s.Sharing != nil && s.Sharing.Track != nil && s.Sharing.TrackOwner == a {
		c.track = s.Sharing.Track
	}
	c.wrapped = c.opener != nil && by != a
	if c.wraps = memory.Unwrap(a) != nil; !c.wraps {
		c.releaser, _ = a.(memory.Releaser)
	}
	return c
}

// AllocatorFrom returns the allocator that ctx carries, or [Heap] if it carries
// none. It never returns nil.
func AllocatorFrom(ctx context.Context) Allocator {
	switch c := ctx.(type) { // as below; asked first, it saves a nanosecond
	case *allocContext:
		return c.alloc
	case *regionContext:
		return c
	}
	switch c := nearest(ctx).(type) {
	case *allocContext:
		return c.alloc
	case *regionContext:
		return c
	case *openRegion:
		return c
	case *openLevel:
		return c
	}
	return heap{}
}

// nearest returns the context of this package that is ctx, or the one nearest to it; nil
// if there is none.
func nearest(ctx context.Context) any {
	switch c := ctx.(type) {
	case *allocContext:
		return c
	case *regionContext:
		return c
	case *openRegion:
		return c
	case *openLevel:
		return c
	}
	return ctx.Value(allocatorKey{})
}

// contextAround returns the context of the scope that a, behind wrappers, is the allocator
// of: a *regionContext, *openRegion or *openLevel, or nil.
func contextAround(a Allocator) any {
	for ; a != nil; a = memory.Unwrap(a) {
		switch a.(type) {
		case *regionContext, *openRegion, *openLevel:
			return a
		}
	}
	return nil
}

// rewrap puts the wrappers that stand in a's chain before a base around the allocator of a
// scope within it.
func rewrap(a, inner Allocator, isBase func(Allocator) bool) Allocator {
	if isBase(a) {
		return inner
	}
	w, ok := a.(memory.Wrapper)
	if !ok {
		panic(misuse("%T has Unwrap but no Rewrap: allocations in a private region would bypass it", a))
	}
	return w.Rewrap(rewrap(w.Unwrap(), inner, isBase))
}

// opensRegions reports whether a opens the regions for all that is around it.
func opensRegions(a Allocator) bool {
	switch a.(type) {
	case handshake.RegionOpener, handshake.Instrument:
		return true
	}
	return false
}

func isLevel(a Allocator) bool {
	_, ok := a.(*openLevel)
	return ok
}

// misuse returns the message of a panic about a programming error.
func misuse(format string, args ...any) string {
	return "scope: " + fmt.Sprintf(format, args...)
}
