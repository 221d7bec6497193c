package allocarray

import "context"

// alongAxis returns a copy of a, or a itself where it may be overwritten, of which runs has changed each line along an axis. Arrays are
// handed to runs by value: those that a function value gets by address would be on the heap.
func alongAxis[T Element](ctx context.Context, op string, a AllocArray[T], axis int, runs func(dst AllocArray[T], axis int)) AllocArray[T] {
	moved := a.take(op)
	k := a.axis(op, axis)
	if moved && inPlace(ctx, a.renewed(op), &a) {
		runs(a, k)
		a.recheck(op)
		return a.reuse(ctx, op)
	}
	dst := allocate[T](ctx, op, a.renewed(op))
	a.recheck(op)
	copyElements(&dst, &a, &a.stride)
	runs(dst, k)
	dst.recheck(op)
	a.recheck(op)
	if moved {
		a.drop(ctx, op)
	}
	return dst
}

// alongAxisInto is alongAxis for a dst that may be a.
func alongAxisInto[T Element](op string, dst, a AllocArray[T], axis int, runs func(dst AllocArray[T], axis int)) {
	moved := checkUnaryInto(op, &dst, &a)
	k := a.axis(op, axis)
	copyElements(&dst, &a, &a.stride)
	runs(dst, k)
	dst.recheck(op)
	a.recheck(op)
	if moved {
		a.drop(noContext, op)
	}
}
