package allocarray

import (
	"context"

	"github.com/allocarrays/allocarrays-go/scope"
)

// Element lists the element types. Types defined on one of them, such as
// type Celsius float32, are not elements. No element type contains a pointer, so
// elements may live in memory that the garbage collector does not scan.
type Element interface {
	int8 | int16 | int32 | int64 | int | uint8 | uint16 | uint32 | uint64 | uint | float32 | float64
}

// Float lists the floating-point element types.
type Float interface{ float32 | float64 }

// MaxRank is the largest number of axes of an array.
const MaxRank = 6

// An AllocArray is an n-dimensional array of T. The package documentation says how
// arrays are passed, how long they live and when they panic.
//
// The zero AllocArray has rank 0 and no elements. Methods that need no elements,
// such as Similar, work on it; the others panic.
//
// An AllocArray may be copied freely; copies share their elements. Arrays may be
// read by several goroutines at once.
type AllocArray[T Element] struct {
	// Arrays are copied with registers of 16 bytes. The size is a multiple of 16, and
	// the largest part comes first, so that a copy of a copy loads what was stored in
	// the pieces in which it was stored. Otherwise the processor waits longer than an
	// allocation takes.

	layout
	data  []T // from the first element to the end of what the array may touch
	stamp scope.Stamp
	_     uint64 // makes the size a multiple of 16 (on 64-bit systems)
}

// Wrap returns an array that shares the elements of s, in row-major order. Without
// a shape the array has one axis of length len(s). Wrap panics if the shape does
// not have len(s) elements.
//
// The array is valid as long as s is. If s was made in a scope, the array cannot
// notice the end of that scope.
func Wrap[T Element](s []T, shape ...int) (a AllocArray[T]) {
	n := len(s)
	if len(shape) == 0 {
		a.contiguous, a.rank, a.shape[0], a.stride[0] = true, 1, n, 1
	} else if a.setShape("Wrap", shape) != n {
		panic(misuse("Wrap: %d elements do not fit shape %s", n, shapeText(shape)))
	}
	a.data = s[:n:n]
	return a
}

// New returns an array of zeros, with memory from ctx. Without a shape it has
// rank 0 and one element. New panics if a length is negative or if there are more
// than [MaxRank] axes.
func New[T Element](ctx context.Context, shape ...int) (a AllocArray[T]) {
	a.allocate(ctx, "New", shape)
	clear(a.data)
	a.recheck("New")
	return a
}

// Full returns an array whose elements are all v, with memory from ctx. Its shape
// is as for [New].
func Full[T Element](ctx context.Context, v T, shape ...int) (a AllocArray[T]) {
	a.allocate(ctx, "Full", shape)
	a.fill("Full", v)
	return a
}

// Arange returns the numbers 0 to n-1 as an array of one axis, with memory from
// ctx. It panics if n is negative. Numbers that T cannot hold wrap or are rounded.
func Arange[T Element](ctx context.Context, n int) (a AllocArray[T]) {
	a.allocate(ctx, "Arange", []int{n})
	for i := range a.data {
		a.data[i] = T(i)
	}
	a.recheck("Arange")
	return a
}

// Similar returns an array with a's element type, with memory from ctx. Its shape
// is the one given or, without one, a's. The elements are uninitialised: write
// them before reading. Similar uses only a's type and shape, so a may be stale.
func (a AllocArray[T]) Similar(ctx context.Context, shape ...int) (b AllocArray[T]) {
	b.similar(ctx, &a, shape)
	return b
}

// similar makes b, which is zero, what a.Similar(ctx, shape...) returns.
func (b *AllocArray[T]) similar(ctx context.Context, a *AllocArray[T], shape []int) {
	if len(shape) > 0 || !a.contiguous {
		if len(shape) == 0 {
			shape = a.lengths()
		}
		b.alloc(ctx, b.setShape("Similar", shape))
		return
	}
	b.layout = a.layout
	b.alloc(ctx, len(a.data))
}

// allocate makes a, which is zero, a contiguous array with memory from ctx, to be
// written by an operation. Its elements are uninitialised.
func (a *AllocArray[T]) allocate(ctx context.Context, op string, shape []int) {
	a.alloc(ctx, a.setShape(op, shape))
	a.recheck(op) // the allocator and the context may be the user's code
}

// allocateLike is allocate with the shape of an array that has the layout l and n
// elements of data. A contiguous array already has the layout to be.
func (a *AllocArray[T]) allocateLike(ctx context.Context, op string, l *layout, n int) {
	if !l.contiguous {
		a.allocate(ctx, op, l.lengths())
		return
	}
	a.layout = *l
	a.alloc(ctx, n)
	a.recheck(op)
}

// alloc gives a, which has its layout, n elements.
func (a *AllocArray[T]) alloc(ctx context.Context, n int) {
	data, stamp, err := scope.Alloc[T](ctx, n)
	if err != nil {
		panic(err)
	}
	a.data, a.stamp = data, stamp
}

// Live reports whether the array may be used, that is, whether the scope in which
// its elements were allocated has not ended.
func (a AllocArray[T]) Live() bool { return a.stamp.Live() }

// check panics if the scope of a's elements has ended, or if a is the zero value.
// Everything that touches an element begins with it and ends with recheck.
func (a *AllocArray[T]) check(op string) {
	if !a.stamp.Live() || a.rank == 0 && len(a.data) == 0 {
		a.panicUnusable(op)
	}
}

func (a *AllocArray[T]) panicUnusable(op string) {
	if a.Live() {
		panic(misuse("%s: the zero AllocArray has no elements", op))
	}
	a.panicStale(op, "copy what must outlive a scope with Heap() or CopyTo before it ends")
}

func (a *AllocArray[T]) panicStale(op, fix string) {
	panic(scope.NewStaleError("allocarray: "+op+" of a "+a.text()+" array", a.stamp, fix))
}

// recheck panics if the scope of a's elements has ended since check: the elements
// read may have been those of another scope. It stands behind the last access to
// the elements of each operand and result, and between the user's code and an access
// that follows. The user's code is a function given to Map, and what allocates.
//
// When another goroutine ends the scope, recheck is exact where a load is never
// delayed beyond a later one, as on amd64. Elsewhere, as on arm64, it is best effort:
// Go does not order the plain loads of elements before the atomic load of the stamp.
// It cannot undo a write: elements that were written after the scope ended may have
// been another scope's.
func (a *AllocArray[T]) recheck(op string) {
	if !a.stamp.Live() {
		a.panicStale(op, "it ended during the operation; end a scope only when nothing uses its arrays")
	}
}

// checkDst panics if a must not be written to.
func (a *AllocArray[T]) checkDst(op string) {
	a.check(op)
	a.requireWritable(op)
}
