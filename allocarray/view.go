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
	a.contiguous = false
	i := a.axis(op, axis)
	if from < 0 || to < from || to > a.shape[i] || step < 1 {
		panic(misuse("%s: range %d:%d:%d is invalid for axis %d of shape %s", op, from, to, step, axis, shapeText(a.lengths())))
	}
	a.advance(from * a.stride[i])
	a.shape[i] = (to-from)/step + min((to-from)%step, 1) // rounded up; no sum that might overflow
	if a.shape[i] > 1 {                                  // a lone index has no neighbour, and its stride might overflow
		a.stride[i] *= step
	}
	return a
}

// Index returns a view of a at index i of an axis. The view lacks that axis: the
// i-th row of a matrix is Index(0, i). Negative axes count from the end. Index panics
// if i is out of range.
func (a AllocArray[T]) Index(axis, i int) AllocArray[T] {
	a.check("Index")
	a.contiguous = false
	k := a.axis("Index", axis)
	if uint(i) >= uint(a.shape[k]) {
		panic(misuse("Index: index %d out of range for axis %d of shape %s", i, axis, shapeText(a.lengths())))
	}
	a.advance(i * a.stride[k])
	a.removeAxis(k)
	return a
}

// advance moves the first element by off. An empty view may begin behind the last
// element.
func (a *AllocArray[T]) advance(off int) { a.data = a.data[min(off, len(a.data)):] }

// Transpose returns a view of a with the order of all axes reversed.
func (a AllocArray[T]) Transpose() AllocArray[T] {
	a.check("Transpose")
	return a.transpose()
}

func (a *AllocArray[T]) transpose() AllocArray[T] {
	b := *a
	b.contiguous = false
	for i := range a.rank {
		b.shape[i], b.stride[i] = a.shape[a.rank-1-i], a.stride[a.rank-1-i]
	}
	return b
}

// Permute returns a view whose i-th axis is axis axes[i] of a. Negative axes count
// from the end. Permute panics if axes is not a permutation of a's axes.
func (a AllocArray[T]) Permute(axes ...int) AllocArray[T] {
	a.check("Permute")
	if len(axes) != a.rank {
		panic(misuse("Permute: axes %s do not fit rank %d", listText(axes), a.rank))
	}
	b, seen := a, [MaxRank]bool{}
	b.contiguous = false
	for i, axis := range axes {
		k := a.axis("Permute", axis)
		if seen[k] {
			panic(misuse("Permute: axes %s repeat axis %d", listText(axes), k))
		}
		seen[k] = true
		b.shape[i], b.stride[i] = a.shape[k], a.stride[k]
	}
	return b
}

// ExpandDims returns a view of a with a new axis of length 1, which becomes the
// given axis of the result: 0 makes it the first, -1 or a's rank the last. ExpandDims
// panics if the axis is out of range or a already has [MaxRank] axes.
func (a AllocArray[T]) ExpandDims(axis int) AllocArray[T] {
	a.check("ExpandDims")
	a.contiguous = false
	i := axis
	if i < 0 {
		i += a.rank + 1
	}
	if i < 0 || i > a.rank || a.rank == MaxRank {
		panic(misuse("ExpandDims: no room for axis %d in shape %s", axis, shapeText(a.lengths())))
	}
	copy(a.shape[i+1:], a.shape[i:a.rank])
	copy(a.stride[i+1:], a.stride[i:a.rank])
	a.shape[i], a.stride[i] = 1, 1
	a.rank++
	return a
}

// Squeeze returns a view of a without its axes of length 1.
func (a AllocArray[T]) Squeeze() AllocArray[T] {
	a.check("Squeeze")
	for i := a.rank - 1; i >= 0; i-- {
		if a.shape[i] == 1 {
			a.removeAxis(i)
		}
	}
	return a
}

// Reshape returns a view of a with the same elements, in row-major order, in another
// shape. One length may be -1; it is computed from the others. Reshape panics if the
// numbers of elements differ, or if a is not contiguous. Clone a view that is not, for
// example a transposed one, before reshaping it.
func (a AllocArray[T]) Reshape(shape ...int) (b AllocArray[T]) {
	a.check("Reshape")
	var full [MaxRank]int
	if len(shape) > MaxRank {
		panic(misuse("Reshape: shape %s has more than %d axes", shapeText(shape), MaxRank))
	}
	copy(full[:], shape)
	fits := a.inferLength(full[:len(shape)])
	if n := b.setShape("Reshape", full[:len(shape)]); !fits || n != a.size() {
		panic(misuse("Reshape: shape %s does not fit shape %s", shapeText(a.lengths()), shapeText(shape)))
	}
	b.data, b.stamp = a.flat("Reshape"), a.stamp
	return b
}

// inferLength replaces the first -1 in shape by the length that fits. If none does,
// it replaces it by 0 and returns false.
func (a *AllocArray[T]) inferLength(shape []int) bool {
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
	if rest <= 0 || a.size()%rest != 0 {
		return false
	}
	shape[unknown] = a.size() / rest
	return true
}
