package allocarray

// Broadcast returns a read-only view of a with the given shape. Axes of length 1
// are repeated, missing axes are added in front. Broadcast panics if a does not
// broadcast to the shape.
func (a AllocArray[T]) Broadcast(shape ...int) AllocArray[T] {
	a.check("Broadcast")
	var x axes
	x.setShape("Broadcast", shape)
	stride, ok := a.stretch(&x)
	if !ok {
		panic(misuse("Broadcast: shape %s does not broadcast to %s", shapeText(a.lengths()), shapeText(x.lengths())))
	}
	x.stride = stride
	return a.view(0, x.share())
}

// stretch returns the strides of x repeated along the axes of another layout; false
// if x does not broadcast to its shape.
func (x *axes) stretch(to *axes) (stride [MaxRank]int, ok bool) {
	lead := to.rank - x.rank
	if lead < 0 {
		return stride, false
	}
	for i, d := range x.lengths() {
		switch {
		case d == to.shape[lead+i]:
			stride[lead+i] = x.stride[i]
		case d != 1:
			return stride, false
		}
	}
	return stride, true
}

// stretched is stretch for a layout that is known to broadcast.
func (x *axes) stretched(to *axes) [MaxRank]int {
	stride, _ := x.stretch(to)
	return stride
}

// broadcast sets the shape of x to the one that a and b broadcast to. It panics if
// they do not.
func (x *axes) broadcast(op string, a, b *axes) {
	if !x.tryBroadcast(a, b) {
		panic(misuse("%s: shapes %s and %s do not broadcast", op, shapeText(a.lengths()), shapeText(b.lengths())))
	}
}

// tryBroadcast is broadcast, returning false instead of panicking.
func (x *axes) tryBroadcast(a, b *axes) bool {
	x.rank = max(a.rank, b.rank)
	for i := range x.rank {
		m, n := a.fromLast(x.rank-i), b.fromLast(x.rank-i)
		if m != n && m != 1 && n != 1 {
			return false
		}
		x.shape[i] = m
		if m == 1 {
			x.shape[i] = n
		}
	}
	return true
}

// fromLast returns the length of the n-th axis from the last; 1 if there is none.
func (x *axes) fromLast(n int) int {
	if n > x.rank {
		return 1
	}
	return x.shape[x.rank-n]
}
