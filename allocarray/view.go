package allocarray

// Slice returns a view of a with the indices from ≤ i < to of an axis. Negative
// axes count from the end. Slice panics if an index is out of range.
func (a AllocArray[T]) Slice(axis, from, to int) AllocArray[T] {
	return a.slice("Slice", axis, from, to, 1)
}

// SliceStep returns a view of a with every step-th of the indices from ≤ i < to of
// an axis. It panics if an index is out of range or step is not positive.
func (a AllocArray[T]) SliceStep(axis, from, to, step int) AllocArray[T] {
	return a.slice("SliceStep", axis, from, to, step)
}

func (a AllocArray[T]) slice(op string, axis, from, to, step int) AllocArray[T] {
	a.check(op)
	l := a.layout
	i := l.axis(op, axis)
	if from < 0 || to < from || to > l.shape[i] || step < 1 {
		panic(misuse("%s: range %d:%d:%d is invalid for axis %d of shape %s", op, from, to, step, axis, shapeText(l.lengths())))
	}
	x := l.axes
	x.shape[i] = (to-from)/step + min((to-from)%step, 1) // rounded up; no sum that might overflow
	if x.shape[i] > 1 {                                  // a lone index has no neighbour, and its stride might overflow
		x.stride[i] *= step
	}
	off := from * l.stride[i]
	if x != l.axes {
		l = x.share()
	}
	return a.view(off, l)
}

// Index returns a view of a at index i of an axis. The view lacks that axis: the
// i-th row of a matrix is Index(0, i). Negative axes count from the end. Index panics
// if i is out of range.
func (a AllocArray[T]) Index(axis, i int) AllocArray[T] {
	a.check("Index")
	l := a.layout
	k := axis
	if uint(k) >= uint(l.rank) {
		k = l.axis("Index", axis)
	}
	if uint(i) >= uint(l.shape[k]) {
		panic(misuse("Index: index %d out of range for axis %d of shape %s", i, axis, shapeText(l.lengths())))
	}
	return a.view(i*l.stride[k], l.withoutAxis(k))
}

// Transpose returns a view of a with the order of all axes reversed.
func (a AllocArray[T]) Transpose() AllocArray[T] {
	a.check("Transpose")
	return a.view(0, a.transposed())
}

// Permute returns a view whose i-th axis is axis axes[i] of a. Negative axes count
// from the end. Permute panics if axes is not a permutation of a's axes.
func (a AllocArray[T]) Permute(order ...int) AllocArray[T] {
	a.check("Permute")
	if len(order) != a.rank {
		panic(misuse("Permute: axes %s do not fit rank %d", listText(order), a.rank))
	}
	x, seen := axes{rank: a.rank}, [MaxRank]bool{}
	for i, axis := range order {
		k := a.axis("Permute", axis)
		if seen[k] {
			panic(misuse("Permute: axes %s repeat axis %d", listText(order), k))
		}
		seen[k] = true
		x.shape[i], x.stride[i] = a.shape[k], a.stride[k]
	}
	return a.view(0, x.share())
}

// ExpandDims returns a view of a with a new axis of length 1, which becomes the
// given axis of the result: 0 makes it the first, -1 or a's rank the last. ExpandDims
// panics if the axis is out of range or a already has [MaxRank] axes.
func (a AllocArray[T]) ExpandDims(axis int) AllocArray[T] {
	a.check("ExpandDims")
	i := axis
	if i < 0 {
		i += a.rank + 1
	}
	if i < 0 || i > a.rank || a.rank == MaxRank {
		panic(misuse("ExpandDims: no room for axis %d in shape %s", axis, shapeText(a.lengths())))
	}
	x := a.axes
	x.insertAxis(i)
	return a.view(0, x.share())
}

// insertAxis makes room for an axis of length 1, which becomes the i-th.
func (x *axes) insertAxis(i int) {
	copy(x.shape[i+1:], x.shape[i:x.rank])
	copy(x.stride[i+1:], x.stride[i:x.rank])
	x.shape[i], x.stride[i] = 1, 1
	x.rank++
}

// Squeeze returns a view of a without its axes of length 1.
func (a AllocArray[T]) Squeeze() AllocArray[T] {
	a.check("Squeeze")
	x := a.axes
	for i := x.rank - 1; i >= 0; i-- {
		if x.shape[i] == 1 {
			x.removeAxis(i)
		}
	}
	return a.view(0, x.share())
}

// Reshape returns a view of a with the same elements, in row-major order, in another
// shape. One length may be -1; it is computed from the others. Reshape panics if the
// numbers of elements differ, or if a is not contiguous. Clone a view that is not, for
// example a transposed one, before reshaping it.
func (a AllocArray[T]) Reshape(shape ...int) AllocArray[T] {
	a.check("Reshape")
	var full [MaxRank]int
	if len(shape) > MaxRank {
		panic(misuse("Reshape: shape %s has more than %d axes", shapeText(shape), MaxRank))
	}
	copy(full[:], shape)
	fits := a.inferLength(full[:len(shape)])
	l := rowMajor("Reshape", full[:len(shape)])
	if !fits || l.size != a.size {
		panic(misuse("Reshape: shape %s does not fit shape %s", shapeText(a.lengths()), shapeText(shape)))
	}
	if !a.contiguous {
		panic(a.gaps("Reshape"))
	}
	return a.view(0, l)
}

// inferLength replaces the first -1 in shape by the length that fits. If none does,
// it replaces it by 0 and returns false.
func (l *layout) inferLength(shape []int) bool {
	unknown, rest := -1, 1
	for i, d := range shape {
		if d == -1 && unknown < 0 {
			unknown = i
		} else {
			rest *= d
		}
	}
	if unknown < 0 {
		return true
	}
	shape[unknown] = 0
	if rest <= 0 || l.size%rest != 0 {
		return false
	}
	shape[unknown] = l.size / rest
	return true
}
