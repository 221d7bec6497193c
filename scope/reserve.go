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
// On the Go heap it does nothing. An unlocked buffer has nobody to wait for, and Reserve
// tells whether a block of n bytes can be had now. Outside every scope of a shared buffer,
// and with an allocator that is neither, it returns an error that matches
// errors.ErrUnsupported. It panics if n is negative.
func Reserve(ctx context.Context, n int) error {
	if n < 0 {
		panic(misuse("Reserve of %d bytes", n))
	}
	c := &claim{size: n}
	switch a := AllocatorFrom(ctx).(type) {
	case heap:
		return nil
	case memory.Checkpointer:
		return reserveBlock(a, a, n)
	default:
		var ok bool
		if c.scope, ok = memory.As[*regionContext](a); !ok {
			if cp, ok := memory.As[memory.Checkpointer](a); ok {
				return reserveBlock(a, cp, n)
			}
			return fmt.Errorf("scope: Reserve of %d bytes: %w: %T is no scope of a shared buffer", n, errors.ErrUnsupported, a)
		}
	}
	if err := handshake.Wait(ctx, c, c.mayWait); err != nil {
		return fmt.Errorf("scope: Reserve of %d bytes: %w", n, err)
	}
	return nil
}

// reserveBlock tries to allocate n bytes from an unlocked buffer, and gives them back.
func reserveBlock(a Allocator, c memory.Checkpointer, n int) error {
	cp := c.Checkpoint()
	_, err := a.Alloc(uintptr(n), 64)
	return errors.Join(err, c.Restore(cp))
}

// A claim is a call of Reserve in a region.
type claim struct {
	scope *regionContext
	size  int
}

func (c *claim) Try() (refuser any, err error) {
	return c.scope.region.Reserve(c.scope.generation, c.size)
}

func (c *claim) Under(refuser any) bool {
	return c.scope.region.Under(c.scope.generation, refuser)
}

// mayWait returns an error if the scope, or one around it, holds memory.
func (c *claim) mayWait() error {
	for r := c.scope; r != nil; r, _ = memory.As[*regionContext](AllocatorFrom(r.Context)) {
		if r.region.Holding(r.generation) {
			return errors.New("a scope that holds memory does not wait for more")
		}
	}
	return nil
}
