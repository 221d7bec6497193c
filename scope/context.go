package scope

import "context"

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
	checkpointer Checkpointer // behind wrappers, or nil
	regioner     Regioner     // behind wrappers, or nil; the allocator is either
	wrapped      bool         // alloc is not the regioner itself
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
	if cp, ok := As[Checkpointer](a); ok {
		c.checkpointer = cp
	} else if r, ok := As[Regioner](a); ok {
		_, direct := a.(Regioner)
		c.regioner, c.wrapped = r, !direct
	}
	return c
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
