package allocarray

import "context"

// Roll returns a with its elements shifted along an axis, with memory from ctx: element i
// moves to i + shift, and those that leave at one end come back at the other. Negative
// shifts go toward the front, negative axes count from the end.
func Roll[T Element](ctx context.Context, a AllocArray[T], shift, axis int) AllocArray[T] {
	moved := a.take("Roll")
	k := a.axis("Roll", axis)
	dst := allocate[T](ctx, "Roll", a.renewed("Roll"))
	a.recheck("Roll")
	rollRuns("Roll", &dst, &a, shift, k)
	if moved {
		a.drop(ctx, "Roll")
	}
	return dst
}

// RollInto sets dst to a with its elements shifted along an axis; see [Roll]. It panics if
// dst overlaps a.
func RollInto[T Element](dst, a AllocArray[T], shift, axis int) {
	moved := takeInto("RollInto", &dst, &a)
	dst.checkDst("RollInto")
	k := a.axis("RollInto", axis)
	requireShape("RollInto", &dst.axes, &a.axes)
	requireDisjoint("RollInto", &dst, &a)
	rollRuns("RollInto", &dst, &a, shift, k)
	if moved {
		a.drop(noContext, "RollInto")
	}
}

func rollRuns[T Element](op string, dst, a *AllocArray[T], shift, axis int) {
	if n := a.shape[axis]; a.size > 0 {
		shift = (shift%n + n) % n
		copyPart(dst, a, axis, shift, 0, n-shift)
		copyPart(dst, a, axis, 0, n-shift, shift)
	}
	dst.recheck(op)
	a.recheck(op)
}

// copyPart copies n parts of a along an axis, from one index on, to dst, from another on.
// Along the other axes both have the same lengths.
func copyPart[T Element](dst, a *AllocArray[T], axis, to, from, n int) {
	x := dst.axes
	x.shape[axis] = n
	d, s := dst.elements(), a.elements()
	if n > 0 {
		copyWalk(&x, &a.stride, d[to*dst.stride[axis]:], s[from*a.stride[axis]:])
	}
}
