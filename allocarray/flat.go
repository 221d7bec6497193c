package allocarray

// AtFlat returns the i-th element in row-major order, whatever the rank and the strides
// of a. That of a position which [ArgMax] returned is the largest. AtFlat panics if i is
// out of range.
func (a AllocArray[T]) AtFlat(i int) T {
	a.checkFlat("AtFlat", i)
	v := *a.element(a.flatOffset(i))
	a.recheck("AtFlat")
	return v
}

// SetFlat sets the i-th element in row-major order to v. It panics if i is out of range,
// or if elements of a repeat.
func (a AllocArray[T]) SetFlat(v T, i int) {
	a.checkFlat("SetFlat", i)
	a.requireWritable("SetFlat")
	*a.element(a.flatOffset(i)) = v
	a.recheck("SetFlat")
}

// Unravel returns the index of the i-th element in row-major order: with it, At returns
// what AtFlat returns for i. The caller owns the slice. Unravel panics if i is out of
// range.
func (a AllocArray[T]) Unravel(i int) []int {
	return a.layout.unravel(make([]int, MaxRank), i) // the constant length lets it stay on the caller's stack
}

// unravel returns the index of the i-th element in the first elements of index. It panics
// if l is nil, as that of the zero array is.
func (l *layout) unravel(index []int, i int) []int {
	if l == nil {
		l = &noLayout
	}
	l.requireFlat("Unravel", i)
	for k := l.rank - 1; k >= 0; k-- {
		index[k] = i % l.shape[k]
		i /= l.shape[k]
	}
	return index[:l.rank]
}

// checkFlat panics if a has no i-th element, or cannot be used.
func (a AllocArray[T]) checkFlat(op string, i int) {
	a.check(op)
	a.requireFlat(op, i)
}

func (l *layout) requireFlat(op string, i int) {
	if uint(i) >= uint(l.size) {
		panic(misuse("%s: position %d out of range for the %d elements of shape %s", op, i, l.size, shapeText(l.lengths())))
	}
}

// flatOffset returns how far the i-th element is behind the first, for 0 ≤ i < size. It
// is less than the span.
func (l *layout) flatOffset(i int) (off int) {
	if l.contiguous {
		return i
	}
	for k := l.rank - 1; k >= 0; k-- {
		off += i % l.shape[k] * l.stride[k]
		i /= l.shape[k]
	}
	return off
}
