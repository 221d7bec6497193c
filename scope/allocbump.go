package scope

import (
	"context"
	"unsafe"
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
		}
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

// fewEnough is a number of elements whose size does not overflow.
const fewEnough = uint(^uintptr(0) >> 8)
