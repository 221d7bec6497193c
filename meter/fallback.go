package meter

import (
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// A Fallback is an [memory.Allocator] that turns to the Go heap when the one it wraps
// is exhausted, and counts how often. Nothing in this module falls back by
// itself: a service that would rather be slow than fail asks for it by name and
// watches the count.
//
// It is as safe for concurrent use as the allocator it wraps.
type Fallback struct {
	inner scope.Allocator
	total *total
}

// total counts what came from the heap, in all regions of a fallback.
type total struct{ blocks, bytes atomic.Uint64 }

// NewFallback returns a fallback to the heap around a.
func NewFallback(a scope.Allocator) *Fallback { return &Fallback{a, new(total)} }

// Alloc asks the wrapped allocator and, if that is exhausted, the heap. Other
// errors are returned as they are.
func (f *Fallback) Alloc(size, align uintptr) (memory.Block, error) {
	b, err := f.inner.Alloc(size, align)
	if err == nil || !errors.Is(err, scope.ErrExhausted) {
		return b, err
	}
	if b, err = scope.Heap().Alloc(size, align); err == nil {
		f.total.blocks.Add(1)
		f.total.bytes.Add(uint64(size))
	}
	return b, err
}

// Count returns how many blocks, and how many bytes, came from the heap so far,
// in this allocator and in every region opened through it.
func (f *Fallback) Count() (blocks, bytes uint64) {
	return f.total.blocks.Load(), f.total.bytes.Load()
}

// Unwrap returns the allocator that is asked first.
func (f *Fallback) Unwrap() scope.Allocator { return f.inner }

// Rewrap returns a fallback with the same count around another allocator.
func (f *Fallback) Rewrap(inner scope.Allocator) scope.Allocator { return &Fallback{inner, f.total} }

// String tells the count and the wrapped allocator in one line.
func (f *Fallback) String() string {
	blocks, bytes := f.Count()
	return fmt.Sprintf("meter.Fallback: %d blocks (%d bytes) from the heap, else %s", blocks, bytes, nameOf(f.inner))
}

// nameOf names an allocator in a message.
func nameOf(a scope.Allocator) string {
	if s, ok := a.(fmt.Stringer); ok {
		return s.String()
	}
	return fmt.Sprintf("%T", a)
}
