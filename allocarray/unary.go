package allocarray

import (
	"context"

	"github.com/allocarrays/allocarrays-go/internal/kernel"
)

// Neg returns -a with memory from ctx.
func Neg[T Element](ctx context.Context, a AllocArray[T]) AllocArray[T] {
	return unary(ctx, "Neg", &a, func(d, s []T) { kernel.Unary(kernel.Neg, d, s) })
}

// NegInto sets dst to -a; dst may be a.
func NegInto[T Element](dst, a AllocArray[T]) {
	unaryInto("NegInto", &dst, &a, func(d, s []T) { kernel.Unary(kernel.Neg, d, s) })
}

// Abs returns the absolute values of a with memory from ctx. As in Go, the smallest
// signed integer is its own absolute value.
func Abs[T Element](ctx context.Context, a AllocArray[T]) AllocArray[T] {
	return unary(ctx, "Abs", &a, func(d, s []T) { kernel.Unary(kernel.Abs, d, s) })
}

// AbsInto sets dst to the absolute values of a; dst may be a. See [Abs].
func AbsInto[T Element](dst, a AllocArray[T]) {
	unaryInto("AbsInto", &dst, &a, func(d, s []T) { kernel.Unary(kernel.Abs, d, s) })
}

// Square returns the squares of a with memory from ctx.
func Square[T Element](ctx context.Context, a AllocArray[T]) AllocArray[T] {
	return unary(ctx, "Square", &a, func(d, s []T) { kernel.Unary(kernel.Square, d, s) })
}

// SquareInto sets dst to the squares of a; dst may be a.
func SquareInto[T Element](dst, a AllocArray[T]) {
	unaryInto("SquareInto", &dst, &a, func(d, s []T) { kernel.Unary(kernel.Square, d, s) })
}

// ReLU returns max(a, 0) with memory from ctx. NaN stays NaN.
func ReLU[T Element](ctx context.Context, a AllocArray[T]) AllocArray[T] {
	return unary(ctx, "ReLU", &a, kernel.ReLU[T])
}

// ReLUInto sets dst to max(a, 0); dst may be a. NaN stays NaN.
func ReLUInto[T Element](dst, a AllocArray[T]) {
	unaryInto("ReLUInto", &dst, &a, kernel.ReLU[T])
}

// Map returns fn applied to each element of a, with memory from ctx. It calls fn in
// row-major order. Map panics if fn ends the scope of a or of the result.
func Map[T Element](ctx context.Context, a AllocArray[T], fn func(T) T) AllocArray[T] {
	moved := a.take("Map")
	dst := allocate[T](ctx, "Map", a.renewed("Map"))
	a.recheck("Map")
	mapRuns("Map", &dst, &a, fn)
	if moved { // not in place: fn may look at a
		a.drop(ctx, "Map")
	}
	return dst
}

// MapInto sets dst to fn applied to each element of a; dst may be a. See [Map].
func MapInto[T Element](dst, a AllocArray[T], fn func(T) T) {
	moved := checkUnaryInto("MapInto", &dst, &a)
	mapRuns("MapInto", &dst, &a, fn)
	if moved {
		a.drop(noContext, "MapInto")
	}
}

// unary computes fn of the elements of a into a new array; see unaryRuns.
func unary[T Element](ctx context.Context, op string, a *AllocArray[T], fn func(dst, src []T)) AllocArray[T] {
	if !a.usable() {
		return unaryMoved(ctx, op, a, fn)
	}
	dst := similar[T](ctx, a.renewed(op))
	if !dst.Live() || !a.Live() {
		dst.recheck(op)
		a.recheck(op)
	}
	unaryRuns(op, dst, *a, fn)
	return dst
}

// unaryMoved is unary of an operand that was moved, or that is not usable at all.
//
//go:noinline
func unaryMoved[T Element](ctx context.Context, op string, a *AllocArray[T], fn func(dst, src []T)) (dst AllocArray[T]) {
	moved := a.take(op)
	if moved && inPlace(ctx, a.renewed(op), a) {
		unaryRuns(op, *a, *a, fn)
		return a.reuse(ctx, op)
	}
	dst = unary(ctx, op, a, fn)
	if moved {
		a.drop(ctx, op)
	}
	return dst
}

func unaryInto[T Element](op string, dst, a *AllocArray[T], fn func(dst, src []T)) {
	moved := checkUnaryInto(op, dst, a)
	unaryRuns(op, *dst, *a, fn)
	if moved {
		a.drop(noContext, op)
	}
}

// checkUnaryInto panics if dst cannot be the destination of an elementwise
// operation on a. It returns whether a was moved; then the operation calls drop.
func checkUnaryInto[T, A Storage](op string, dst *AllocArray[T], a *AllocArray[A]) (moved bool) {
	if !a.usable() || !dst.usable() || dst.repeats {
		moved = takeInto(op, dst, a)
		dst.checkDst(op)
	}
	if dst.layout != a.layout {
		requireShape(op, &dst.axes, &a.axes)
	}
	requireInPlace(op, dst, a)
	return moved
}

// unaryRuns computes dst from a by fn, which takes slices of the same length, or
// the same slice twice. If only the runs of dst are contiguous, as those of a new
// array are, the run of a is copied there first. If those of dst are not, fn gets
// one element at a time.
func unaryRuns[T Element](op string, dst, a AllocArray[T], fn func(dst, src []T)) {
	if dst.alike(a.layout) {
		fn(dst.elements(), a.elements())
	} else {
		unaryWalk(dst, a, fn)
	}
	if !dst.Live() || !a.Live() {
		dst.recheck(op)
		a.recheck(op)
	}
}

func unaryWalk[T Element](dst, a AllocArray[T], fn func(dst, src []T)) {
	to, from := dst.elements(), a.elements()
	w := newWalk(&dst.axes, &a.stride)
	n, ds, as := w.run(), w.step(0), w.step(1)
	for ok := !w.empty(); ok; ok = w.next() {
		d, s := to[w.off[0]:], from[w.off[1]:]
		switch {
		case ds == 1 && as == 1:
			fn(d[:n], s)
		case ds == 1:
			kernel.CopyStrided(d, 1, s, as, n)
			fn(d[:n], d)
		default:
			for i := range n {
				fn(d[i*ds:][:1], s[i*as:])
			}
		}
	}
}

// mapRuns computes dst from a by the user's function, which may end the scope of
// either: fn gets nothing that was read after that, and nothing is written.
func mapRuns[T Element](op string, dst, a *AllocArray[T], fn func(T) T) {
	to, from := dst.elements(), a.elements()
	w := newOrderedWalk(&dst.axes, &a.stride)
	n, ds, as := w.run(), w.step(0), w.step(1)
	for ok := !w.empty(); ok; ok = w.next() {
		d, s := to[w.off[0]:], from[w.off[1]:]
		for i := range n {
			x := s[i*as]
			a.recheck(op)
			y := fn(x)
			a.recheck(op)
			dst.recheck(op)
			d[i*ds] = y
		}
	}
	dst.recheck(op)
	a.recheck(op)
}
