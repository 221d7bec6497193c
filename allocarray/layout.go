package allocarray

import (
	"fmt"
	"math"
	"math/bits"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/allocarrays/allocarrays-go/scope"
)

// axes are the lengths of the axes of an array and the distances between neighbours
// along them. Two axes are equal if all their fields are.
type axes struct {
	rank   int
	shape  [MaxRank]int // the first rank entries are used, the others are 0
	stride [MaxRank]int // in elements, never negative; 0 for an axis that repeats
}

// A layout says where the element of an index is. It never changes, lives on the Go
// heap, and is shared by any number of arrays, of any element type. Layouts are equal
// if their axes are: one shape may have several, since the table that shares them is
// bounded. What a layout remembers of others only saves looking them up.
type layout struct {
	axes
	size       int  // the number of elements
	span       int  // the distance from the first element to behind the last in memory; 0 if there are none
	contiguous bool // the elements follow one another in row-major order without gaps
	fresh      bool // the strides are those of a new array; it is contiguous then
	repeats    bool // an axis that is longer than 1 repeats, or windows overlap

	// The layouts without the first axis, without the last, and with the axes in
	// reverse order, each nil until it was needed. They are stored once. What can be
	// reached from a layout is bounded: the first two have an axis less, and
	// the third refers to no other than this one.
	head, tail, reversed atomic.Pointer[layout]
}

// noLayout is that of the zero AllocArray.
var noLayout = layout{contiguous: true}

// form returns the layout of a, which may be the zero AllocArray.
func (a AllocArray[T]) form() *layout {
	if a.layout == nil {
		return &noLayout
	}
	return a.layout
}

// newLayout returns a new layout with the axes given.
func newLayout(x *axes) *layout {
	l := &layout{axes: *x, size: x.count(), contiguous: x.isContiguous(), fresh: x.isFresh()}
	if l.size > 0 {
		l.span = 1
	}
	for i, d := range x.lengths() {
		l.repeats = l.repeats || d > 1 && x.stride[i] == 0
		if l.size > 0 {
			l.span += (d - 1) * x.stride[i]
		}
	}
	l.repeats = l.repeats || l.size > 0 && x.doRepeat()
	return l
}

// Rank returns the number of axes.
func (a AllocArray[T]) Rank() int { return a.form().rank }

// Len returns the number of elements.
func (a AllocArray[T]) Len() int { return a.form().size }

// count returns the product of the lengths: 0 if one is 0, however long the others.
func (x *axes) count() int {
	n := 1
	for _, d := range x.lengths() {
		n *= d
	}
	return n
}

// Dim returns the length of an axis. Negative axes count from the end: -1 is the
// last. Dim panics if a has no such axis.
func (a AllocArray[T]) Dim(axis int) int {
	l := a.form()
	return l.shape[l.axis("Dim", axis)]
}

// Shape returns the lengths of all axes. The caller owns the slice.
func (a AllocArray[T]) Shape() []int {
	l := a.form()
	s := make([]int, l.rank, MaxRank) // the constant capacity lets s stay on the caller's stack
	copy(s, l.shape[:])
	return s
}

// Strides returns, for each axis, the distance between neighbours in elements. The
// caller owns the slice.
func (a AllocArray[T]) Strides() []int {
	l := a.form()
	s := make([]int, l.rank, MaxRank)
	copy(s, l.stride[:])
	return s
}

// IsContiguous reports whether the elements follow one another in row-major order
// without gaps. [AllocArray.Data] and [AllocArray.Reshape] need that.
func (a AllocArray[T]) IsContiguous() bool { return a.form().contiguous }

func (x *axes) isContiguous() bool {
	want, gaps := 1, false
	for i := x.rank - 1; i >= 0; i-- {
		if x.shape[i] == 0 {
			return true // there are no elements
		}
		gaps = gaps || x.shape[i] != 1 && x.stride[i] != want
		want *= x.shape[i]
	}
	return !gaps
}

// isFresh reports whether the strides are those that setStrides sets.
func (x *axes) isFresh() bool {
	step := 1
	for i := x.rank - 1; i >= 0; i-- {
		if x.stride[i] != step {
			return false
		}
		step *= max(x.shape[i], 1)
	}
	return true
}

// alike reports whether both layouts are contiguous and have the same shape, so that
// a walk over them would be a single run.
func (l *layout) alike(m *layout) bool {
	return l.contiguous && (l == m || m.contiguous && l.sameShape(&m.axes))
}

// lengths returns the lengths of the axes.
func (x *axes) lengths() []int { return x.shape[:x.rank] }

// sameShape reports whether x and y have the same lengths.
func (x *axes) sameShape(y *axes) bool { return x.rank == y.rank && x.shape == y.shape }

// axis turns a negative axis into a positive one.
func (x *axes) axis(op string, axis int) int {
	i := axis
	if i < 0 {
		i += x.rank
	}
	if i < 0 || i >= x.rank {
		panic(misuse("%s: axis %d out of range for rank %d", op, axis, x.rank))
	}
	return i
}

// removeAxis removes the k-th axis.
func (x *axes) removeAxis(k int) {
	x.rank--
	copy(x.shape[k:], x.shape[k+1:])
	copy(x.stride[k:], x.stride[k+1:])
	x.shape[x.rank], x.stride[x.rank] = 0, 0
}

// without returns the axes without the k-th.
func (x *axes) without(k int) axes {
	rest := *x
	rest.removeAxis(k)
	return rest
}

// setShape makes x, which is zero, the axes of a new array of a shape.
func (x *axes) setShape(op string, shape []int) {
	if len(shape) > MaxRank {
		panic(misuse("%s: shape %s has more than %d axes", op, shapeText(shape), MaxRank))
	}
	x.rank = copy(x.shape[:], shape)
	if !x.setStrides() {
		panicShape(op, x.lengths())
	}
}

// setStrides sets the strides of a new array. It returns false if a length is negative
// or the number of elements overflows. Empty axes count as length 1 for the strides
// and for the overflow.
func (x *axes) setStrides() bool {
	step := uint(1)
	for i := x.rank - 1; i >= 0; i-- {
		d := x.shape[i]
		x.stride[i] = int(step)
		if d == 0 {
			continue
		}
		var over uint // also if d is negative: as a uint it is huge
		if over, step = bits.Mul(step, uint(d)); over != 0 || step > math.MaxInt {
			return false
		}
	}
	return true
}

// panicShape panics because no array can have a shape. An overflow may come from a
// request, so it counts as exhausted memory. A negative length is a programming
// error.
func panicShape(op string, shape []int) {
	for _, d := range shape {
		if d < 0 {
			panic(misuse("%s: shape %s has a negative length", op, shapeText(shape)))
		}
	}
	panic(&scope.ExhaustedError{Allocator: "allocarray: shape " + shapeText(shape), Requested: ^uintptr(0)})
}

// requireShape panics if dst does not have the shape of a result.
func requireShape(op string, dst, want *axes) {
	if !dst.sameShape(want) {
		panic(misuse("%s: dst has shape %s, want %s", op, shapeText(dst.lengths()), shapeText(want.lengths())))
	}
}

// text describes an array in a message, as in "2×3 float32".
func (a AllocArray[T]) text() string {
	var zero T
	return fmt.Sprintf("%s %T", shapeText(a.form().lengths()), zero)
}

// shapeText formats a shape, as in 2×3, or () for a scalar. Like listText it keeps
// no reference to its argument, so that the slice may stay on the caller's stack.
func shapeText(shape []int) string {
	if len(shape) == 0 {
		return "()"
	}
	return join(shape, "×")
}

// listText formats axes or strides, as in [2 3].
func listText(list []int) string { return "[" + join(list, " ") + "]" }

func join(list []int, separator string) string {
	parts := make([]string, len(list))
	for i, d := range list {
		parts[i] = strconv.Itoa(d)
	}
	return strings.Join(parts, separator)
}

// misuse returns the message of a panic about a programming error.
func misuse(format string, args ...any) string {
	return "allocarray: " + fmt.Sprintf(format, args...)
}
