package scope

import (
	"context"
	"errors"
	"fmt"

	"github.com/allocarrays/allocarrays-go/internal/handshake"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// Reserve makes sure that blocks of n bytes in all, each counted as if rounded up to a
// multiple of 64, can be allocated in the scope of ctx. It is the only function that waits
// for memory: an allocation fails at once.
//
// Call it at the beginning of a scope on a shared buffer. It waits until other scopes have
// released enough, or until ctx is done, which is an error that matches that of the context
// and [ErrExhausted]. Those who wait for the same limit or buffer are served in the order
// in which they came; at most 1024 wait for one, and others fail. Who waits holds nothing
// new meanwhile.
//
// Reserve fails at once where waiting is futile: if n is more than the limit; or if the
// scope, or one around it, has blocks already. Two scopes that hold memory and wait for
// each other would wait for ever.
//
// On the Go heap and in a scope that has ended it does nothing. An unlocked buffer has nobody
// to wait for, and Reserve tells whether a block of n bytes can be had now. Outside every scope
// of a shared buffer, and with an allocator that is neither, it returns an error that matches
// errors.ErrUnsupported. It panics if n is negative.
func Reserve(ctx context.Context, n int) error {
	if n < 0 {
		panic(misuse("Reserve of %d bytes", n))
	}
	a := AllocatorFrom(ctx)
	c, ended := newClaim(a, n)
	switch {
	case ended:
		return nil // what is allocated comes from the heap
	case c != nil:
		if err := handshake.Wait(ctx, c, c.mayWait); err != nil {
			return fmt.Errorf("scope: Reserve of %d bytes: %w", n, err)
		}
		return nil
	case isHeap(a):
		return nil
	}
	s, _ := handshake.FindScopes(a)
	if s.Checkpointer == nil {
		return fmt.Errorf("scope: Reserve of %d bytes: %w: %T is no scope of a shared buffer", n, errors.ErrUnsupported, a)
	}
	return NoEscape(ctx, func(ctx context.Context) error {
		_, err := AllocatorFrom(ctx).Alloc(uintptr(n), 64)
		return err
	})
}

// isHeap reports whether a is the Go heap, or a scope of it.
func isHeap(a Allocator) bool {
	for {
		switch of := a.(type) {
		case heap:
			return true
		case *openLevel:
			a = of.life.alloc
		default:
			return false
		}
	}
}

// A claim is a call of Reserve in a region.
type claim struct {
	region     handshake.Region
	generation handshake.Generation
	outer      context.Context // around the scope
	size       int
}

// newClaim returns a claim for the scope on a shared buffer that a, behind wrappers, is the
// allocator of; nil if it is none, or if the scope has ended.
func newClaim(a Allocator, n int) (c *claim, ended bool) {
	for ; a != nil; a = memory.Unwrap(a) {
		switch around := a.(type) {
		case handshake.Instrument:
			return nil, false // no scope of its own has begun
		case *regionContext:
			return &claim{around.region, around.generation, around.Context, n}, false
		case *openRegion:
			l := around.life
			if l.state.Load() != taken && !l.takeRegion() {
				return nil, true
			}
			return &claim{l.region, l.generation, around.Context, n}, false
		case *openLevel:
			return nil, around.life.over()
		}
	}
	return nil, false
}

func (c *claim) Try() (*handshake.Refuser, error) { return c.region.Reserve(c.generation, c.size) }

func (c *claim) Under(r *handshake.Refuser) bool { return c.region.Under(c.generation, r) }

// mayWait returns an error if the scope, or one around it, holds memory.
func (c *claim) mayWait() error {
	holds := c.region.Holding(c.generation)
	for ctx := c.outer; ctx != nil && !holds; {
		holds, ctx = holding(ctx)
	}
	if holds {
		return errors.New("a scope that holds memory does not wait for more")
	}
	return nil
}

// holding reports whether the innermost scope of ctx holds memory, and returns the context
// around it; nil if there is none.
func holding(ctx context.Context) (holds bool, outer context.Context) {
	switch c := nearest(ctx).(type) {
	case *allocContext: // what it hides is a scope all the same
		return holdsMemory(contextAround(c.alloc)), c.Context
	case *regionContext:
		return holdsMemory(c), c.Context
	case *openRegion:
		return holdsMemory(c), c.Context
	case *openLevel:
		return false, c.Context
	}
	return false, nil
}

// holdsMemory reports whether the region of a scope's context holds memory.
func holdsMemory(scope any) bool {
	switch c := scope.(type) {
	case *regionContext:
		return c.region.Holding(c.generation)
	case *openRegion:
		return c.life.state.Load() == taken && c.life.region.Holding(c.life.generation)
	}
	return false
}
