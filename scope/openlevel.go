package scope

import (
	"context"

	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// openLevel is the context of a [Scope] on an unlocked buffer, or on an allocator that
// releases nothing, and the allocator found in it.
type openLevel struct {
	context.Context
	life *life
}

func (c *openLevel) Value(key any) any {
	if key == (allocatorKey{}) {
		return c
	}
	return c.Context.Value(key)
}

func (c *openLevel) Alloc(size, align uintptr) (memory.Block, error) {
	l := c.life
	if !l.inTime() {
		return l.allocLate(size, align)
	}
	b, err := l.alloc.Alloc(size, align)
	if l.sharing == nil && l.checkpointer != nil && b.Stamp != l.top && b.Stamp != (memory.Stamp{}) {
		return l.allocLate(size, align) // a checkpointer that did not say so before
	}
	return b, err
}

func (c *openLevel) Extend(b memory.Block, size uintptr) (memory.Block, bool) {
	if e, ok := c.life.alloc.(memory.Extender); ok && c.life.inTime() && (c.life.checkpointer == nil || b.Stamp == c.life.top) {
		return e.Extend(b, size)
	}
	return b, false
}

// inTime reports whether the scope is open and, as far as the buffer says, innermost. The
// buffer is not asked once the scope has ended, for it may be another goroutine's then.
func (l *life) inTime() bool {
	return !l.over() && (l.sharing == nil || l.sharing.Levels.Stamp() == l.top)
}

func (l *life) allocLate(size, align uintptr) (memory.Block, error) {
	l.late.Add(1)
	return heap{}.Alloc(size, align)
}

// Unwrap leads to the allocator that the scope is of, so that memory.As finds it.
func (c *openLevel) Unwrap() Allocator { return c.life.alloc }

// String names the allocator in messages.
func (c *openLevel) String() string { return "open scope" }
