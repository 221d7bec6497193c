package allocarray

// Broadcast returns a read-only view of a with the given shape. Axes of length 1
// are repeated, missing axes are added in front. Broadcast panics if a does not
// broadcast to the shape.
func (a AllocArray[T]) Broadcast(shape ...int) (b AllocArray[T]) {
	a.check("Broadcast")
	b.setShape("Broadcast", shape)
	b.contiguous = false
	stride, ok := a.stretch(&b.layout)
	if !ok {
		panic(misuse("Broadcast: shape %s does not broadcast to %s", shapeText(a.lengths()), shapeText(shape)))
	}
	b.stride, b.data, b.stamp = stride, a.data, a.stamp
	return b
}

// stretch returns the strides of l repeated along the axes of another layout; false
// if l does not broadcast to its shape.
func (l *layout) stretch(to *layout) (stride [MaxRank]int, ok bool) {
	lead := to.rank - l.rank
	if lead < 0 {
		return stride, false
	}
	for i, d := range l.lengths() {
		switch {
		case d == to.shape[lead+i]:
			stride[lead+i] = l.stride[i]
		case d != 1:
			return stride, false
		}
	}
	return stride, true
}

// stretched is stretch for a layout that is known to broadcast.
func (l *layout) stretched(to *layout) [MaxRank]int {
	stride, _ := l.stretch(to)
	return stride
}

// broadcast sets the shape of l to the one that a and b broadcast to. It panics if
// they do not.
func (l *layout) broadcast(op string, a, b *layout) {
	if !l.tryBroadcast(a, b) {
		panic(misuse("%s: shapes %s and %s do not broadcast", op, shapeText(a.lengths()), shapeText(b.lengths())))
	}
}

// tryBroadcast is broadcast, returning false instead of panicking.
func (l *layout) tryBroadcast(a, b *layout) bool {
	l.rank = max(a.rank, b.rank)
	for i := range l.rank {
		x, y := a.fromLast(l.rank-i), b.fromLast(l.rank-i)
		if x != y && x != 1 && y != 1 {
			return false
		}
		l.shape[i] = x
		if x == 1 {
			l.shape[i] = y
		}
	}
	return true
}

// fromLast returns the length of the n-th axis from the last; 1 if there is none.
func (l *layout) fromLast(n int) int {
	if n > l.rank {
		return 1
	}
	return l.shape[l.rank-n]
}
