package allocarray

// walk visits the elements of up to four arrays of one shape in step. It
// advances from run to run: the elements along the innermost axis, after axes
// that follow one another in memory in all arrays have been merged into one, so
// that contiguous arrays are a single run.
type walk struct {
	rank   int
	shape  [MaxRank]int
	stride [walked][MaxRank]int
	index  [MaxRank]int
	off    [walked]int // of the current run, in each array
}

// walked is how many arrays a walk can visit together: a destination and three
// operands.
const walked = 4

// newWalk returns a walk over the shape with the strides given, one set for each
// array. It stands at the first run. Its order is the one in which the first
// array, usually the destination, lies in memory.
func newWalk(rank int, shape *[MaxRank]int, strides ...*[MaxRank]int) (w walk) {
	order := memoryOrder(rank, strides[0])
	for _, i := range order[:rank] {
		w.push(shape[i], i, strides)
	}
	w.complete()
	return w
}

// newOrderedWalk is newWalk in row-major order, for what depends on it.
func newOrderedWalk(rank int, shape *[MaxRank]int, strides ...*[MaxRank]int) (w walk) {
	for i := range rank {
		w.push(shape[i], i, strides)
	}
	w.complete()
	return w
}

// memoryOrder returns the axes from the widest stride to the narrowest, equal ones
// in their order. Axes that repeat come first: what is inside is walked again.
func memoryOrder(rank int, stride *[MaxRank]int) (order [MaxRank]int) {
	for i := range rank {
		at := i
		for ; at > 0 && outside(stride[i], stride[order[at-1]]); at-- {
			order[at] = order[at-1]
		}
		order[at] = i
	}
	return order
}

// outside reports whether an axis of stride s is to be outside of one of stride t.
func outside(s, t int) bool { return t != 0 && (s == 0 || s > t) }

// push takes an axis, merging it with the one before if that is a run of its runs
// in every array.
func (w *walk) push(length, axis int, strides []*[MaxRank]int) {
	if length == 1 {
		return
	}
	w.shape[w.rank] = length
	for k, s := range strides {
		w.stride[k][w.rank] = s[axis]
	}
	if p := w.rank - 1; p < 0 || !w.follows(p) {
		w.rank++
		return
	}
	w.shape[w.rank-1] *= length
	for k := range strides {
		w.stride[k][w.rank-1] = w.stride[k][w.rank]
	}
}

// follows reports whether axis p+1, just written, continues axis p in all arrays.
func (w *walk) follows(p int) bool {
	for k := range w.stride {
		if w.stride[k][p] != w.stride[k][p+1]*w.shape[p+1] {
			return false
		}
	}
	return true
}

// lineUp reports whether a and b are row-major arrays without gaps of one shape, so
// that a walk over them would be a single run.
func lineUp[T Element](a, b *AllocArray[T]) bool {
	if a.plain && b.plain {
		return a.alike(&b.layout)
	}
	if a.rank != b.rank {
		return false
	}
	want := 1
	for i := a.rank - 1; i >= 0; i-- {
		if a.shape[i] != b.shape[i] || a.stride[i] != want || b.stride[i] != want {
			return false
		}
		want *= a.shape[i]
	}
	return true
}

// complete gives a walk over a single element its run.
func (w *walk) complete() {
	if w.rank == 0 {
		w.rank, w.shape[0] = 1, 1
	}
}

// run returns the length of each run.
func (w *walk) run() int { return w.shape[w.rank-1] }

// step returns the stride of array k within a run.
func (w *walk) step(k int) int { return w.stride[k][w.rank-1] }

// empty reports whether there is no element to visit.
func (w *walk) empty() bool {
	for _, d := range w.shape[:w.rank] {
		if d == 0 {
			return true
		}
	}
	return false
}

// next advances to the next run; false after the last.
func (w *walk) next() bool {
	for i := w.rank - 2; i >= 0; i-- {
		w.index[i]++
		for k := range w.off {
			w.off[k] += w.stride[k][i]
		}
		if w.index[i] < w.shape[i] {
			return true
		}
		for k := range w.off {
			w.off[k] -= w.stride[k][i] * w.shape[i]
		}
		w.index[i] = 0
	}
	return false
}
