package allocarray

import (
	"context"

	"github.com/allocarrays/allocarrays-go/internal/kernel"
)

// Softmax returns e^x / Σ e^x along the last axis, with memory from ctx. The
// largest element is subtracted first, so that nothing overflows. To work along
// another axis, permute the view.
func Softmax[T Float](ctx context.Context, a AllocArray[T]) AllocArray[T] {
	dst := resultLike(ctx, "Softmax", &a)
	eachRow("Softmax", &dst, &a, kernel.SoftmaxRow[T])
	return dst
}

// SoftmaxInto sets dst to the softmax of a along the last axis; dst may be a. It
// panics if the rows of dst are not contiguous.
func SoftmaxInto[T Float](dst, a AllocArray[T]) {
	checkUnaryInto("SoftmaxInto", &dst, &a)
	eachRow("SoftmaxInto", &dst, &a, kernel.SoftmaxRow[T])
}

// LogSoftmax returns x - ln Σ e^x along the last axis, with memory from ctx: the
// logarithm of [Softmax], accurate where that underflows.
func LogSoftmax[T Float](ctx context.Context, a AllocArray[T]) AllocArray[T] {
	dst := resultLike(ctx, "LogSoftmax", &a)
	eachRow("LogSoftmax", &dst, &a, kernel.LogSoftmaxRow[T])
	return dst
}

// LogSoftmaxInto sets dst to the log-softmax of a along the last axis; dst may be
// a. It panics if the rows of dst are not contiguous.
func LogSoftmaxInto[T Float](dst, a AllocArray[T]) {
	checkUnaryInto("LogSoftmaxInto", &dst, &a)
	eachRow("LogSoftmaxInto", &dst, &a, kernel.LogSoftmaxRow[T])
}

// eachRow calls fn with the rows along the last axis. Rows of a that are not
// contiguous are copied to dst first; dst's must be contiguous.
func eachRow[T Float](op string, dst, a *AllocArray[T], fn func(dst, src []T)) {
	if a.rank == 0 {
		panic(misuse("%s of an array of rank 0", op))
	}
	last := a.rank - 1
	n := a.shape[last]
	if n > 1 && dst.stride[last] != 1 {
		panic(misuse("%s: the rows of dst, strides %s, are not contiguous", op, shapeText(dst.stride[:dst.rank])))
	}
	if n > 1 && a.stride[last] != 1 {
		copyElements(dst, a)
		a = dst
	}
	d, s := *dst, *a
	d.removeAxis(last)
	s.removeAxis(last)
	w := newWalk(d.rank, &d.shape, &d.stride, &s.stride)
	for ok := !w.empty() && n > 0; ok; ok = w.next() {
		for i := range w.run() {
			fn(dst.data[w.off[0]+i*w.step(0):][:n], a.data[w.off[1]+i*w.step(1):][:n])
		}
	}
}
