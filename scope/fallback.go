package scope

import (
	"errors"
	"fmt"
	"sync/atomic"
)

// A Fallback is an [Allocator] that turns to the Go heap when the one it wraps
// is exhausted, and counts how often. Nothing in this module falls back by
// itself: a service that would rather be slow than fail asks for it by name and
// watches the count.
//
// It is as safe for concurrent use as the allocator it wraps.
type Fallback struct {
	inner Allocator
	books *fallbackBooks
}

type fallbackBooks struct{ count, bytes atomic.Uint64 }

// NewFallback returns a fallback to the heap around a.
func NewFallback(a Allocator) *Fallback { return &Fallback{a, new(fallbackBooks)} }

// Alloc asks the wrapped allocator and, if that is exhausted, the heap. Other
// errors are returned as they are.
func (f *Fallback) Alloc(size, align uintptr) (Block, error) {
	b, err := f.inner.Alloc(size, align)
	if err == nil || !errors.Is(err, ErrExhausted) {
		return b, err
	}
	if b, err = (heap{}).Alloc(size, align); err == nil {
		f.books.count.Add(1)
		f.books.bytes.Add(uint64(size))
	}
	return b, err
}

// Count returns how many blocks, and how many bytes, came from the heap so far,
// in this allocator and in every region opened through it.
func (f *Fallback) Count() (blocks, bytes uint64) {
	return f.books.count.Load(), f.books.bytes.Load()
}

// Unwrap returns the allocator that is asked first.
func (f *Fallback) Unwrap() Allocator { return f.inner }

// Rewrap returns a fallback with the same count around another allocator.
func (f *Fallback) Rewrap(inner Allocator) Allocator { return &Fallback{inner, f.books} }

// String tells the count and the wrapped allocator in one line.
func (f *Fallback) String() string {
	blocks, bytes := f.Count()
	return fmt.Sprintf("scope.Fallback: %d blocks (%d bytes) from the heap, else %s", blocks, bytes, nameOf(f.inner))
}
