package allocarray

import (
	"fmt"
	"math"
	"math/bits"
	"strconv"
	"strings"

	"github.com/allocarrays/allocarrays-go/scope"
)

// A layout says where the element of an index is. It is contiguous if the elements
// follow one another in row-major order without gaps.
type layout struct {
	contiguous bool // known to be contiguous, and data are exactly the elements; views clear it
	rank       int
	shape      [MaxRank]int // the first rank entries are used, the others are 0
	stride     [MaxRank]int // in elements; 0 for an axis that repeats
}

// Rank returns the number of axes.
func (a AllocArray[T]) Rank() int { return a.rank }

// Len returns the number of elements.
func (a AllocArray[T]) Len() int { return a.size() }

func (a *AllocArray[T]) size() int {
	if a.contiguous {
		return len(a.data)
	}
	if a.rank == 0 {
		return min(len(a.data), 1) // 0 for the zero AllocArray
	}
	return a.count()
}

// count returns the product of the lengths: 0 if one is 0, however long the others.
func (l *layout) count() int {
	n := 1
	for _, d := range l.lengths() {
		n *= d
	}
	return n
}

// Dim returns the length of an axis. Negative axes count from the end: -1 is the
// last. Dim panics if a has no such axis.
func (a AllocArray[T]) Dim(axis int) int { return a.shape[a.axis("Dim", axis)] }

// Shape returns the lengths of all axes. The caller owns the slice.
func (a AllocArray[T]) Shape() []int {
	s := make([]int, a.rank, MaxRank) // the constant capacity lets s stay on the caller's stack
	copy(s, a.shape[:])
	return s
}

// Strides returns, for each axis, the distance between neighbours in elements. The
// caller owns the slice.
func (a AllocArray[T]) Strides() []int {
	s := make([]int, a.rank, MaxRank)
	copy(s, a.stride[:])
	return s
}

// IsContiguous reports whether the elements follow one another in row-major order
// without gaps. [AllocArray.Data] and [AllocArray.Reshape] need that.
func (a AllocArray[T]) IsContiguous() bool { return a.isContiguous() }

func (l *layout) isContiguous() bool {
	want, gaps := 1, false
	for i := l.rank - 1; i >= 0; i-- {
		if l.shape[i] == 0 {
			return true // there are no elements
		}
		gaps = gaps || l.shape[i] != 1 && l.stride[i] != want
		want *= l.shape[i]
	}
	return !gaps
}

// alike reports whether both layouts are known to be contiguous and have the same
// shape.
func (l *layout) alike(m *layout) bool {
	if !l.contiguous || !m.contiguous || l.rank != m.rank {
		return false
	}
	for i, d := range l.shape[:l.rank] {
		if d != m.shape[i] {
			return false
		}
	}
	return true
}

// bothContiguous reports whether both layouts are contiguous and have the same
// shape, so that a walk over them would be a single run.
func (l *layout) bothContiguous(m *layout) bool {
	if l.contiguous && m.contiguous {
		return l.alike(m)
	}
	if l.rank != m.rank {
		return false
	}
	want := 1
	for i := l.rank - 1; i >= 0; i-- {
		if l.shape[i] != m.shape[i] || l.stride[i] != want || m.stride[i] != want {
			return false
		}
		want *= l.shape[i]
	}
	return true
}

// lengths returns the lengths of the axes.
func (l *layout) lengths() []int { return l.shape[:l.rank] }

// sameShape reports whether l and m have the same lengths.
func (l *layout) sameShape(m *layout) bool { return l.rank == m.rank && l.shape == m.shape }

// axis turns a negative axis into a positive one.
func (l *layout) axis(op string, axis int) int {
	i := axis
	if i < 0 {
		i += l.rank
	}
	if i < 0 || i >= l.rank {
		panic(misuse("%s: axis %d out of range for rank %d", op, axis, l.rank))
	}
	return i
}

// removeAxis removes the k-th axis.
func (l *layout) removeAxis(k int) {
	l.rank--
	copy(l.shape[k:], l.shape[k+1:])
	copy(l.stride[k:], l.stride[k+1:])
	l.shape[l.rank], l.stride[l.rank] = 0, 0
}

// without returns the layout without its k-th axis.
func (l *layout) without(k int) layout {
	rest := *l
	rest.removeAxis(k)
	return rest
}

// setShape makes l, which is zero, a contiguous layout of a shape. It returns the
// number of elements.
func (l *layout) setShape(op string, shape []int) int {
	if len(shape) > MaxRank {
		panic(misuse("%s: shape %s has more than %d axes", op, shapeText(shape), MaxRank))
	}
	l.rank, l.contiguous = copy(l.shape[:], shape), true
	n, ok := l.setStrides()
	if !ok {
		panicShape(op, shape)
	}
	return n
}

// setStrides sets the strides of a contiguous layout. It returns the number of
// elements, or false if a length is negative or the number overflows. Empty axes
// count as length 1 for the strides and for the overflow.
func (l *layout) setStrides() (n int, ok bool) {
	step, empty := uint(1), false
	for i := l.rank - 1; i >= 0; i-- {
		d := l.shape[i]
		l.stride[i] = int(step)
		if d == 0 {
			empty = true
			continue
		}
		var over uint // also if d is negative: as a uint it is huge
		if over, step = bits.Mul(step, uint(d)); over != 0 || step > math.MaxInt {
			return 0, false
		}
	}
	if empty {
		return 0, true
	}
	return int(step), true
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
func requireShape(op string, dst, want *layout) {
	if !dst.sameShape(want) {
		panic(misuse("%s: dst has shape %s, want %s", op, shapeText(dst.lengths()), shapeText(want.lengths())))
	}
}

// text describes an array in a message, as in "2×3 float32".
func (a *AllocArray[T]) text() string {
	var zero T
	return fmt.Sprintf("%s %T", shapeText(a.lengths()), zero)
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
