package allocarray

import (
	"context"

	"github.com/allocarrays/allocarrays-go/internal/kernel"
)

// SumAxis returns the sums along an axis, with memory from ctx. The result lacks
// that axis. Negative axes count from the end.
func SumAxis[T Element](ctx context.Context, a AllocArray[T], axis int) AllocArray[T] {
	return reduceAxis(ctx, sumOf, "SumAxis", &a, axis)
}

// SumAxisInto sets dst to the sums along an axis; see [SumAxis]. It panics if dst
// overlaps a.
func SumAxisInto[T Element](dst, a AllocArray[T], axis int) {
	reduceAxisInto(sumOf, "SumAxisInto", &dst, &a, axis)
}

// MeanAxis returns the means along an axis, with memory from ctx. The result lacks
// that axis. The mean of no elements is NaN.
func MeanAxis[T Float](ctx context.Context, a AllocArray[T], axis int) AllocArray[T] {
	return reduceAxis(ctx, meanOf, "MeanAxis", &a, axis)
}

// MeanAxisInto sets dst to the means along an axis; see [MeanAxis]. It panics if dst
// overlaps a.
func MeanAxisInto[T Float](dst, a AllocArray[T], axis int) {
	reduceAxisInto(meanOf, "MeanAxisInto", &dst, &a, axis)
}

// MaxAxis returns the largest elements along an axis, with memory from ctx. The
// result lacks that axis. MaxAxis panics if the axis has length 0.
func MaxAxis[T Element](ctx context.Context, a AllocArray[T], axis int) AllocArray[T] {
	return reduceAxis(ctx, maxOf, "MaxAxis", &a, axis)
}

// MaxAxisInto sets dst to the largest elements along an axis; see [MaxAxis]. It
// panics if dst overlaps a.
func MaxAxisInto[T Element](dst, a AllocArray[T], axis int) {
	reduceAxisInto(maxOf, "MaxAxisInto", &dst, &a, axis)
}

// MinAxis returns the smallest elements along an axis, with memory from ctx. The
// result lacks that axis. MinAxis panics if the axis has length 0.
func MinAxis[T Element](ctx context.Context, a AllocArray[T], axis int) AllocArray[T] {
	return reduceAxis(ctx, minOf, "MinAxis", &a, axis)
}

// MinAxisInto sets dst to the smallest elements along an axis; see [MinAxis]. It
// panics if dst overlaps a.
func MinAxisInto[T Element](dst, a AllocArray[T], axis int) {
	reduceAxisInto(minOf, "MinAxisInto", &dst, &a, axis)
}

// ArgMaxAxis returns the positions of the largest elements along an axis, with
// memory from ctx; see [ArgMax]. The result lacks that axis. ArgMaxAxis panics if
// the axis has length 0.
func ArgMaxAxis[T Element](ctx context.Context, a AllocArray[T], axis int) AllocArray[int] {
	return argumentAxis(ctx, kernel.Max, "ArgMaxAxis", &a, axis)
}

// ArgMaxAxisInto sets dst to the positions of the largest elements along an axis;
// see [ArgMaxAxis]. It panics if dst overlaps a.
func ArgMaxAxisInto[T Element](dst AllocArray[int], a AllocArray[T], axis int) {
	argumentAxisInto(kernel.Max, "ArgMaxAxisInto", &dst, &a, axis)
}

// ArgMinAxis returns the positions of the smallest elements along an axis, with
// memory from ctx; see [ArgMin]. The result lacks that axis. ArgMinAxis panics if
// the axis has length 0.
func ArgMinAxis[T Element](ctx context.Context, a AllocArray[T], axis int) AllocArray[int] {
	return argumentAxis(ctx, kernel.Min, "ArgMinAxis", &a, axis)
}

// ArgMinAxisInto sets dst to the positions of the smallest elements along an axis;
// see [ArgMinAxis]. It panics if dst overlaps a.
func ArgMinAxisInto[T Element](dst AllocArray[int], a AllocArray[T], axis int) {
	argumentAxisInto(kernel.Min, "ArgMinAxisInto", &dst, &a, axis)
}

// A reduction makes one number of those along an axis.
type reduction int

const (
	sumOf reduction = iota
	meanOf
	maxOf
	minOf
)

// reduceAxis reduces a along an axis into a new array.
func reduceAxis[T Element](ctx context.Context, r reduction, op string, a *AllocArray[T], axis int) AllocArray[T] {
	moved := a.take(op)
	k, rest := a.reduced(op, axis, r == sumOf || r == meanOf)
	dst := allocate[T](ctx, op, rowMajor(op, rest.lengths()))
	a.recheck(op)
	reduceRuns(r, op, &dst, a, k)
	if moved {
		a.drop(ctx, op)
	}
	return dst
}

func reduceAxisInto[T Element](r reduction, op string, dst, a *AllocArray[T], axis int) {
	k, moved := checkAxisInto(op, dst, a, axis, r == sumOf || r == meanOf)
	reduceRuns(r, op, dst, a, k)
	if moved {
		a.drop(noContext, op)
	}
}

// argumentAxis finds positions along an axis of a and puts them into a new array.
func argumentAxis[T Element](ctx context.Context, pick kernel.BinaryOp, op string, a *AllocArray[T], axis int) AllocArray[int] {
	moved := a.take(op)
	k, rest := a.reduced(op, axis, false)
	dst := allocate[int](ctx, op, rowMajor(op, rest.lengths()))
	a.recheck(op)
	argumentRuns(pick, op, &dst, a, k)
	if moved {
		a.drop(ctx, op)
	}
	return dst
}

func argumentAxisInto[T Element](pick kernel.BinaryOp, op string, dst *AllocArray[int], a *AllocArray[T], axis int) {
	k, moved := checkAxisInto(op, dst, a, axis, false)
	argumentRuns(pick, op, dst, a, k)
	if moved {
		a.drop(noContext, op)
	}
}

// checkAxisInto panics if dst cannot be the destination of a reduction of a along an
// axis. It returns the axis as counted from the first, and whether a was moved; then the
// operation calls drop.
func checkAxisInto[T, A Element](op string, dst *AllocArray[T], a *AllocArray[A], axis int, ofNothing bool) (k int, moved bool) {
	moved = takeInto(op, dst, a)
	dst.checkDst(op)
	k, rest := a.reduced(op, axis, ofNothing)
	requireShape(op, &dst.axes, &rest)
	requireDisjoint(op, dst, a)
	return k, moved
}

// reduceRuns reduces a along an axis into dst.
func reduceRuns[T Element](r reduction, op string, dst, a *AllocArray[T], axis int) {
	switch r {
	case maxOf:
		extremeRuns(kernel.Max, dst, a, axis)
	case minOf:
		extremeRuns(kernel.Min, dst, a, axis)
	default:
		sumRuns(dst, a, axis)
	}
	if n := T(a.shape[axis]); r == meanOf {
		unaryRuns(op, *dst, *dst, func(d, x []T) { kernel.BinaryScalar(kernel.Div, d, x, n) })
	}
	dst.recheck(op)
	a.recheck(op)
}

// sumRuns adds along the axis, or adds whole runs across it.
func sumRuns[T Element](dst, a *AllocArray[T], axis int) {
	if a.runsAlong(axis) {
		n, step := a.shape[axis], a.stride[axis]
		eachAlong(dst, a, axis, func(d *T, from []T) { *d = sumRun(from, step, n) })
		return
	}
	dst.set(0)
	foldAxis(kernel.Add, dst, a, axis, 0)
}

// extremeRuns works along the axis or across it, as sumRuns does.
func extremeRuns[T Element](pick kernel.BinaryOp, dst, a *AllocArray[T], axis int) {
	if a.runsAlong(axis) {
		n, step := a.shape[axis], a.stride[axis]
		eachAlong(dst, a, axis, func(d *T, from []T) { *d = extremeRun(pick, from, step, n) })
		return
	}
	rest := a.without(axis)
	copyElements(dst, a, &rest.stride)
	foldAxis(pick, dst, a, axis, 1)
}

func argumentRuns[T Element](pick kernel.BinaryOp, op string, dst *AllocArray[int], a *AllocArray[T], axis int) {
	n, step := a.shape[axis], a.stride[axis]
	eachAlong(dst, a, axis, func(d *int, from []T) { *d = argumentRun(pick, from, step, n) })
	dst.recheck(op)
	a.recheck(op)
}

// reduced returns an axis as counted from the first, and the layout without it. It
// panics if there is nothing along the axis, unless the reduction has a result of
// nothing.
func (l *layout) reduced(op string, axis int, ofNothing bool) (k int, rest axes) {
	k = l.axis(op, axis)
	if l.shape[k] == 0 && !ofNothing {
		panic(misuse("%s: axis %d of shape %s has length 0", op, k, shapeText(l.lengths())))
	}
	return k, l.without(k)
}

// shortRun is the length of runs below which a call for each costs more than it
// saves.
const shortRun = 8

// runsAlong reports whether it is better to reduce along the axis, one result after
// the other, than by runs across it, many results at a time. It is if neighbours on
// the axis are neighbours in memory, or if the runs across the axis are short.
func (l *layout) runsAlong(axis int) bool {
	if l.stride[axis] == 1 {
		return true
	}
	rest := l.without(axis)
	w := newWalk(&rest)
	return w.run() < shortRun
}

// foldAxis combines dst with the elements of a from a position of the axis on. It
// goes run by run of dst, so that a run stays in the cache while those of a pass.
func foldAxis[T Element](op kernel.BinaryOp, dst, a *AllocArray[T], axis, from int) {
	rest := a.without(axis)
	to, data := dst.elements(), a.elements()
	w := newWalk(&dst.axes, &rest.stride)
	n, ds, as := w.run(), w.step(0), w.step(1)
	for ok := !w.empty(); ok; ok = w.next() {
		d := to[w.off[0]:]
		for i := from; i < a.shape[axis]; i++ {
			kernel.BinaryStrided(op, d, ds, d, ds, data[w.off[1]+i*a.stride[axis]:], as, n)
		}
	}
}

// eachAlong calls fn for each element of dst, with a from the first element on that
// belongs to it. The others follow, a stride of the axis apart.
func eachAlong[T, A Element](dst *AllocArray[T], a *AllocArray[A], axis int, fn func(d *T, from []A)) {
	rest := a.without(axis)
	to, data := dst.elements(), a.elements()
	w := newWalk(&dst.axes, &rest.stride)
	n, ds, as := w.run(), w.step(0), w.step(1)
	for ok := !w.empty(); ok; ok = w.next() {
		for i := range n {
			fn(&to[w.off[0]+i*ds], data[min(w.off[1]+i*as, len(data)):])
		}
	}
}
