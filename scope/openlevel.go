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
	return l.alloc.Alloc(size, align)
}

func (c *openLevel) Extend(b memory.Block, size uintptr) (memory.Block, bool) {
	if e, ok := c.life.alloc.(memory.Extender); ok && c.life.inTime() {
		return e.Extend(b, size)
	}
	return b, false
}

// inTime reports whether the scope is open and innermost. The buffer is not asked once the
// scope has ended, for it may be another goroutine's then.
func (l *life) inTime() bool {
	switch {
	case l.over():
		return false
	case l.checkpointer == nil:
		return true
	case l.sharing != nil:
		return l.sharing.Levels.Stamp() == l.top
	}
	b, err := l.checkpointer.Alloc(0, 1) // which is born in the innermost level
	return err == nil && (b.Stamp == l.top || b.Stamp == memory.Stamp{})
}

func (l *life) allocLate(size, align uintptr) (memory.Block, error) {
	l.late.Add(1)
	return heap{}.Alloc(size, align)
}

// Unwrap leads to the allocator that the scope is of, so that memory.As finds it.
func (c *openLevel) Unwrap() Allocator { return c.life.alloc }

// String names the allocator in messages.
func (c *openLevel) String() string { return "open scope" }
