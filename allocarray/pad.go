package allocarray

import (
	"context"
	"fmt"

	"github.com/allocarrays/allocarrays-go/internal/kernel"
	"github.com/allocarrays/allocarrays-go/scope"
)

// Pad returns a with elements v added at both ends of each axis, with memory from ctx.
// widths has how many to add before and after, for each axis or once for all:
//
//	allocarray.Pad(ctx, image, 0, [2]int{1, 1})
//
// It is NumPy's pad with mode constant. Pad panics if a width is negative, or if there are
// neither one nor as many as axes.
func Pad[T Element](ctx context.Context, a AllocArray[T], v T, widths ...[2]int) AllocArray[T] {
	return pad(ctx, padConstant, "Pad", &a, v, widths)
}

// PadInto sets dst to a with elements v added at both ends of each axis; see [Pad]. It
// panics if dst overlaps a.
func PadInto[T Element](dst, a AllocArray[T], v T, widths ...[2]int) {
	padInto(padConstant, "PadInto", &dst, &a, v, widths)
}

// PadEdge returns a with its outermost elements repeated at both ends of each axis, with
// memory from ctx; see [Pad] for the widths. It is NumPy's pad with mode edge and PyTorch's
// with mode replicate. PadEdge panics if it has to add to an axis without elements.
func PadEdge[T Element](ctx context.Context, a AllocArray[T], widths ...[2]int) AllocArray[T] {
	return pad(ctx, padEdge, "PadEdge", &a, 0, widths)
}

// PadEdgeInto sets dst to a with its outermost elements repeated at both ends of each axis;
// see [PadEdge]. It panics if dst overlaps a.
func PadEdgeInto[T Element](dst, a AllocArray[T], widths ...[2]int) {
	padInto(padEdge, "PadEdgeInto", &dst, &a, 0, widths)
}

// PadReflect returns a with its elements mirrored at both ends of each axis, with memory
// from ctx; see [Pad] for the widths. The outermost elements are the mirrors and are not
// repeated: 1 2 3 with two more at each end is 3 2 1 2 3 2 1. If more are added than there
// are, they are mirrored back and forth; a single one is repeated. It is NumPy's pad with
// mode reflect. PadReflect panics if it has to add to an axis without elements.
func PadReflect[T Element](ctx context.Context, a AllocArray[T], widths ...[2]int) AllocArray[T] {
	return pad(ctx, padReflect, "PadReflect", &a, 0, widths)
}

// PadReflectInto sets dst to a with its elements mirrored at both ends of each axis; see
// [PadReflect]. It panics if dst overlaps a.
func PadReflectInto[T Element](dst, a AllocArray[T], widths ...[2]int) {
	padInto(padReflect, "PadReflectInto", &dst, &a, 0, widths)
}

// A padding says what stands beyond the ends of an axis.
type padding int

const (
	padConstant padding = iota
	padEdge
	padReflect
)

func pad[T Element](ctx context.Context, p padding, op string, a *AllocArray[T], v T, widths [][2]int) AllocArray[T] {
	moved := a.take(op)
	shape, before := padShape(p, op, a, widths)
	dst := allocate[T](ctx, op, rowMajor(op, shape.lengths()))
	a.recheck(op)
	padRuns(p, op, &dst, a, v, &before)
	if moved {
		a.drop(ctx, op)
	}
	return dst
}

func padInto[T Element](p padding, op string, dst, a *AllocArray[T], v T, widths [][2]int) {
	moved := takeInto(op, dst, a)
	shape, before := padShape(p, op, a, widths)
	dst.checkDst(op)
	requireShape(op, &dst.axes, &shape)
	requireDisjoint(op, dst, a)
	padRuns(p, op, dst, a, v, &before)
	if moved {
		a.drop(noContext, op)
	}
}

// padShape returns the shape of the result, and how many elements
// stand before those of a along each axis.
func padShape[T Element](p padding, op string, a *AllocArray[T], widths [][2]int) (shape axes, before [MaxRank]int) {
	if len(widths) != 1 && len(widths) != a.rank {
		panic(misuse("%s: %d widths do not fit rank %d", op, len(widths), a.rank))
	}
	shape.rank, shape.shape = a.rank, a.shape
	for i := range a.rank {
		w := widths[min(i, len(widths)-1)]
		switch {
		case w[0] < 0 || w[1] < 0:
			panic(misuse("%s: widths %d and %d of axis %d: a width is negative", op, w[0], w[1], i))
		case p != padConstant && a.shape[i] == 0 && (w[0] > 0 || w[1] > 0):
			panic(misuse("%s: axis %d of shape %s has no elements to add", op, i, shapeText(a.lengths())))
		}
		before[i] = w[0]
		for _, n := range w {
			if shape.shape[i] += n; shape.shape[i] < 0 {
				panic(&scope.ExhaustedError{Allocator: fmt.Sprintf("allocarray: %s: length of axis %d", op, i), Requested: ^uintptr(0)})
			}
		}
	}
	return shape, before
}

// padRuns copies a into the middle of dst and then adds to one axis after the other, along
// the whole of the axes before and along the middle of those behind. So what is added to
// the later axes includes the corners.
func padRuns[T Element](p padding, op string, dst, a *AllocArray[T], v T, before *[MaxRank]int) {
	to, off := dst.elements(), 0
	for i, n := range before[:a.rank] {
		off += n * dst.stride[i]
	}
	part := dst.axes // of dst: what is filled so far
	part.shape = a.shape
	if a.size > 0 {
		copyWalk(&part, &a.stride, to[off:], a.elements())
	}
	for i, n := range before[:a.rank] {
		if dst.size == 0 {
			break // an axis may be longer than a loop can count
		}
		off -= n * dst.stride[i]
		part.shape[i] = 1
		padAxis(p, to[off:], &part, v, i, n, a.shape[i], dst.shape[i])
		part.shape[i] = dst.shape[i]
	}
	dst.recheck(op)
	a.recheck(op)
}

// padAxis fills the slabs along an axis before the first n of the array and behind its
// last: one for each index below all, except the length that begin at n.
func padAxis[T Element](p padding, to []T, slab *axes, v T, axis, n, length, all int) {
	w := newWalk(slab, &slab.stride)
	run, step := w.run(), w.step(0)
	for at := 0; at < all; at++ {
		if at == n {
			at += length
		}
		if at == all || w.empty() {
			return
		}
		d, s := to[at*slab.stride[axis]:], to
		if p != padConstant {
			s = to[(n+p.source(at-n, length))*slab.stride[axis]:]
		}
		for ok := true; ok; ok = w.next() {
			if p != padConstant {
				kernel.CopyStrided(d[w.off[0]:], step, s[w.off[0]:], step, run)
				continue
			}
			for i := range run {
				d[w.off[0]+i*step] = v
			}
		}
	}
}

// source returns which of n elements stands at i, which is negative or at least n.
func (p padding) source(i, n int) int {
	if p == padEdge || n == 1 {
		return min(max(i, 0), n-1)
	}
	period := 2 * (n - 1)
	if i = (i%period + period) % period; i >= n {
		i = period - i
	}
	return i
}
