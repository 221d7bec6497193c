package allocarray

// SlidingWindow returns a read-only view of all windows of size neighbours along an axis,
// each step behind the one before. That axis becomes the number of windows, which is
// (n-size)/step + 1 for an axis of length n ≥ size, and 0 for a shorter one. A new last
// axis runs within the window:
//
//	x := allocarray.Arange[float64](ctx, 5)
//	allocarray.MeanAxis(ctx, x.SlidingWindow(0, 3, 1), -1) // 1, 2, 3: the moving average
//
// It is NumPy's sliding_window_view and PyTorch's unfold. Negative axes count from the
// end. Windows that do not overlap may be written to. SlidingWindow panics if size or step
// is not positive, or if a already has [MaxRank] axes.
func (a AllocArray[T]) SlidingWindow(axis, size, step int) AllocArray[T] {
	a.check("SlidingWindow")
	l := a.layout
	k := l.axis("SlidingWindow", axis)
	if size < 1 || step < 1 {
		panic(misuse("SlidingWindow: size %d and step %d must be positive", size, step))
	}
	if l.rank == MaxRank {
		panic(misuse("SlidingWindow: shape %s has no room for another axis", shapeText(l.lengths())))
	}
	x := l.axes
	x.shape[k] = 0
	if l.shape[k] >= size {
		x.shape[k] = (l.shape[k]-size)/step + 1
	}
	x.shape[l.rank], x.stride[l.rank] = size, l.stride[k]
	x.rank++
	if overflow := x; !overflow.setStrides() {
		panicShape("SlidingWindow", x.lengths())
	}
	if x.shape[k] > 1 { // a lone window has no neighbour, and its stride might overflow
		x.stride[k] *= step
	}
	return a.view(0, x.share())
}

// doRepeat reports whether some element has several indices: if an axis repeats, or if
// windows overlap. In all other views, what lies within a step of an axis is shorter than
// that step: so it is in a new array, and slices, permutations and new shapes of
// contiguous arrays keep it so.
func (x *axes) doRepeat() bool {
	var inner axes // axes by ascending stride
	for i, d := range x.lengths() {
		if d < 2 {
			continue
		}
		at := inner.rank
		for ; at > 0 && inner.stride[at-1] > x.stride[i]; at-- {
			inner.shape[at], inner.stride[at] = inner.shape[at-1], inner.stride[at-1]
		}
		inner.shape[at], inner.stride[at] = d, x.stride[i]
		inner.rank++
	}
	reach := 0 // from the first element to the last along the axes seen
	for i, d := range inner.lengths() {
		if inner.stride[i] <= reach {
			return true
		}
		reach += (d - 1) * inner.stride[i]
	}
	return false
}
