package ops

import (
	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
)

// Operators that move elements: each output element is one of the input, at a distance that follows
// from its index.

func init() {
	register("Transpose", transpose, 1, 13, 21, 23, 24, 25)
	register("Slice", sliceOld, 1)
	register("Slice", sliceNew, 10, 11, 13)
	register("Expand", expand, 8, 13)
	register("Where", where, 9, 16)
}

// strided declares output 0 of a shape, of which each element is that of input 0 at the offset base and the
// strides: as a view if they are side by side there.
func strided(c *Call, shape []int, base int, strides []int) {
	x := c.Input(0)
	c.Declare(0, x.Type, shape...)
	w := newWalk(shape, rowMajor(shape), strides)
	if size := x.Type.Bits() / 8; w.outer == 0 && (w.n <= 1 || w.step[1] == 1) && (size > 0 || x.Type == tensor.String && base == 0) {
		if tensor.Count(shape) == 0 {
			base = 0
		}
		if x.Type != tensor.String || x.Len() == tensor.Count(shape) {
			c.View(0, 0, base*size)
			return
		}
	}
	c.Kernel = mover(c, x.Type, w, base)
}

// mover returns the kernel that copies the rows of a walk.
func mover(c *Call, t tensor.Type, w *walk, base int) Kernel {
	if t == tensor.String {
		return func(a *Args) error {
			moveRows(w, a.Out[0].Strings, a.In[0].Strings, base)
			return nil
		}
	}
	return forSize(c, t, sized{b1: moveKernel[uint8](w, base), b2: moveKernel[uint16](w, base), b4: moveKernel[uint32](w, base), b8: moveKernel[uint64](w, base)})
}

func moveKernel[T tensor.Number](w *walk, base int) Kernel {
	if rows, columns, ok := w.isTransposition(); ok {
		return func(a *Args) error {
			dst, src := slice[T](a.Out[0]), slice[T](a.In[0])
			w.eachBlock(func(at [4]int) {
				transposeBlock(dst[at[0]:], src[base+at[1]:], rows, columns, w.strides[0][w.outer-1], w.step[1])
			})
			return nil
		}
	}
	return func(a *Args) error {
		moveRows(w, slice[T](a.Out[0]), slice[T](a.In[0]), base)
		return nil
	}
}

func moveRows[T any](w *walk, dst, src []T, base int) {
	w.each(func(at [4]int) {
		d, from, step := dst[at[0]:at[0]+w.n], base+at[1], w.step[1]
		switch {
		case step == 1 || w.n == 1:
			copy(d, src[from:])
		case step == 0:
			v := src[from]
			for i := range d {
				d[i] = v
			}
		default:
			for i := range d {
				d[i] = src[from]
				from += step
			}
		}
	})
}

// isTransposition reports whether the last two axes of a walk are those of a matrix that is transposed: the
// second-last one has its elements side by side in the second tensor.
func (w *walk) isTransposition() (rows, columns int, ok bool) {
	if w.outer == 0 || w.strides[1][w.outer-1] != 1 || w.step[0] != 1 || w.step[1] <= 1 {
		return 0, 0, false
	}
	return w.dims[w.outer-1], w.n, true
}

// eachBlock is each without the last two axes.
func (w *walk) eachBlock(fn func(at [4]int)) {
	blocks := *w
	blocks.outer--
	if w.dims[w.outer-1] > 0 {
		blocks.each(fn)
	}
}

// transposeTile is how many rows and columns are transposed while they are in the first-level cache.
const transposeTile = 16

// transposeBlock sets dst[r·ldd+c] to src[r+c·lds].
func transposeBlock[T tensor.Number](dst, src []T, rows, columns, ldd, lds int) {
	for r0 := 0; r0 < rows; r0 += transposeTile {
		r1 := min(r0+transposeTile, rows)
		for c0 := 0; c0 < columns; c0 += transposeTile {
			c1 := min(c0+transposeTile, columns)
			for r := r0; r < r1; r++ {
				d := dst[r*ldd+c0 : r*ldd+c1]
				at := r + c0*lds
				for i := range d {
					d[i] = src[at]
					at += lds
				}
			}
		}
	}
}

func transpose(c *Call) {
	x := c.Input(0)
	perm, ok := c.Ints("perm")
	if !ok {
		for i := range x.Rank() {
			perm = append(perm, x.Rank()-1-i)
		}
	}
	if len(c.Axes(perm, x.Rank())) != x.Rank() {
		c.Fail("perm %v for %v", perm, x)
	}
	shape, strides, from := make([]int, x.Rank()), make([]int, x.Rank()), rowMajor(x.Shape)
	for i, axis := range perm {
		axis = c.Axis(axis, x.Rank())
		shape[i], strides[i] = x.Shape[axis], from[axis]
	}
	strided(c, shape, 0, strides)
}

func sliceOld(c *Call) {
	starts, _ := c.Ints("starts")
	ends, _ := c.Ints("ends")
	axes, ok := c.Ints("axes")
	if !ok {
		axes = upTo(len(starts))
	}
	sliced(c, starts, ends, axes, nil)
}

func sliceNew(c *Call) {
	starts, ends := c.Integers(1), c.Integers(2)
	axes := upTo(len(starts))
	if c.Has(3) {
		axes = c.Integers(3)
	}
	var steps []int
	if c.Has(4) {
		steps = c.Integers(4)
	}
	sliced(c, starts, ends, axes, steps)
}

// upTo returns 0, 1, … n-1.
func upTo(n int) []int {
	v := make([]int, n)
	for i := range v {
		v[i] = i
	}
	return v
}

func sliced(c *Call, starts, ends, axes, steps []int) {
	x := c.Input(0)
	shape, strides, base := append([]int{}, x.Shape...), rowMajor(x.Shape), 0
	if len(ends) != len(starts) || len(axes) != len(starts) || steps != nil && len(steps) != len(starts) {
		c.Fail("starts %v, ends %v, axes %v, steps %v", starts, ends, axes, steps)
	}
	c.Axes(axes, x.Rank())
	for i, axis := range axes {
		axis = c.Axis(axis, x.Rank())
		from, to, step, d := starts[i], ends[i], 1, x.Shape[axis]
		if steps != nil {
			step = steps[i]
		}
		if step == 0 {
			c.Fail("step 0")
		}
		if from < 0 {
			from += d
		}
		if to < 0 {
			to += d
		}
		n := 0
		if step > 0 {
			from, to = min(max(from, 0), d), min(max(to, 0), d)
			if to > from {
				n = (to-from-1)/step + 1
			}
		} else {
			from, to = min(max(from, -1), d-1), min(max(to, -1), d-1)
			if from > to {
				n = (from-to-1)/-max(step, -d-1) + 1
			}
			step = max(step, -d-1)
		}
		if shape[axis] = n; n > 0 {
			base += from * strides[axis]
		}
		if n > 1 {
			strides[axis] *= step
		}
	}
	strided(c, shape, base, strides)
}

func expand(c *Call) {
	x := c.Input(0)
	shape := c.Integers(1)
	for _, d := range shape {
		if d < 0 {
			c.Fail("shape %v", shape)
		}
	}
	shape = c.broadcast(x.Shape, shape)
	strided(c, shape, 0, broadcastStrides(x.Shape, shape))
}

func where(c *Call) {
	cond, x, y := c.Input(0, tensor.Bool), c.Input(1), c.Input(2)
	if x.Type != y.Type {
		c.Fail("inputs of types %v and %v", x.Type, y.Type)
	}
	shape := c.broadcast(cond.Shape, x.Shape, y.Shape)
	c.Declare(0, x.Type, shape...)
	w := newWalk(shape, rowMajor(shape), broadcastStrides(cond.Shape, shape), broadcastStrides(x.Shape, shape), broadcastStrides(y.Shape, shape))
	if x.Type == tensor.String {
		c.Kernel = func(a *Args) error {
			selectRows(w, a.Out[0].Strings, a.In[0].Data, a.In[1].Strings, a.In[2].Strings)
			return nil
		}
		return
	}
	c.Kernel = forSize(c, x.Type, sized{selectKernel[uint8](w), selectKernel[uint16](w), selectKernel[uint32](w), selectKernel[uint64](w)})
}

func selectKernel[T tensor.Number](w *walk) Kernel {
	return func(a *Args) error {
		selectRows(w, slice[T](a.Out[0]), a.In[0].Data, slice[T](a.In[1]), slice[T](a.In[2]))
		return nil
	}
}

func selectRows[T any](w *walk, dst []T, cond []byte, x, y []T) {
	w.each(func(at [4]int) {
		d, p, i, j := dst[at[0]:at[0]+w.n], at[1], at[2], at[3]
		for k := range d {
			if cond[p] != 0 {
				d[k] = x[i]
			} else {
				d[k] = y[j]
			}
			p, i, j = p+w.step[1], i+w.step[2], j+w.step[3]
		}
	})
}
