package scope

import (
	"context"
	"unsafe"

	"github.com/allocarrays/allocarrays-go/internal/handshake"
)

// bump allocates where the memory of ctx lets it, without a call of the allocator. It returns
// nil if that must be asked. The alignment is that of a Go type.
func bump(ctx context.Context, size, align uintptr) (unsafe.Pointer, Stamp) {
	switch c := nearest(ctx).(type) {
	case *allocContext:
		if b := c.bump; b != nil {
			if start, ok := b.Fit(size, align); ok {
				return b.Take(start, size), b.Top
			}
		} else if t := c.track; t != nil {
			return t.Take(size)
		}
	case *regionContext:
		return take(c.region, c.generation, size, align)
	case *openRegion:
		if l := c.life; l.state.Load() == taken { // if it ends now, so does the generation
			return take(l.region, l.generation, size, align)
		}
	}
	return nil, Stamp{}
}

// take allocates from r's window, if it has one. The regions of others, such as those that
// package meter makes around ones of package locked, have none.
func take(r handshake.Region, g handshake.Generation, size, align uintptr) (unsafe.Pointer, Stamp) {
	if b, ok := r.(*handshake.BumpRegion); ok && size > 0 {
		return b.Take(g, size, align)
	}
	return nil, Stamp{}
}

// isFloat reports whether T is float32 or float64, sooner than a type switch finds out.
func isFloat[T any]() bool {
	t := any((*T)(nil))
	if _, ok := t.(*float32); ok {
		return true
	}
	_, ok := t.(*float64)
	return ok
}

// fewEnough is a number of float64 whose size does not overflow.
const fewEnough = uint(^uintptr(0) >> 8)
