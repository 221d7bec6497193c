package allocarray

import (
	"context"

	"github.com/allocarrays/allocarrays-go/internal/kernel"
)

// ScatterAddInto adds each element of src to the element of dst whose index along the axis
// is the corresponding element of indices and whose other indices are its own. For axis 1
// of a matrix,
//
//	dst[i, indices[i, j]] += src[i, j]
//
// in row-major order of src. It is PyTorch's scatter_add_ and the reverse of [Gather].
// indices has the shape of src, and dst that shape but along the axis. Negative axes count
// from the end; indices do not. ScatterAddInto panics if the shapes do not fit, if dst
// overlaps src or indices, or if an index is out of range; some elements may have been
// added then.
func ScatterAddInto[T Element](dst AllocArray[T], indices AllocArray[int], src AllocArray[T], axis int) {
	const op = "ScatterAddInto"
	m := takeInto2(op, &dst, &src, &indices)
	dst.checkDst(op)
	k := gatherAxis(op, &dst, &indices, axis)
	if !indices.sameShape(&src.axes) {
		panic(misuse("%s: indices of shape %s do not fit src of shape %s", op, shapeText(indices.lengths()), shapeText(src.lengths())))
	}
	requireDisjoint(op, &dst, &src)
	requireDisjoint(op, &dst, &indices)
	along := dst.stride[k]
	across := dst.stride
	across[k] = 0
	to, from, list := dst.elements(), src.elements(), indices.elements()
	w := newOrderedWalk(&src.axes, &indices.stride, &across)
	for ok := !w.empty(); ok; ok = w.next() {
		for i := range w.run() {
			at := list[w.off[1]+i*w.step(1)]
			dst.requireIndex(op, k, at)
			to[w.off[2]+i*w.step(2)+at*along] += from[w.off[0]+i*w.step(0)]
		}
	}
	dst.recheck(op)
	indices.recheck(op)
	src.recheck(op)
	if m != 0 {
		drop2(noContext, op, m, &src, &indices)
	}
}

// SegmentSum returns the sums of the parts of a that belong together, with memory from ctx.
// segments has a number from 0 to n-1 for each part of a along its first axis, in any
// order, and
//
//	result[s, …] = Σ a[i, …] over all i with segments[i] = s
//
// added in the order of i; 0 for a segment without parts. The result has n parts of the
// shape of those of a. Segment sums are the reverse of [Take], and with counts of the
// segments, sums of ones, they give means. SegmentSum panics if n is negative, if segments
// is not a list as long as the first axis of a, or if a number is out of range.
func SegmentSum[T Element](ctx context.Context, a AllocArray[T], segments AllocArray[int], n int) AllocArray[T] {
	m := take2("SegmentSum", &a, &segments)
	shape := segmentShape("SegmentSum", &a, &segments)
	shape.shape[0] = n
	dst := allocate[T](ctx, "SegmentSum", rowMajor("SegmentSum", shape.lengths()))
	a.recheck("SegmentSum")
	segments.recheck("SegmentSum")
	segmentRuns("SegmentSum", &dst, &a, &segments)
	if m != 0 {
		drop2(ctx, "SegmentSum", m, &a, &segments)
	}
	return dst
}

// SegmentSumInto sets dst to the sums of the parts of a that belong together; see
// [SegmentSum], whose n is the length of dst's first axis. It panics if dst overlaps a or
// segments. If a number is out of range, dst may be partly written.
func SegmentSumInto[T Element](dst, a AllocArray[T], segments AllocArray[int]) {
	m := takeInto2("SegmentSumInto", &dst, &a, &segments)
	shape := segmentShape("SegmentSumInto", &a, &segments)
	dst.checkDst("SegmentSumInto")
	if dst.rank > 0 {
		shape.shape[0] = dst.shape[0]
	}
	requireShape("SegmentSumInto", &dst.axes, &shape)
	requireDisjoint("SegmentSumInto", &dst, &a)
	requireDisjoint("SegmentSumInto", &dst, &segments)
	segmentRuns("SegmentSumInto", &dst, &a, &segments)
	if m != 0 {
		drop2(noContext, "SegmentSumInto", m, &a, &segments)
	}
}

func segmentShape[T Element](op string, a *AllocArray[T], segments *AllocArray[int]) (shape axes) {
	if a.rank == 0 || segments.rank != 1 || segments.shape[0] != a.shape[0] {
		panic(misuse("%s: segments of shape %s do not fit shape %s", op, shapeText(segments.lengths()), shapeText(a.lengths())))
	}
	return axes{rank: a.rank, shape: a.shape}
}

func segmentRuns[T Element](op string, dst, a *AllocArray[T], segments *AllocArray[int]) {
	dst.set(0)
	part, rest := dst.without(0), a.without(0)
	to, from, list := dst.elements(), a.elements(), segments.elements()
	w := newWalk(&part, &rest.stride)
	n, ds, as := w.run(), w.step(0), w.step(1)
	parts := a.shape[0]
	if a.size == 0 {
		parts = 0 // there may be more than a loop can count
	}
	for i := range parts {
		at := list[i*segments.stride[0]]
		dst.requireIndex(op, 0, at)
		d, s := to[at*dst.stride[0]:], from[i*a.stride[0]:]
		for ok := true; ok; ok = w.next() {
			if n == 1 {
				d[w.off[0]] += s[w.off[1]]
			} else {
				kernel.BinaryStrided(kernel.Add, d[w.off[0]:], ds, d[w.off[0]:], ds, s[w.off[1]:], as, n)
			}
		}
	}
	dst.recheck(op)
	a.recheck(op)
	segments.recheck(op)
}
