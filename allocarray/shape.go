package allocarray

import (
	"fmt"
	"strconv"
	"strings"
)

// Rank returns the number of axes.
func (a AllocArray[T]) Rank() int { return a.rank }

// Len returns the number of elements.
func (a AllocArray[T]) Len() int { return a.size() }

func (a *AllocArray[T]) size() int {
	if a.plain {
		return len(a.data)
	}
	if a.rank == 0 {
		return min(len(a.data), 1) // 0 for the zero AllocArray
	}
	n := 1
	for _, d := range a.shape[:a.rank] {
		n *= d
	}
	return n
}

// Dim returns the length of an axis. Axes count from 0, or from the last one
// with -1.
func (a AllocArray[T]) Dim(axis int) int { return a.shape[a.axis("Dim", axis)] }

// Shape returns the lengths of all axes, in a slice that is the caller's.
func (a AllocArray[T]) Shape() []int {
	s := make([]int, a.rank, MaxRank) // constant capacity: stays on the caller's stack if it may
	copy(s, a.shape[:])
	return s
}

// Strides returns, for each axis, how many elements apart its neighbours are, in
// a slice that is the caller's.
func (a AllocArray[T]) Strides() []int {
	s := make([]int, a.rank, MaxRank)
	copy(s, a.stride[:])
	return s
}

// IsContiguous reports whether the elements lie in row-major order without gaps,
// which is what [AllocArray.Data] and [AllocArray.Reshape] need.
func (a AllocArray[T]) IsContiguous() bool { return a.packed() }

func (a *AllocArray[T]) packed() bool {
	want, gaps := 1, false
	for i := a.rank - 1; i >= 0; i-- {
		if a.shape[i] == 0 {
			return true // no elements lie anywhere
		}
		gaps = gaps || a.shape[i] != 1 && a.stride[i] != want
		want *= a.shape[i]
	}
	return !gaps
}

// axis turns a negative axis into a positive one.
func (a *AllocArray[T]) axis(op string, axis int) int {
	i := axis
	if i < 0 {
		i += a.rank
	}
	if i < 0 || i >= a.rank {
		panic(misuse("%s: axis %d of an array of rank %d", op, axis, a.rank))
	}
	return i
}

// sameShape reports whether a and b have the same lengths.
func sameShape[T, U Element](a *AllocArray[T], b *AllocArray[U]) bool {
	return a.rank == b.rank && a.shape == b.shape
}

// text describes an array in a message, as in "2×3 float32".
func (a *AllocArray[T]) text() string {
	var zero T
	return fmt.Sprintf("%s %T", shapeText(a.shape[:a.rank]), zero)
}

// shapeText formats a shape as in 2×3; a scalar's as (). It keeps no reference to
// the shape, so that the caller's may stay on the stack.
func shapeText(shape []int) string {
	if len(shape) == 0 {
		return "()"
	}
	parts := make([]string, len(shape))
	for i, d := range shape {
		parts[i] = strconv.Itoa(d)
	}
	return strings.Join(parts, "×")
}

// misuse returns the message of a panic about a programming error.
func misuse(format string, args ...any) string {
	return "allocarray: " + fmt.Sprintf(format, args...)
}
