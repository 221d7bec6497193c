package allocarray

// Slice returns the view of the indices from ≤ i < to of an axis. It panics if
// they are out of range.
func (a AllocArray[T]) Slice(axis, from, to int) AllocArray[T] {
	return a.slice("Slice", axis, from, to, 1)
}

// SliceStep returns the view of every step-th of the indices from ≤ i < to of an
// axis. It panics if they are out of range or step is not positive.
func (a AllocArray[T]) SliceStep(axis, from, to, step int) AllocArray[T] {
	return a.slice("SliceStep", axis, from, to, step)
}

func (a AllocArray[T]) slice(op string, axis, from, to, step int) AllocArray[T] {
	a.check(op)
	a.plain = false
	i := a.axis(op, axis)
	if from < 0 || to < from || to > a.shape[i] || step < 1 {
		panic(misuse("%s: [%d:%d:%d] of axis %d in shape %s", op, from, to, step, axis, shapeText(a.shape[:a.rank])))
	}
	a.advance(from * a.stride[i])
	a.shape[i] = (to-from)/step + min((to-from)%step, 1) // rounded up; no sum that might overflow
	if a.shape[i] > 1 {                                  // a lone index has no neighbour, and its stride might overflow
		a.stride[i] *= step
	}
	return a
}

// Index returns the view at index i of an axis, which it removes: the i-th row of
// a matrix is Index(0, i).
func (a AllocArray[T]) Index(axis, i int) AllocArray[T] {
	a.check("Index")
	a.plain = false
	k := a.axis("Index", axis)
	if uint(i) >= uint(a.shape[k]) {
		panic(misuse("Index: %d of axis %d in shape %s", i, axis, shapeText(a.shape[:a.rank])))
	}
	a.advance(i * a.stride[k])
	a.removeAxis(k)
	return a
}

// advance moves the first element by off. An empty view may begin behind the
// last one.
func (a *AllocArray[T]) advance(off int) { a.data = a.data[min(off, len(a.data)):] }

func (a *AllocArray[T]) removeAxis(k int) {
	a.rank--
	copy(a.shape[k:], a.shape[k+1:])
	copy(a.stride[k:], a.stride[k+1:])
	a.shape[a.rank], a.stride[a.rank] = 0, 0
}

// Transpose returns the view with the order of all axes reversed.
func (a AllocArray[T]) Transpose() AllocArray[T] {
	a.check("Transpose")
	b := a
	b.plain = false
	for i := range a.rank {
		b.shape[i], b.stride[i] = a.shape[a.rank-1-i], a.stride[a.rank-1-i]
	}
	return b
}

// Permute returns the view whose i-th axis is a's axis axes[i]. It panics if axes
// is not a permutation.
func (a AllocArray[T]) Permute(axes ...int) AllocArray[T] {
	a.check("Permute")
	if len(axes) != a.rank {
		panic(misuse("Permute: %s does not order %d axes", shapeText(axes), a.rank))
	}
	b, seen := a, [MaxRank]bool{}
	b.plain = false
	for i, axis := range axes {
		k := a.axis("Permute", axis)
		if seen[k] {
			panic(misuse("Permute: %s names axis %d twice", shapeText(axes), k))
		}
		seen[k] = true
		b.shape[i], b.stride[i] = a.shape[k], a.stride[k]
	}
	return b
}

// ExpandDims returns the view with a new axis of length 1 before axis; rank or -1
// appends it.
func (a AllocArray[T]) ExpandDims(axis int) AllocArray[T] {
	a.check("ExpandDims")
	a.plain = false
	i := axis
	if i < 0 {
		i += a.rank + 1
	}
	if i < 0 || i > a.rank || a.rank == MaxRank {
		panic(misuse("ExpandDims: axis %d in shape %s", axis, shapeText(a.shape[:a.rank])))
	}
	copy(a.shape[i+1:], a.shape[i:a.rank])
	copy(a.stride[i+1:], a.stride[i:a.rank])
	a.shape[i], a.stride[i] = 1, 1
	a.rank++
	return a
}

// Squeeze returns the view without the axes of length 1.
func (a AllocArray[T]) Squeeze() AllocArray[T] {
	a.check("Squeeze")
	for i := a.rank - 1; i >= 0; i-- {
		if a.shape[i] == 1 {
			a.removeAxis(i)
		}
	}
	return a
}

// Reshape returns the view of the same elements, in row-major order, in another
// shape. One length may be -1 and is found from the others. It panics if the
// numbers of elements differ or if a is not contiguous: a view that is, say,
// transposed must be cloned first.
func (a AllocArray[T]) Reshape(shape ...int) AllocArray[T] {
	a.check("Reshape")
	var full [MaxRank]int
	if len(shape) > MaxRank {
		panic(misuse("Reshape: shape %s has more than %d axes", shapeText(shape), MaxRank))
	}
	copy(full[:], shape)
	fits := a.inferLength(full[:len(shape)])
	b, n := header[T]("Reshape", full[:len(shape)])
	if !fits || n != a.size() {
		panic(misuse("Reshape: %s has not as many elements as %s", shapeText(shape), shapeText(a.shape[:a.rank])))
	}
	b.data, b.stamp, b.plain = a.flat("Reshape"), a.stamp, true
	return b
}

// inferLength replaces the first -1 in shape by the length that fits, or by 0 and
// returns false if none does.
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
