package allocarray

import (
	"context"

	"github.com/allocarrays/allocarrays-go/internal/kernel"
)

// Softmax returns e^a / Σ e^a along the last axis, with memory from ctx. It subtracts
// the largest element first, so that nothing overflows. For another axis, permute the
// view. Softmax panics if a has rank 0.
func Softmax[T Float](ctx context.Context, a AllocArray[T]) AllocArray[T] {
	return eachRow(ctx, "Softmax", &a, kernel.SoftmaxRow[T])
}

// SoftmaxInto sets dst to the softmax of a along the last axis; dst may be a. It
// panics if the rows of dst are not contiguous. See [Softmax].
func SoftmaxInto[T Float](dst, a AllocArray[T]) {
	eachRowInto("SoftmaxInto", &dst, &a, kernel.SoftmaxRow[T])
}

// LogSoftmax returns a - ln Σ e^a along the last axis, with memory from ctx. This is
// the logarithm of [Softmax], accurate where Softmax underflows.
func LogSoftmax[T Float](ctx context.Context, a AllocArray[T]) AllocArray[T] {
	return eachRow(ctx, "LogSoftmax", &a, kernel.LogSoftmaxRow[T])
}

// LogSoftmaxInto sets dst to the log-softmax of a along the last axis; dst may be a.
// It panics if the rows of dst are not contiguous. See [LogSoftmax].
func LogSoftmaxInto[T Float](dst, a AllocArray[T]) {
	eachRowInto("LogSoftmaxInto", &dst, &a, kernel.LogSoftmaxRow[T])
}

// eachRow computes fn of the rows of a along the last axis into a new array.
func eachRow[T Float](ctx context.Context, op string, a *AllocArray[T], fn func(dst, src []T)) AllocArray[T] {
	moved := a.take(op)
	if moved && inPlace(ctx, a.renewed(op), a) {
		rowRuns(op, a, a, fn)
		return a.reuse(ctx, op)
	}
	dst := allocate[T](ctx, op, a.renewed(op))
	a.recheck(op)
	rowRuns(op, &dst, a, fn)
	if moved {
		a.drop(ctx, op)
	}
	return dst
}

func eachRowInto[T Float](op string, dst, a *AllocArray[T], fn func(dst, src []T)) {
	moved := checkUnaryInto(op, dst, a)
	rowRuns(op, dst, a, fn)
	if moved {
		a.drop(noContext, op)
	}
}

// rowRuns calls fn with the rows along the last axis. Rows of a that are not
// contiguous are copied to dst first. Those of dst must be contiguous.
func rowRuns[T Float](op string, dst, src *AllocArray[T], fn func(dst, src []T)) {
	a := src
	if a.rank == 0 {
		panic(misuse("%s: the array has no axes", op))
	}
	last := a.rank - 1
	n := a.shape[last]
	if n > 1 && dst.stride[last] != 1 {
		panic(misuse("%s: the rows of dst are not contiguous: its strides are %s", op, listText(dst.stride[:dst.rank])))
	}
	if n > 1 && a.stride[last] != 1 {
		copyElements(dst, a, &a.stride)
		a = dst
	}
	d, s := dst.without(last), a.without(last)
	to, from := dst.elements(), a.elements()
	w := newWalk(&d, &s.stride)
	for ok := !w.empty() && n > 0; ok; ok = w.next() {
		for i := range w.run() {
			fn(to[w.off[0]+i*w.step(0):][:n], from[w.off[1]+i*w.step(1):][:n])
		}
	}
	dst.recheck(op)
	src.recheck(op)
}
