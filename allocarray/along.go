package allocarray

import (
	"context"

	"github.com/allocarrays/allocarrays-go/internal/kernel"
)

// alongAxis returns the array for a reduction of a along an axis.
func alongAxis[T, A Element](ctx context.Context, op string, a *AllocArray[A], axis int) AllocArray[T] {
	a.check(op)
	rest := *a
	rest.removeAxis(a.axis(op, axis))
	return uninitialised[T](ctx, op, rest.shape[:rest.rank])
}

// checkAxisInto panics if dst cannot take a reduction of a along an axis.
func checkAxisInto[T, A Element](op string, dst *AllocArray[T], a *AllocArray[A], axis int) {
	a.check(op)
	dst.checkDst(op)
	rest := *a
	rest.removeAxis(a.axis(op, axis))
	requireShape(op, dst, &rest)
	requireDisjoint(op, dst, a)
}

// sumAxis adds along the axis or whole runs across it.
func sumAxis[T Element](dst, a *AllocArray[T], axis int) {
	if a.runsAlong(axis) {
		n, step := a.shape[axis], a.stride[axis]
		eachAlong(dst, a, axis, func(d *T, from []T) { *d = sumRun(from, step, n) })
		return
	}
	dst.Fill(0)
	foldAxis(kernel.Add, dst, a, axis, 0)
}

func meanAxis[T Float](dst, a *AllocArray[T], axis int) {
	sumAxis(dst, a, axis)
	scalarRuns(kernel.Div, dst, dst, T(a.shape[axis]))
}

// extremeAxis works along the axis or across it, as sumAxis does.
func extremeAxis[T Element](op string, pick kernel.BinaryOp, dst, a *AllocArray[T], axis int) {
	a.requireAxis(op, axis)
	if a.runsAlong(axis) {
		n, step := a.shape[axis], a.stride[axis]
		eachAlong(dst, a, axis, func(d *T, from []T) { *d = extremeRun(pick, from, step, n) })
		return
	}
	first := *a
	first.removeAxis(axis)
	copyElements(dst, &first)
	foldAxis(pick, dst, a, axis, 1)
}

// shortRun is the length of runs under which a call for each costs more than it
// saves.
const shortRun = 8

// runsAlong reports whether a is better reduced along the axis, one result after
// the other, than by runs across it, many results at a time: if neighbours on the
// axis are neighbours in memory, or runs across it are short.
func (a *AllocArray[T]) runsAlong(axis int) bool {
	if a.stride[axis] == 1 {
		return true
	}
	rest := *a
	rest.removeAxis(axis)
	w := newWalk(rest.rank, &rest.shape, &rest.stride)
	return w.run() < shortRun
}

// foldAxis combines dst with the elements of a from a position of the axis on: run
// by run of dst, so that one which fits stays in the cache while those of a pass.
func foldAxis[T Element](op kernel.BinaryOp, dst, a *AllocArray[T], axis, from int) {
	rest := *a
	rest.removeAxis(axis)
	w := newWalk(dst.rank, &dst.shape, &dst.stride, &rest.stride)
	n, ds, as := w.run(), w.step(0), w.step(1)
	for ok := !w.empty(); ok; ok = w.next() {
		d := dst.data[w.off[0]:]
		for i := from; i < a.shape[axis]; i++ {
			kernel.BinaryStrided(op, d, ds, d, ds, a.data[w.off[1]+i*a.stride[axis]:], as, n)
		}
	}
}

func argumentAxis[T Element](op string, pick kernel.BinaryOp, dst *AllocArray[int], a *AllocArray[T], axis int) {
	a.requireAxis(op, axis)
	n, step := a.shape[axis], a.stride[axis]
	eachAlong(dst, a, axis, func(d *int, from []T) { *d = argumentRun(pick, from, step, n) })
}

// requireAxis panics if there is nothing along the axis to choose from.
func (a *AllocArray[T]) requireAxis(op string, axis int) {
	if a.shape[axis] == 0 {
		panic(misuse("%s: axis %d of shape %s has no element", op, axis, shapeText(a.shape[:a.rank])))
	}
}

// eachAlong calls fn for each element of dst with a from the first element on that
// belongs to it; the others follow a stride of the axis apart.
func eachAlong[T, A Element](dst *AllocArray[T], a *AllocArray[A], axis int, fn func(d *T, from []A)) {
	rest := *a
	rest.removeAxis(axis)
	w := newWalk(dst.rank, &dst.shape, &dst.stride, &rest.stride)
	n, ds, as := w.run(), w.step(0), w.step(1)
	for ok := !w.empty(); ok; ok = w.next() {
		for i := range n {
			fn(&dst.data[w.off[0]+i*ds], a.data[min(w.off[1]+i*as, len(a.data)):])
		}
	}
}
