package ops

// A walk goes over the rows of up to four tensors with strides of their own: the axes that can be taken
// together are one. The last axis is left to whoever works on a row.
type walk struct {
	outer   int // axes around a row
	dims    [MaxRank]int
	strides [4][MaxRank]int // in elements
	n       int             // elements of a row
	step    [4]int          // from one element of a row to the next
}

// newWalk returns a walk over a shape; each of the strides has an entry for each axis.
func newWalk(shape []int, strides ...[]int) *walk {
	w := &walk{n: 1}
	var dims []int
	var axes [][4]int
	for i, d := range shape {
		if d == 1 {
			continue
		}
		var s [4]int
		for k := range strides {
			s[k] = strides[k][i]
		}
		if last := len(dims) - 1; last >= 0 {
			joins := true
			for k := range strides {
				joins = joins && axes[last][k] == s[k]*d
			}
			if joins {
				dims[last] *= d
				axes[last] = s
				continue
			}
		}
		dims, axes = append(dims, d), append(axes, s)
	}
	if last := len(dims) - 1; last >= 0 {
		w.n, w.step = dims[last], axes[last]
		for i := range last {
			w.dims[i] = dims[i]
			for k := range 4 {
				w.strides[k][i] = axes[i][k]
			}
		}
		w.outer = last
	}
	return w
}

// each calls fn with the offsets of the rows, in order.
func (w *walk) each(fn func(at [4]int)) {
	var index [MaxRank]int
	var at [4]int
	for i := range w.outer {
		if w.dims[i] == 0 {
			return
		}
	}
	if w.n == 0 {
		return
	}
	for {
		fn(at)
		axis := w.outer - 1
		for ; axis >= 0; axis-- {
			index[axis]++
			for k := range at {
				at[k] += w.strides[k][axis]
			}
			if index[axis] < w.dims[axis] {
				break
			}
			for k := range at {
				at[k] -= w.strides[k][axis] * w.dims[axis]
			}
			index[axis] = 0
		}
		if axis < 0 {
			return
		}
	}
}

// rowMajor returns the strides of a shape without gaps.
func rowMajor(shape []int) []int {
	s := make([]int, len(shape))
	n := 1
	for i := len(shape) - 1; i >= 0; i-- {
		s[i] = n
		n *= shape[i]
	}
	return s
}

// broadcastStrides returns the strides of a tensor of the shape x, repeated to the shape to, which has at
// least as many axes.
func broadcastStrides(x, to []int) []int {
	s, inner := make([]int, len(to)), rowMajor(x)
	for i, d := range x {
		if d != 1 {
			s[len(to)-len(x)+i] = inner[i]
		}
	}
	return s
}

// broadcast returns the shape of an elementwise operation.
func (c *Call) broadcast(shapes ...[]int) []int {
	rank := 0
	for _, s := range shapes {
		rank = max(rank, len(s))
	}
	out := make([]int, rank)
	for i := range out {
		out[i] = 1
	}
	for _, s := range shapes {
		for i, d := range s {
			if at := &out[rank-len(s)+i]; *at == 1 {
				*at = d
			} else if d != 1 && d != *at {
				c.Fail("shapes %v do not go together", shapes)
			}
		}
	}
	return out
}
