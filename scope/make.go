package scope

import (
	"context"
	"math/bits"
	"unsafe"
)

// Make is make([]T, n) with the memory of ctx's allocator: zeroed, and with its
// capacity clipped to n. The slice must not be used after the scope it was made
// in has ended; unlike an array type it cannot notice.
//
// T must contain no pointers, because the garbage collector does not look into
// a buffer and would free what they point at: Make panics, naming T and the
// field, if it does. Make panics with an [ExhaustedError] when the memory is not
// to be had, which [NoEscape] and [Try] turn into an ordinary error, and with a
// message when n is negative. [Alloc] returns an error instead, and memory that is
// not zeroed.
func Make[T any](ctx context.Context, n int) []T {
	s, _, err := Alloc[T](ctx, n)
	if err != nil {
		panic(err)
	}
	clear(s)
	return s
}

// Alloc returns n uninitialised elements from ctx's allocator and the stamp of
// the scope they were born in: the building block of array types, which keep the
// stamp and check it on access. The element type is checked as by [Make]. The
// error matches [ErrExhausted].
func Alloc[T any](ctx context.Context, n int) ([]T, Stamp, error) {
	var zero T
	requirePointerFree[T]()
	hi, lo := bits.Mul(uint(n), uint(unsafe.Sizeof(zero)))
	if n < 0 || hi != 0 || guarding() {
		return allocSlow[T](ctx, n)
	}
	b, err := AllocatorFrom(ctx).Alloc(uintptr(lo), unsafe.Alignof(zero))
	if err != nil {
		return nil, Stamp{}, err
	}
	if b.holds(uintptr(lo), unsafe.Alignof(zero)) { // as in view, without a call
		return elements[T](b, n), b.Stamp, nil
	}
	return view[T](b, n), b.Stamp, nil
}

// allocSlow serves guarded scopes and refuses lengths that no memory has.
func allocSlow[T any](ctx context.Context, n int) ([]T, Stamp, error) {
	if n < 0 {
		panic(misuse("length %d is negative", n))
	}
	var zero T
	if hi, _ := bits.Mul(uint(n), uint(unsafe.Sizeof(zero))); hi != 0 {
		return nil, Stamp{}, &ExhaustedError{Allocator: "scope", Requested: ^uintptr(0), Available: maxHeap, Limit: maxHeap}
	}
	return allocGuarded[T](AllocatorFrom(ctx), n)
}

// allocGuarded is the part of Alloc behind the checks, for guarded scopes.
func allocGuarded[T any](a Allocator, n int) ([]T, Stamp, error) {
	var zero T
	b, err := allocWatched(a, uintptr(n)*unsafe.Sizeof(zero), unsafe.Alignof(zero))
	if err != nil {
		return nil, Stamp{}, err
	}
	_ = view[T](b, n) // before a block of guard mode's takes the place of one that is wrong
	b = guarded(b, unsafe.Alignof(zero))
	return view[T](b, n), b.Stamp, nil
}

// allocWatched is a.Alloc, which guard mode watches.
func allocWatched(a Allocator, size, align uintptr) (Block, error) {
	defer use(a, "an allocation").leave() // also when the allocator panics
	return a.Alloc(size, align)
}

// holds reports whether b has size bytes, and not none, at the alignment.
func (b *Block) holds(size, align uintptr) bool {
	return size > 0 && uintptr(b.size) >= size && uintptr(unsafe.Pointer(b.start))&(align-1) == 0
}

// elements returns the first n elements that b holds.
//
// This is the only place where bytes become elements. It is right because T
// contains no pointers (requirePointerFree) and b holds n*sizeof(T) bytes at the
// alignment of T: callers have checked both, so that an allocator that lies is found
// out and cannot corrupt memory.
func elements[T any](b Block, n int) []T { return unsafe.Slice((*T)(unsafe.Pointer(b.start)), n) }

// view returns the first n elements of b. It panics if b does not hold them.
func view[T any](b Block, n int) []T {
	var zero T
	size, align := unsafe.Sizeof(zero), unsafe.Alignof(zero)
	switch {
	case b.holds(uintptr(n)*size, align):
		return elements[T](b, n)
	case uintptr(n)*size == 0:
		return make([]T, n) // n is 0, or T has no size: an empty block may begin anywhere
	}
	panic(misuse("allocator broke its contract: block of %d bytes at %p for %d elements of size %d, alignment %d",
		b.size, b.start, n, size, align))
}
