package allocarray

import (
	"context"
	"unsafe"

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

// Storage lists the types of which there are arrays: the elements, and [Float16], which
// can be stored, moved and converted, but not computed with.
type Storage interface{ Element | Float16 }

// MaxRank is the largest number of axes of an array.
const MaxRank = 8

// An AllocArray is an n-dimensional array of T. The package documentation says how
// arrays are passed, how long they live and when they panic.
//
// The zero AllocArray has rank 0 and no elements. Methods that need no elements,
// such as Similar, work on it; the others panic.
//
// An AllocArray may be copied freely; copies share their elements. Arrays may be
// read by several goroutines at once. They cannot be compared with ==, and to
// reflect.DeepEqual only copies of one array are equal: compare Shape and Data.
type AllocArray[T Storage] struct {
	// Go keeps structs of up to four words and four fields in registers. So the length
	// of the memory is not here: it follows from the layout.

	_       [0]func(T)     // takes no room; rules out == and conversions between element types
	data    unsafe.Pointer // the first element; span elements of T from here on belong to the array
	*layout                // nil only in the zero AllocArray
	stamp   scope.Stamp
}

// elements returns the memory from the first element of a to the last.
func (a AllocArray[T]) elements() []T {
	// Who makes an array gives it memory for the span of its layout, and a view stays
	// within that.
	return unsafe.Slice((*T)(a.data), a.layout.span)
}

// over returns an array with the layout l on s, which has l.span elements.
func over[T Storage](s []T, l *layout, stamp scope.Stamp) AllocArray[T] {
	return AllocArray[T]{data: unsafe.Pointer(unsafe.SliceData(s)), layout: l, stamp: stamp}
}

// view returns the elements of a that l describes, if the first is off behind that of
// a. An empty view begins where a does: there may be nothing behind off.
func (a AllocArray[T]) view(off int, l *layout) AllocArray[T] {
	if l.span > 0 {
		// Element off belongs to a, since the caller has checked the index.
		a.data = unsafe.Add(a.data, off*int(sizeOf[T]()))
	}
	a.layout = l
	return a
}

// Wrap returns an array that shares the elements of s, in row-major order. Without
// a shape the array has one axis of length len(s). Wrap panics if the shape does
// not have len(s) elements.
//
// The array is valid as long as s is. If s was made in a scope, the array cannot
// notice the end of that scope: see [WrapStamp].
func Wrap[T Storage](s []T, shape ...int) AllocArray[T] {
	return wrap("Wrap", s, scope.Stamp{}, shape)
}

// New returns an array of zeros, with memory from ctx. Without a shape it has
// rank 0 and one element. New panics if a length is negative or if there are more
// than [MaxRank] axes.
func New[T Storage](ctx context.Context, shape ...int) AllocArray[T] {
	a := allocate[T](ctx, "New", rowMajor("New", shape))
	clear(a.elements())
	a.recheck("New")
	return a
}

// Full returns an array whose elements are all v, with memory from ctx. Its shape
// is as for [New].
func Full[T Storage](ctx context.Context, v T, shape ...int) AllocArray[T] {
	a := allocate[T](ctx, "Full", rowMajor("Full", shape))
	a.fill("Full", v)
	return a
}

// Arange returns the numbers 0 to n-1 as an array of one axis, with memory from
// ctx. It panics if n is negative. Numbers that T cannot hold wrap or are rounded.
func Arange[T Element](ctx context.Context, n int) AllocArray[T] {
	a := allocate[T](ctx, "Arange", rowMajor("Arange", []int{n}))
	data := a.elements()
	for i := range data {
		data[i] = T(i)
	}
	a.recheck("Arange")
	return a
}

// Similar returns an array with a's element type, with memory from ctx. Its shape
// is the one given or, without one, a's. The elements are uninitialised: write
// them before reading. Similar uses only a's type and shape, so a may be stale.
func (a AllocArray[T]) Similar(ctx context.Context, shape ...int) AllocArray[T] {
	l := a.layout
	if len(shape) > 0 || l == nil || !l.fresh {
		l = similarLayout(l, shape)
	}
	data, stamp, err := scope.Alloc[T](ctx, l.size) // as in similar, without a call
	if err != nil {
		panic(err)
	}
	return over(data, l, stamp)
}

// similarLayout returns the layout of what is similar to an array with the layout l, which may
// be nil, but has the shape given if there is one.
func similarLayout(l *layout, shape []int) *layout {
	switch {
	case len(shape) > 0:
		return rowMajor("Similar", shape)
	case l == nil:
		l = &noLayout
	}
	return l.renewed("Similar")
}

// similar returns an array with the layout l, which is fresh, and memory from ctx.
func similar[T Storage](ctx context.Context, l *layout) AllocArray[T] {
	data, stamp, err := scope.Alloc[T](ctx, l.size)
	if err != nil {
		panic(err)
	}
	return over(data, l, stamp)
}

// renewed returns the layout of a new array with the shape of l.
func (l *layout) renewed(op string) *layout {
	if l.fresh {
		return l
	}
	return rowMajor(op, l.lengths())
}

// allocate returns an array with the layout l, which is fresh, with memory from ctx, to
// be written by an operation. Its elements are uninitialised.
func allocate[T Storage](ctx context.Context, op string, l *layout) AllocArray[T] {
	a := similar[T](ctx, l)
	a.recheck(op) // the allocator and the context may be the user's code
	return a
}

// Live reports whether the array may be used, that is, whether the scope in which
// its elements were allocated has not ended.
func (a AllocArray[T]) Live() bool { return a.stamp.Live() }

// check panics if the scope of a's elements has ended, or if a is the zero value.
// Everything that touches an element begins with it and ends with recheck.
func (a AllocArray[T]) check(op string) {
	if !a.usable() {
		a.panicUnusable(op)
	}
}

// usable reports whether check would return. It is small enough to be inlined.
func (a AllocArray[T]) usable() bool { return a.layout != nil && a.stamp.Live() }

func (a AllocArray[T]) panicUnusable(op string) {
	if a.layout == nil {
		panic(misuse("%s: the zero AllocArray has no elements", op))
	}
	if _, moved := a.stamp.Unmoved(); moved {
		panic(misuse("%s of a moved %s array: what Move returns is for one operation", op, a.text()))
	}
	a.panicStale(op, "copy what must outlive a scope with Heap() or CopyTo before it ends")
}

func (a AllocArray[T]) panicStale(op, fix string) {
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
func (a AllocArray[T]) recheck(op string) {
	if !a.stamp.Live() {
		a.panicStale(op, "it ended during the operation; end a scope only when nothing uses its arrays")
	}
}

// recheckAll is recheck of a result and two operands. It takes pointers, which the
// compiler keeps out of registers what they point to: where that matters, the caller
// looks first whether all are live.
func recheckAll[T, A, B Storage](op string, dst *AllocArray[T], a *AllocArray[A], b *AllocArray[B]) {
	if !dst.stamp.Live() || !a.stamp.Live() || !b.stamp.Live() {
		dst.recheck(op)
		a.recheck(op)
		b.recheck(op)
	}
}

// checkDst panics if a must not be written to.
func (a AllocArray[T]) checkDst(op string) {
	a.check(op)
	a.requireWritable(op)
}
