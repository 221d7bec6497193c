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
	checkpointer memory.Checkpointer    // behind wrappers, or nil
	sharing      *handshake.Sharing     // of the checkpointer, if it is a buffer
	level        *openLevel             // behind wrappers, before the checkpointer; or nil
	opener       handshake.RegionOpener // behind wrappers, or nil; the allocator is either
	wrapped      bool                   // alloc is not the opener itself
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
	c := &allocContext{Context: ctx, alloc: a}
	if level, ok := memory.As[*openLevel](a); ok {
		c.level = level
	} else if cp, ok := memory.As[memory.Checkpointer](a); ok {
		c.checkpointer, c.sharing = cp, handshake.SharingOf(cp)
	} else if r, ok := memory.As[handshake.RegionOpener](a); ok {
		_, direct := a.(handshake.RegionOpener)
		c.opener, c.wrapped = r, !direct
	}
	return c
}

// AllocatorFrom returns the allocator that ctx carries, or [Heap] if it carries
// none. It never returns nil.
func AllocatorFrom(ctx context.Context) Allocator {
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

// rewrap puts the wrappers that stand in a's chain before a Base, as the opener of regions
// is, around the allocator of a scope within it.
func rewrap[Base Allocator](a, inner Allocator) Allocator {
	if _, ok := a.(Base); ok {
		return inner
	}
	w, ok := a.(memory.Wrapper)
	if !ok {
		panic(misuse("%T has Unwrap but no Rewrap: allocations in a private region would bypass it", a))
	}
	return w.Rewrap(rewrap[Base](w.Unwrap(), inner))
}

// misuse returns the message of a panic about a programming error.
func misuse(format string, args ...any) string {
	return "scope: " + fmt.Sprintf(format, args...)
}
