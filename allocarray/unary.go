package allocarray

import (
	"context"

	"github.com/allocarrays/allocarrays-go/internal/kernel"
)

// Neg returns -a with memory from ctx.
func Neg[T Element](ctx context.Context, a AllocArray[T]) AllocArray[T] {
	dst := resultLike(ctx, "Neg", &a)
	unaryRuns(&dst, &a, func(d, s []T) { kernel.Unary(kernel.Neg, d, s) })
	return dst
}

// NegInto sets dst to -a; dst may be a.
func NegInto[T Element](dst, a AllocArray[T]) {
	checkUnaryInto("NegInto", &dst, &a)
	unaryRuns(&dst, &a, func(d, s []T) { kernel.Unary(kernel.Neg, d, s) })
}

// Abs returns the absolute values of a with memory from ctx. That of the smallest
// signed integer is itself.
func Abs[T Element](ctx context.Context, a AllocArray[T]) AllocArray[T] {
	dst := resultLike(ctx, "Abs", &a)
	unaryRuns(&dst, &a, func(d, s []T) { kernel.Unary(kernel.Abs, d, s) })
	return dst
}

// AbsInto sets dst to the absolute values of a; dst may be a.
func AbsInto[T Element](dst, a AllocArray[T]) {
	checkUnaryInto("AbsInto", &dst, &a)
	unaryRuns(&dst, &a, func(d, s []T) { kernel.Unary(kernel.Abs, d, s) })
}

// Square returns the squares of a with memory from ctx.
func Square[T Element](ctx context.Context, a AllocArray[T]) AllocArray[T] {
	dst := resultLike(ctx, "Square", &a)
	unaryRuns(&dst, &a, func(d, s []T) { kernel.Unary(kernel.Square, d, s) })
	return dst
}

// SquareInto sets dst to the squares of a; dst may be a.
func SquareInto[T Element](dst, a AllocArray[T]) {
	checkUnaryInto("SquareInto", &dst, &a)
	unaryRuns(&dst, &a, func(d, s []T) { kernel.Unary(kernel.Square, d, s) })
}

// ReLU returns max(a, 0) with memory from ctx; NaN stays NaN.
func ReLU[T Element](ctx context.Context, a AllocArray[T]) AllocArray[T] {
	dst := resultLike(ctx, "ReLU", &a)
	unaryRuns(&dst, &a, kernel.ReLU[T])
	return dst
}

// ReLUInto sets dst to max(a, 0); dst may be a.
func ReLUInto[T Element](dst, a AllocArray[T]) {
	checkUnaryInto("ReLUInto", &dst, &a)
	unaryRuns(&dst, &a, kernel.ReLU[T])
}

// Map returns fn of each element of a, in row-major order, with memory from ctx.
func Map[T Element](ctx context.Context, a AllocArray[T], fn func(T) T) AllocArray[T] {
	dst := resultLike(ctx, "Map", &a)
	mapRuns(&dst, &a, fn)
	return dst
}

// MapInto sets dst to fn of each element of a; dst may be a.
func MapInto[T Element](dst, a AllocArray[T], fn func(T) T) {
	checkUnaryInto("MapInto", &dst, &a)
	mapRuns(&dst, &a, fn)
}

// resultLike checks a and returns an array of its shape with memory from ctx.
func resultLike[T Element](ctx context.Context, name string, a *AllocArray[T]) (dst AllocArray[T]) {
	a.check(name)
	dst.allocateLike(ctx, name, &a.layout, len(a.data))
	return dst
}

// unaryRuns computes dst from a by fn, which may be called with the same slice
// twice. Runs with strides are first copied to dst, for dst's runs are contiguous
// whenever it was just allocated; else they are computed one by one.
func unaryRuns[T Element](dst, a *AllocArray[T], fn func(dst, src []T)) {
	if lineUp(dst, a) {
		fn(dst.data[:dst.size()], a.data)
		return
	}
	unaryWalk(newWalk(dst.rank, &dst.shape, &dst.stride, &a.stride), dst, a, fn)
}

func unaryWalk[T Element](w walk, dst, a *AllocArray[T], fn func(dst, src []T)) {
	n, ds, as := w.run(), w.step(0), w.step(1)
	for ok := !w.empty(); ok; ok = w.next() {
		d, s := dst.data[w.off[0]:], a.data[w.off[1]:]
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

func mapRuns[T Element](dst, a *AllocArray[T], fn func(T) T) {
	w := newOrderedWalk(dst.rank, &dst.shape, &dst.stride, &a.stride)
	unaryWalk(w, dst, a, func(d, s []T) {
		for i := range d {
			d[i] = fn(s[i])
		}
	})
}
