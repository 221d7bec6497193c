package scope

import (
	"context"
	"fmt"

	"github.com/allocarrays/allocarrays-go/internal/handshake"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// An Allocator hands out memory. Packages bumper and locked have some, [Heap] is one,
// and package scope/memory says how to write another.
type Allocator = memory.Allocator

// A Stamp says in which scope memory was born, and answers whether that scope still
// lives. Array types keep the stamp of their elements and check it on access.
type Stamp = memory.Stamp

// allocatorKey finds the context of this package that is nearest in a chain: an
// *allocContext or a *regionContext, from which an allocator and its abilities are
// one comparison of concrete types away. (Asking a value for an interface makes the
// runtime allocate a cache at some later moment.)
type allocatorKey struct{}

// allocContext is the context of [WithAllocator]. It is a type of its own, and not
// context.WithValue, so that AllocatorFrom knows it without a search, and NoEscape
// what the allocator can do.
type allocContext struct {
	context.Context
	alloc        Allocator
	checkpointer memory.Checkpointer    // behind wrappers, or nil
	opener       handshake.RegionOpener // behind wrappers, or nil; the allocator is either
	wrapped      bool                   // wrappers stand before the opener
}

func (c *allocContext) Value(key any) any {
	if key == (allocatorKey{}) {
		return c
	}
	return c.Context.Value(key)
}

// WithAllocator returns a context in which everything that asks the context for
// memory gets it from a. It panics if a is nil; to go back to the Go heap, use
// [Heap].
func WithAllocator(ctx context.Context, a Allocator) context.Context {
	if a == nil {
		panic(misuse("WithAllocator with a nil Allocator; the Go heap is scope.Heap()"))
	}
	c := &allocContext{Context: ctx, alloc: a}
	c.findScopes()
	return c
}

// findScopes finds the first in the allocator's chain of wrappers that can open scopes.
func (c *allocContext) findScopes() {
	for a := c.alloc; a != nil; a = memory.Unwrap(a) {
		switch can := a.(type) {
		case handshake.Instrument: // which speaks for what it wraps
			c.checkpointer, c.opener = can.Scopes()
		case memory.Checkpointer:
			c.checkpointer = can
		case handshake.RegionOpener:
			c.opener = can
		default:
			continue
		}
		c.wrapped = c.opener != nil && a != c.alloc
		return
	}
}

// AllocatorFrom returns the allocator that ctx carries, or [Heap] if it carries
// none; never nil.
func AllocatorFrom(ctx context.Context) Allocator {
	switch c := nearest(ctx).(type) {
	case *allocContext:
		return c.alloc
	case *regionContext:
		return c
	}
	return heap{}
}

// nearest returns the *allocContext or *regionContext that is ctx, or the one nearest
// to it; nil if there is none.
func nearest(ctx context.Context) any {
	switch c := ctx.(type) {
	case *allocContext:
		return c
	case *regionContext:
		return c
	}
	return ctx.Value(allocatorKey{})
}

// rewrap puts the wrappers that stand in a's chain before what opens regions around the
// region that was opened.
func rewrap(a, region Allocator) Allocator {
	switch a.(type) {
	case handshake.RegionOpener, handshake.Instrument:
		return region
	}
	w, ok := a.(memory.Wrapper)
	if !ok {
		panic(misuse("%T has Unwrap but no Rewrap: allocations in a private region would bypass it", a))
	}
	return w.Rewrap(rewrap(w.Unwrap(), region))
}

// misuse returns the message of a panic about a programming error.
func misuse(format string, args ...any) string {
	return "scope: " + fmt.Sprintf(format, args...)
}
