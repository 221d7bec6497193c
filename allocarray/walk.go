package allocarray

// walk visits the elements of up to four arrays of one shape in step. It advances
// from run to run: a run is the elements along the innermost axis. Axes that follow
// one another in memory in all arrays are merged first, so contiguous arrays are a
// single run.
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

// newWalk returns a walk over an array with the axes x, and over others of the same
// shape with the strides given. It stands at the first run. The runs come in the
// order in which the first array, usually the destination, lies in memory: widest
// stride first. Axes that repeat are outermost, because what is inside them is
// walked again.
func newWalk(x *axes, others ...*[MaxRank]int) (w walk) {
	var order [MaxRank]int
	for i, s := range x.stride[:x.rank] {
		at := i
		for ; at > 0; at-- {
			if t := x.stride[order[at-1]]; t == 0 || s != 0 && s <= t {
				break
			}
			order[at] = order[at-1]
		}
		order[at] = i
	}
	w.take(order[:x.rank], x, others)
	return w
}

// newOrderedWalk is newWalk in row-major order.
func newOrderedWalk(x *axes, others ...*[MaxRank]int) (w walk) {
	order := [MaxRank]int{0, 1, 2, 3, 4, 5, 6, 7}
	w.take(order[:x.rank], x, others)
	return w
}

// take makes w, which is zero, a walk over the axes in the order given. It merges
// an axis with the one before if they follow one another in every array.
func (w *walk) take(order []int, x *axes, others []*[MaxRank]int) {
	for _, i := range order {
		if x.shape[i] == 1 {
			continue
		}
		w.shape[w.rank], w.stride[0][w.rank] = x.shape[i], x.stride[i]
		for k, s := range others {
			w.stride[k+1][w.rank] = s[i]
		}
		if p := w.rank - 1; p < 0 || !w.follows(p) {
			w.rank++
			continue
		}
		w.shape[w.rank-1] *= x.shape[i]
		for k := range w.stride {
			w.stride[k][w.rank-1] = w.stride[k][w.rank]
		}
	}
	if w.rank == 0 { // a single element is a run too
		w.rank, w.shape[0] = 1, 1
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

// next advances to the next run. It returns false after the last.
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
