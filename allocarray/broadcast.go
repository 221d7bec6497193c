package allocarray

// Broadcast returns the view of a in a shape to which it broadcasts: axes of
// length 1 are repeated, missing ones are added in front. It cannot be written
// to. It panics if a does not broadcast to the shape.
func (a AllocArray[T]) Broadcast(shape ...int) AllocArray[T] {
	a.check("Broadcast")
	b, _ := header[T]("Broadcast", shape)
	if !a.stretch(b.rank, &b.shape, &b.stride) {
		panic(misuse("Broadcast: shape %s does not broadcast to %s", shapeText(a.shape[:a.rank]), shapeText(shape)))
	}
	b.data, b.stamp = a.data, a.stamp
	return b
}

// stretch sets stride to the strides of a repeated along a shape; false if a does
// not broadcast to it.
func (a *AllocArray[T]) stretch(rank int, shape, stride *[MaxRank]int) bool {
	*stride = [MaxRank]int{}
	lead := rank - a.rank
	if lead < 0 {
		return false
	}
	for i := range a.rank {
		switch {
		case a.shape[i] == shape[lead+i]:
			stride[lead+i] = a.stride[i]
		case a.shape[i] != 1:
			return false
		}
	}
	return true
}

// stretched returns a's strides along dst's shape, to which it is known to
// broadcast.
func stretched[T, U Element](a *AllocArray[T], dst *AllocArray[U]) (stride [MaxRank]int) {
	a.stretch(dst.rank, &dst.shape, &stride)
	return stride
}

// broadcastShape sets the shape of dst to that which a and b broadcast to; false
// if they do not.
func broadcastShape[T, A, B Element](dst *AllocArray[T], a *AllocArray[A], b *AllocArray[B]) bool {
	dst.rank = max(a.rank, b.rank)
	for i := range dst.rank {
		x, y := a.fromLast(dst.rank-i), b.fromLast(dst.rank-i)
		if x != y && x != 1 && y != 1 {
			return false
		}
		dst.shape[i] = x
		if x == 1 {
			dst.shape[i] = y
		}
	}
	return true
}

// fromLast returns the length of the n-th axis from the last; 1 if there is none.
func (a *AllocArray[T]) fromLast(n int) int {
	if n > a.rank {
		return 1
	}
	return a.shape[a.rank-n]
}
