package scope

import (
	"context"
	"math/bits"
	"reflect"
	"sync"
	"unsafe"

	"github.com/allocarrays/allocarrays-go/internal/handshake"
	"github.com/allocarrays/allocarrays-go/scope/internal/pages"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// Make is like make([]T, n), with memory from ctx's allocator. The slice is zeroed
// and its capacity is n. It must not be used after its scope has ended; unlike an
// array type, it cannot detect that.
//
// T must contain no pointers, because the garbage collector does not look into
// a buffer and would free what they point at. Make panics if T contains one, naming
// the field, and if n is negative. When memory is exhausted, Make panics with an
// error that matches [ErrExhausted], usually an [*ExhaustedError]; [NoEscape] and
// [Try] return that error. [Alloc] returns it itself, and does not zero memory.
func Make[T any](ctx context.Context, n int) []T {
	s, _, err := Alloc[T](ctx, n)
	if err != nil {
		panic(err)
	}
	clear(s)
	return s
}

// Alloc returns n uninitialised elements from ctx's allocator, and the stamp of
// their scope. Array types are built on it: they keep the stamp and check it on
// access. Alloc panics for the same T and n as [Make]. Its error matches
// [ErrExhausted].
func Alloc[T any](ctx context.Context, n int) ([]T, Stamp, error) {
	if !isFloat[T]() || uint(n) > fewEnough || pages.On() {
		return allocAny[T](ctx, n)
	}
	var zero T
	size, align := uintptr(n)*unsafe.Sizeof(zero), unsafe.Alignof(zero)
	if c, ok := ctx.(*allocContext); ok { // as in bump, without a call
		if b := c.bump; b != nil {
			if start, ok := b.Fit(size, align); ok {
				return unsafe.Slice((*T)(b.Take(start, size)), n), b.Top, nil
			}
		} else if t := c.track; t != nil {
			if first, stamp := t.Take(size); first != nil {
				return unsafe.Slice((*T)(first), n), stamp, nil
			}
		}
	} else if c, ok := ctx.(*regionContext); ok {
		if r, ok := c.region.(*handshake.BumpRegion); ok && size > 0 {
			if first, stamp := r.Take(c.generation, size, align); first != nil {
				return unsafe.Slice((*T)(first), n), stamp, nil
			}
		}
	}
	return allocAny[T](ctx, n)
}

// allocAny is Alloc for all types and allocators.
func allocAny[T any](ctx context.Context, n int) ([]T, Stamp, error) {
	requirePointerFree[T]()
	var zero T
	if hi, size := bits.Mul(uint(n), uint(unsafe.Sizeof(zero))); hi == 0 && n >= 0 && !pages.On() {
		if first, stamp := bump(ctx, uintptr(size), unsafe.Alignof(zero)); first != nil {
			return unsafe.Slice((*T)(first), n), stamp, nil
		}
	}
	return allocSlow[T](ctx, n)
}

// allocSlow is Alloc where the allocator has to be asked.
func allocSlow[T any](ctx context.Context, n int) ([]T, Stamp, error) {
	if n < 0 {
		panic(misuse("length %d is negative", n))
	}
	var zero T
	hi, size := bits.Mul(uint(n), uint(unsafe.Sizeof(zero)))
	switch {
	case hi != 0:
		return nil, Stamp{}, &ExhaustedError{Allocator: "scope", Requested: ^uintptr(0), Available: maxHeap, Limit: maxHeap}
	case pages.On():
		return allocGuarded[T](AllocatorFrom(ctx), n)
	}
	b, err := AllocatorFrom(ctx).Alloc(uintptr(size), unsafe.Alignof(zero))
	if err != nil {
		return nil, Stamp{}, err
	}
	return view[T](b, n), b.Stamp, nil
}

// allocGuarded is the part of Alloc after the checks, for guarded scopes.
func allocGuarded[T any](a Allocator, n int) ([]T, Stamp, error) {
	b, err := guardedBlock[T](a, n)
	if err != nil {
		return nil, Stamp{}, err
	}
	return view[T](b, n), b.Stamp, nil
}

// guardedBlock allocates n elements, which guard mode watches.
func guardedBlock[T any](a Allocator, n int) (memory.Block, error) {
	var zero T
	b, err := allocWatched(a, uintptr(n)*unsafe.Sizeof(zero), unsafe.Alignof(zero))
	if err != nil {
		return memory.Block{}, err
	}
	_ = view[T](b, n) // checks the block before a guarded one replaces it
	return memory.Guarded(b, unsafe.Alignof(zero)), nil
}

// allocWatched calls a.Alloc while guard mode watches.
func allocWatched(a Allocator, size, align uintptr) (memory.Block, error) {
	defer watchUse(a, "an allocation").Leave() // also when the allocator panics
	return a.Alloc(size, align)
}

// watchUse marks a as in use if it is a buffer and every scope is guarded. The caller
// then calls Leave on the result, which may be nil.
func watchUse(a Allocator, what string) *handshake.Busy {
	if pages.Mode.Load() != pages.Full {
		return nil
	}
	if c, ok := memory.As[*openLevel](a); ok && c.life.over() {
		return nil // what is late does not touch the buffer
	}
	s := handshake.FindSharing(a)
	if s == nil {
		return nil
	}
	s.Busy.Enter(what)
	return &s.Busy
}

// holds reports whether size is positive and mem has size bytes at the alignment.
func holds(mem []byte, size, align uintptr) bool {
	return size > 0 && uintptr(len(mem)) >= size && uintptr(unsafe.Pointer(unsafe.SliceData(mem)))&(align-1) == 0
}

// elements returns the first n elements that mem holds.
//
// This is the only place where bytes become elements. It is right because T
// contains no pointers (requirePointerFree) and mem holds n*sizeof(T) bytes at the
// alignment of T. Callers check both, so that a faulty allocator cannot corrupt
// memory.
func elements[T any](mem []byte, n int) []T {
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(mem))), n)
}

// view returns the first n elements of b. It panics if b does not hold them.
func view[T any](b memory.Block, n int) []T {
	var zero T
	size, align := unsafe.Sizeof(zero), unsafe.Alignof(zero)
	mem := b.Bytes()
	switch {
	case holds(mem, uintptr(n)*size, align):
		return elements[T](mem, n)
	case uintptr(n)*size == 0:
		return make([]T, n) // n is 0, or T has no size: an empty block may begin anywhere
	}
	panic(misuse("allocator broke its contract: block of %d bytes at %p for %d elements of size %d, alignment %d",
		len(mem), unsafe.SliceData(mem), n, size, align))
}

// pointerFree holds the types that have been found to contain no pointers.
var pointerFree sync.Map // reflect.Type → struct{}

// requirePointerFree panics if T contains a pointer. The usual numeric types are
// known to the compiler; any other is walked once and remembered.
func requirePointerFree[T any]() {
	if !isFloat[T]() {
		walkOnce[T]()
	}
}

// walkOnce is requirePointerFree for all types.
func walkOnce[T any]() {
	switch any((*T)(nil)).(type) {
	case *int8, *int16, *int32, *int64, *int, *uint8, *uint16, *uint32, *uint64, *uint,
		*float32, *float64, *complex64, *complex128, *bool:
		return
	}
	t := reflect.TypeFor[T]()
	if _, ok := pointerFree.Load(t); ok {
		return
	}
	if path, found := findPointer(t, t.String()); found {
		panic(misuse("element type %v contains a pointer (%s): the garbage collector does not see pointers in a buffer", t, path))
	}
	pointerFree.Store(t, struct{}{})
}

// findPointer returns the path, as a Go expression, of the first pointer in t.
func findPointer(t reflect.Type, path string) (string, bool) {
	switch t.Kind() {
	case reflect.Array:
		if t.Len() == 0 {
			return "", false
		}
		return findPointer(t.Elem(), path+"[0]")
	case reflect.Struct:
		return findPointerField(t, path)
	case reflect.Bool, reflect.Uintptr, reflect.Complex64, reflect.Complex128,
		reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64,
		reflect.Float32, reflect.Float64:
		return "", false
	}
	return path + " is a " + t.Kind().String(), true
}

func findPointerField(t reflect.Type, path string) (string, bool) {
	for i := range t.NumField() {
		f := t.Field(i)
		if p, found := findPointer(f.Type, path+"."+f.Name); found {
			return p, true
		}
	}
	return "", false
}
