package allocarray

import (
	"context"

	"github.com/allocarrays/allocarrays-go/internal/kernel"
)

// Take returns the parts of a at the indices of an axis, with memory from ctx: of a
// matrix, the rows or columns that indices names, in its order and as often as it names
// them. The axis is replaced by the axes of indices, as in NumPy's take:
//
//	result[…, i, j, …] = a[…, indices[i, j], …]
//
// Negative axes count from the end; indices do not. Take panics if an index is out of
// range, or if the result would have more than [MaxRank] axes.
func Take[T Storage](ctx context.Context, a AllocArray[T], indices AllocArray[int], axis int) AllocArray[T] {
	m := take2("Take", &a, &indices)
	shape, k := takeShape("Take", &a, &indices, axis)
	dst := allocate[T](ctx, "Take", rowMajor("Take", shape.lengths()))
	a.recheck("Take")
	indices.recheck("Take")
	takeRuns("Take", &dst, &a, &indices, k)
	if m != 0 {
		drop2(ctx, "Take", m, &a, &indices)
	}
	return dst
}

// TakeInto sets dst to the parts of a at the indices of an axis; see [Take]. It panics if
// dst overlaps a or indices. If an index is out of range, dst may be partly written.
func TakeInto[T Storage](dst, a AllocArray[T], indices AllocArray[int], axis int) {
	m := takeInto2("TakeInto", &dst, &a, &indices)
	shape, k := takeShape("TakeInto", &a, &indices, axis)
	dst.checkDst("TakeInto")
	requireShape("TakeInto", &dst.axes, &shape)
	requireDisjoint("TakeInto", &dst, &a)
	requireDisjoint("TakeInto", &dst, &indices)
	takeRuns("TakeInto", &dst, &a, &indices, k)
	if m != 0 {
		drop2(noContext, "TakeInto", m, &a, &indices)
	}
}

// takeShape returns the shape of the result, and the axis as counted from the first.
func takeShape[T Storage](op string, a *AllocArray[T], indices *AllocArray[int], axis int) (shape axes, k int) {
	k = a.axis(op, axis)
	if a.rank-1+indices.rank > MaxRank {
		panic(misuse("%s: with indices of shape %s instead of axis %d, shape %s has more than %d axes",
			op, shapeText(indices.lengths()), axis, shapeText(a.lengths()), MaxRank))
	}
	shape.rank = a.rank - 1 + indices.rank
	copy(shape.shape[:], a.shape[:k])
	copy(shape.shape[k:], indices.lengths())
	copy(shape.shape[k+indices.rank:], a.shape[k+1:a.rank])
	return shape, k
}

// takeRuns copies a part of a for each index. Without elements to copy it looks at none.
func takeRuns[T Storage](op string, dst, a *AllocArray[T], indices *AllocArray[int], axis int) {
	// The axes of dst are those of a part, with those of the indices in their middle.
	rest := a.without(axis)
	part := axes{rank: rest.rank, shape: rest.shape}
	copy(part.stride[:], dst.stride[:axis])
	copy(part.stride[axis:], dst.stride[axis+indices.rank:dst.rank])
	places := axes{rank: indices.rank, shape: indices.shape}
	copy(places.stride[:], dst.stride[axis:axis+indices.rank])

	to, from, list := dst.elements(), a.elements(), indices.elements()
	each, within := newOrderedWalk(&places, &indices.stride), newWalk(&part, &rest.stride)
	n, ds, as := within.run(), within.step(0), within.step(1)
	for ok := dst.size > 0; ok; ok = each.next() {
		for i := range each.run() {
			at := list[each.off[1]+i*each.step(1)]
			a.requireIndex(op, axis, at)
			d, s := to[each.off[0]+i*each.step(0):], from[at*a.stride[axis]:]
			for ok := true; ok; ok = within.next() {
				if n == 1 {
					d[within.off[0]] = s[within.off[1]]
				} else {
					kernel.CopyStrided(d[within.off[0]:], ds, s[within.off[1]:], as, n)
				}
			}
		}
	}
	dst.recheck(op)
	a.recheck(op)
	indices.recheck(op)
}

// requireIndex panics if an axis has no such index.
func (l *layout) requireIndex(op string, axis, i int) {
	if uint(i) >= uint(l.shape[axis]) {
		panic(misuse("%s: index %d out of range for axis %d of shape %s", op, i, axis, shapeText(l.lengths())))
	}
}

// Gather returns, for each element of indices, the element of a whose index along the axis
// is that element and whose other indices are its own, with memory from ctx. For axis 1 of
// a matrix,
//
//	result[i, j] = a[i, indices[i, j]]
//
// It is PyTorch's gather and NumPy's take_along_axis: Gather(ctx, a, Argsort(ctx, a, 1), 1)
// is a sorted. Negative axes count from the end; indices do not. Gather panics if the
// shapes differ along another axis, or if an index is out of range.
func Gather[T Storage](ctx context.Context, a AllocArray[T], indices AllocArray[int], axis int) AllocArray[T] {
	m := take2("Gather", &a, &indices)
	k := gatherAxis("Gather", &a, &indices, axis)
	dst := allocate[T](ctx, "Gather", indices.renewed("Gather"))
	a.recheck("Gather")
	indices.recheck("Gather")
	gatherRuns("Gather", &dst, &a, &indices, k)
	if m != 0 {
		drop2(ctx, "Gather", m, &a, &indices)
	}
	return dst
}

// GatherInto sets dst to the elements of a that indices names; see [Gather]. It panics if
// dst overlaps a or indices. If an index is out of range, dst may be partly written.
func GatherInto[T Storage](dst, a AllocArray[T], indices AllocArray[int], axis int) {
	m := takeInto2("GatherInto", &dst, &a, &indices)
	k := gatherAxis("GatherInto", &a, &indices, axis)
	dst.checkDst("GatherInto")
	requireShape("GatherInto", &dst.axes, &indices.axes)
	requireDisjoint("GatherInto", &dst, &a)
	requireDisjoint("GatherInto", &dst, &indices)
	gatherRuns("GatherInto", &dst, &a, &indices, k)
	if m != 0 {
		drop2(noContext, "GatherInto", m, &a, &indices)
	}
}

// gatherAxis checks whether indices fit an array along an axis, which it returns as counted
// from the first.
func gatherAxis[T Storage](op string, a *AllocArray[T], indices *AllocArray[int], axis int) int {
	k := a.axis(op, axis)
	shape := axes{rank: a.rank, shape: a.shape}
	shape.shape[k] = indices.shape[k]
	if !shape.sameShape(&indices.axes) {
		panic(misuse("%s: indices of shape %s do not fit shape %s along axis %d",
			op, shapeText(indices.lengths()), shapeText(a.lengths()), axis))
	}
	return k
}

func gatherRuns[T Storage](op string, dst, a *AllocArray[T], indices *AllocArray[int], axis int) {
	along := a.stride[axis]
	across := a.stride
	across[axis] = 0
	to, from, list := dst.elements(), a.elements(), indices.elements()
	w := newWalk(&dst.axes, &indices.stride, &across)
	for ok := !w.empty(); ok; ok = w.next() {
		for i := range w.run() {
			at := list[w.off[1]+i*w.step(1)]
			a.requireIndex(op, axis, at)
			to[w.off[0]+i*w.step(0)] = from[w.off[2]+i*w.step(2)+at*along]
		}
	}
	dst.recheck(op)
	a.recheck(op)
	indices.recheck(op)
}
