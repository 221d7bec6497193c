package allocarray

import (
	"context"

	"github.com/allocarrays/allocarrays-go/scope"
)

// Empty returns an uninitialised array with memory from ctx: write its elements before
// reading them. Its shape is as for [New], which returns zeros.
func Empty[T Storage](ctx context.Context, shape ...int) AllocArray[T] {
	return allocate[T](ctx, "Empty", rowMajor("Empty", shape))
}

// Eye returns the identity matrix of n×n, with memory from ctx. It panics if n is
// negative.
func Eye[T Element](ctx context.Context, n int) AllocArray[T] {
	a := allocate[T](ctx, "Eye", rowMajor("Eye", []int{n, n}))
	data := a.elements()
	clear(data)
	for i := 0; i < len(data); i += n + 1 {
		data[i] = 1
	}
	a.recheck("Eye")
	return a
}

// WrapStamp returns an array that shares the elements of s, as [Wrap] does, but knows
// their scope: stamp is what scope.Alloc returned with s, or with the slice that s is a
// part of. When that scope ends, the array is stale, as one made by [New] would be.
func WrapStamp[T Storage](s []T, stamp scope.Stamp, shape ...int) AllocArray[T] {
	return wrap("WrapStamp", s, stamp, shape)
}

// wrap returns an array on s, whose elements live as long as the scope of the stamp.
func wrap[T Storage](op string, s []T, stamp scope.Stamp, shape []int) AllocArray[T] {
	if len(shape) == 0 {
		return over(s, rowMajor(op, []int{len(s)}), stamp)
	}
	l := rowMajor(op, shape)
	if l.size != len(s) {
		panic(misuse("%s: %d elements do not fit shape %s", op, len(s), shapeText(l.lengths())))
	}
	return over(s, l, stamp)
}
