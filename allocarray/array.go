package allocarray

import (
	"context"
	"math/bits"

	"github.com/allocarrays/allocarrays-go/scope"
)

// MaxRank is the largest number of axes of an array.
const MaxRank = 6

// An AllocArray is an n-dimensional array of T. See the package documentation for
// how it is passed, how long it lives and when it panics.
//
// The zero AllocArray has rank 0 and no element; of its methods those work that
// need none, such as Similar. An AllocArray may be copied freely; copies share
// their elements.
//
// It is copied with registers of 16 bytes. Its size is a multiple of that, and its
// largest part comes first, so that a copy of a copy reads what was stored as it was
// stored: where it does not, a processor waits, longer than an allocation takes.
type AllocArray[T Element] struct {
	layout
	data  []T // from the first element to the end of what the array may touch
	stamp scope.Stamp
	_     uint64 // makes the size a multiple of 16 (on 64-bit systems)
}

// A layout says where the element of an index is.
type layout struct {
	plain  bool // if set, row-major without gaps, and the data are the elements; views clear it
	rank   int
	shape  [MaxRank]int // first rank entries are used, the others 0
	stride [MaxRank]int // in elements; 0 for an axis that repeats
}

// alike reports whether both layouts are known to be plain, of one shape.
func (l *layout) alike(m *layout) bool {
	if !l.plain || !m.plain || l.rank != m.rank {
		return false
	}
	for i, d := range l.shape[:l.rank] {
		if d != m.shape[i] {
			return false
		}
	}
	return true
}

// Wrap returns an array on the elements of s, which it shares, in row-major
// order. Without a shape it has one axis of length len(s). It panics if the shape
// does not have len(s) elements.
//
// The array lives as long as s does; if s was made in a scope, that is for the
// caller to know.
func Wrap[T Element](s []T, shape ...int) AllocArray[T] {
	if len(shape) == 0 {
		return vector(s)
	}
	a, n := header[T]("Wrap", shape)
	if n != len(s) {
		panic(misuse("Wrap: %d elements do not make shape %s", len(s), shapeText(shape)))
	}
	a.data, a.plain = s[:n:n], true
	return a
}

func vector[T Element](s []T) AllocArray[T] {
	a := AllocArray[T]{data: s[:len(s):len(s)], layout: layout{plain: true, rank: 1}}
	a.shape[0], a.stride[0] = len(s), 1
	return a
}

// New returns an array of zeros with memory from ctx. Without a shape it has rank
// 0 and one element. It panics if a length is negative or there are more than
// [MaxRank].
func New[T Element](ctx context.Context, shape ...int) AllocArray[T] {
	a := uninitialised[T](ctx, "New", shape)
	clear(a.data)
	return a
}

// Full returns an array whose elements are all v, with memory from ctx.
func Full[T Element](ctx context.Context, v T, shape ...int) AllocArray[T] {
	a := uninitialised[T](ctx, "Full", shape)
	a.Fill(v)
	return a
}

// Arange returns the n numbers 0, 1, 2 … with memory from ctx.
func Arange[T Element](ctx context.Context, n int) AllocArray[T] {
	a := uninitialised[T](ctx, "Arange", []int{n})
	for i := range a.data {
		a.data[i] = T(i)
	}
	return a
}

// Similar returns an array of the same element type with memory from ctx. Its
// shape is the one given, or a's if none is. Its elements are whatever the memory
// holds: write them before reading. Of a only the type and the shape are used, so
// that a may be stale.
func (a AllocArray[T]) Similar(ctx context.Context, shape ...int) (b AllocArray[T]) {
	b.similar(ctx, &a, shape)
	return b
}

// similar makes b, which is zero, what a.Similar(ctx, shape...) returns.
func (b *AllocArray[T]) similar(ctx context.Context, a *AllocArray[T], shape []int) {
	if len(shape) > 0 {
		b.allocate(ctx, "Similar", shape)
		return
	}
	b.allocateLike(ctx, "Similar", &a.layout, len(a.data))
}

// uninitialised returns a row-major array with memory from ctx.
func uninitialised[T Element](ctx context.Context, op string, shape []int) (a AllocArray[T]) {
	a.allocate(ctx, op, shape)
	return a
}

// allocateLike is allocate with the shape of an array that has the layout l and data
// of n elements. An array that is plain already has the layout to be.
func (a *AllocArray[T]) allocateLike(ctx context.Context, op string, l *layout, n int) {
	if !l.plain {
		a.allocate(ctx, op, l.shape[:l.rank])
		return
	}
	data, stamp, err := scope.Alloc[T](ctx, n)
	if err != nil {
		panic(err)
	}
	a.data, a.stamp, a.layout = data, stamp, *l
}

// allocate makes a, which is zero, a row-major array with memory from ctx.
func (a *AllocArray[T]) allocate(ctx context.Context, op string, shape []int) {
	n := a.setShape(op, shape)
	data, stamp, err := scope.Alloc[T](ctx, n)
	if err != nil {
		panic(err)
	}
	a.data, a.stamp, a.plain = data, stamp, true
}

// header returns a row-major array without elements and the number it needs.
func header[T Element](op string, shape []int) (a AllocArray[T], n int) {
	n = a.setShape(op, shape)
	return a, n
}

// setShape makes a, which is zero, row-major and returns its number of elements.
func (a *AllocArray[T]) setShape(op string, shape []int) int {
	if len(shape) > MaxRank {
		panic(misuse("%s: shape %s has more than %d axes", op, shapeText(shape), MaxRank))
	}
	a.rank = copy(a.shape[:], shape)
	n, ok := a.setRowMajor()
	if !ok {
		panicShape(op, shape)
	}
	return n
}

// setRowMajor sets the strides of a row-major array and returns its number of
// elements; false if a length is negative or the number overflows. The number is
// checked as if empty axes had length 1, as their strides use it.
func (a *AllocArray[T]) setRowMajor() (n int, ok bool) {
	step, empty := uint(1), false
	for i := a.rank - 1; i >= 0; i-- {
		d := a.shape[i]
		a.stride[i] = int(step)
		if d == 0 {
			empty = true
			continue
		}
		var over uint // also if d is negative, which is a huge uint
		if over, step = bits.Mul(step, uint(d)); over != 0 || step > uint(maxInt) {
			return 0, false
		}
	}
	if empty {
		return 0, true
	}
	return int(step), true
}

const maxInt = int(^uint(0) >> 1)

// panicShape panics about a shape that no array can have: an overflowing one is
// exhausted memory, for a request may have asked for it, a negative length is a
// programming error.
func panicShape(op string, shape []int) {
	for _, d := range shape {
		if d < 0 {
			panic(misuse("%s: shape %s has a negative length", op, shapeText(shape)))
		}
	}
	panic(&scope.ExhaustedError{Allocator: "allocarray: shape " + shapeText(shape), Requested: ^uintptr(0)})
}
