package allocarray

import "context"

// Mask returns the mask of bools, 1 where one is true and 0 elsewhere, with memory from
// ctx. Without a shape it has one axis of length len(bools). Mask panics if the shape does
// not have as many elements.
func Mask(ctx context.Context, bools []bool, shape ...int) AllocArray[uint8] {
	l := rowMajor("Mask", []int{len(bools)})
	if len(shape) > 0 {
		l = rowMajor("Mask", shape)
	}
	if l.size != len(bools) {
		panic(misuse("Mask: %d elements do not fit shape %s", len(bools), shapeText(l.lengths())))
	}
	dst := allocate[uint8](ctx, "Mask", l)
	to := dst.elements()
	for i, b := range bools {
		v := uint8(0)
		if b {
			v = 1
		}
		to[i] = v
	}
	dst.recheck("Mask")
	return dst
}

// CopyBools sets each element of dst to whether the element of a at that position in
// row-major order is not 0. NaN is not 0. It panics if dst does not have a.Len() elements.
func CopyBools[T Element](dst []bool, a AllocArray[T]) {
	moved := a.take("CopyBools")
	if len(dst) != a.size {
		panic(misuse("CopyBools: %d elements do not fit shape %s", len(dst), shapeText(a.lengths())))
	}
	data, at := a.elements(), 0
	w := newOrderedWalk(&a.axes)
	for ok := !w.empty(); ok; ok = w.next() {
		for i := range w.run() {
			dst[at+i] = data[w.off[0]+i*w.step(0)] != 0
		}
		at += w.run()
	}
	a.recheck("CopyBools")
	if moved {
		a.drop(noContext, "CopyBools")
	}
}

// Not returns the mask of a == 0, with memory from ctx: the opposite of a mask. The others
// are arithmetic: [Mul] or [Minimum] of masks is and, [Maximum] is or, [NotEqual] is xor.
func Not[T Element](ctx context.Context, a AllocArray[T]) AllocArray[uint8] {
	moved := a.take("Not")
	dst := allocate[uint8](ctx, "Not", a.renewed("Not"))
	a.recheck("Not")
	notRuns("Not", &dst, &a)
	if moved {
		a.drop(ctx, "Not")
	}
	return dst
}

// NotInto sets dst to the mask of a == 0; dst may be a.
func NotInto[T Element](dst AllocArray[uint8], a AllocArray[T]) {
	moved := checkUnaryInto("NotInto", &dst, &a)
	notRuns("NotInto", &dst, &a)
	if moved {
		a.drop(noContext, "NotInto")
	}
}

func notRuns[T Element](op string, dst *AllocArray[uint8], a *AllocArray[T]) {
	to, from := dst.elements(), a.elements()
	w := newWalk(&dst.axes, &a.stride)
	for ok := !w.empty(); ok; ok = w.next() {
		for i := range w.run() {
			v := uint8(0)
			if from[w.off[1]+i*w.step(1)] == 0 {
				v = 1
			}
			to[w.off[0]+i*w.step(0)] = v
		}
	}
	dst.recheck(op)
	a.recheck(op)
}

// CountNonzero returns how many elements are not 0: of a mask, where it holds. ([Sum] of a
// mask wraps at 256.) NaN is not 0.
func CountNonzero[T Element](a AllocArray[T]) (n int) {
	moved := a.take("CountNonzero")
	data := a.elements()
	w := newWalk(&a.axes)
	for ok := !w.empty(); ok; ok = w.next() {
		for i := range w.run() {
			if data[w.off[0]+i*w.step(0)] != 0 {
				n++
			}
		}
	}
	a.recheck("CountNonzero")
	if moved {
		a.drop(noContext, "CountNonzero")
	}
	return n
}
