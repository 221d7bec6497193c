package ops

import (
	"cmp"
	"slices"

	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
)

// Operators that look for elements: the largest ones, the first that is largest, those that are not zero.

func init() {
	register("ArgMax", argExtreme(true), 1, 11, 12, 13)
	register("ArgMin", argExtreme(false), 1, 11, 12, 13)
	register("TopK", topK, 1, 10, 11, 24)
	register("NonZero", nonZero, 9, 13)
	register("Compress", compress, 9, 11)
}

// along is how rows along an axis lie in a tensor: outer times inner of them, of n elements at a distance of inner.
type along struct{ outer, n, inner int }

func alongAxis(shape []int, axis int) along {
	return along{tensor.Count(shape[:axis]), shape[axis], tensor.Count(shape[axis+1:])}
}

func argExtreme(largest bool) func(*Call) {
	return func(c *Call) {
		x := c.Input(0)
		if x.Rank() == 0 {
			c.Fail("input 0 is a scalar")
		}
		axis := c.Axis(c.Int("axis", 0), x.Rank())
		if x.Shape[axis] == 0 && x.Len() == 0 && tensor.Count(x.Shape[:axis])*tensor.Count(x.Shape[axis+1:]) > 0 {
			c.Fail("axis %d of %v has no elements", axis, x)
		}
		shape := slices.Clone(x.Shape)
		if shape[axis] = 1; c.Int("keepdims", 1) == 0 {
			shape = slices.Delete(shape, axis, axis+1)
		}
		c.Declare(0, tensor.Int64, shape...)
		e := &extreme{alongAxis(x.Shape, axis), largest, c.Int("select_last_index", 0) != 0}
		c.Kernel = forNumbers(c, x.Type, kernels{f32: extremeKernel[float32](e), f64: extremeKernel[float64](e), i8: extremeKernel[int8](e),
			i16: extremeKernel[int16](e), i32: extremeKernel[int32](e), i64: extremeKernel[int64](e), u8: extremeKernel[uint8](e),
			u16: extremeKernel[uint16](e), u32: extremeKernel[uint32](e), u64: extremeKernel[uint64](e)})
	}
}

type extreme struct {
	along
	largest, last bool
}

func extremeKernel[T tensor.Number](e *extreme) Kernel {
	return func(a *Args) error {
		dst, x := slice[int64](a.Out[0]), slice[T](a.In[0])
		for o := range e.outer {
			for i := range e.inner {
				at := o*e.n*e.inner + i
				best, where := x[at], 0
				for k := 1; k < e.n && best == best; k++ { // the first NaN is the extreme, as in NumPy
					v := x[at+k*e.inner]
					better := v < best
					if e.largest {
						better = v > best
					}
					if better || v != v || e.last && v == best {
						best, where = v, k
					}
				}
				dst[o*e.inner+i] = int64(where)
			}
		}
		return nil
	}
}

// topK sorts each row and takes the first k elements; equal ones in their order.
func topK(c *Call) {
	c.Outputs(2)
	x := c.Input(0)
	k := c.Int("k", -1)
	if c.Opset >= 10 {
		v := c.Integers(1)
		if len(v) != 1 {
			c.Fail("input 1 is %v", c.In[1])
		}
		k = v[0]
	}
	if x.Rank() == 0 {
		c.Fail("input 0 is a scalar")
	}
	axis := c.Axis(c.Int("axis", -1), x.Rank())
	if k < 0 || k > x.Shape[axis] {
		c.Fail("the first %d along axis %d of %v", k, axis, x)
	}
	if x.Shape[axis] > 1<<31-1 {
		c.Unsupported("%v", x)
	}
	shape := slices.Clone(x.Shape)
	shape[axis] = k
	c.Declare(0, x.Type, shape...)
	c.Declare(1, tensor.Int64, shape...)
	c.Work = 4 * x.Shape[axis]
	t := &top{alongAxis(x.Shape, axis), k, c.Int("largest", 1) != 0}
	c.Kernel = forNumbers(c, x.Type, kernels{f32: topKernel[float32](t), f64: topKernel[float64](t), i8: topKernel[int8](t),
		i16: topKernel[int16](t), i32: topKernel[int32](t), i64: topKernel[int64](t), u8: topKernel[uint8](t), u16: topKernel[uint16](t),
		u32: topKernel[uint32](t), u64: topKernel[uint64](t)})
}

type top struct {
	along
	k       int
	largest bool
}

func topKernel[T tensor.Number](t *top) Kernel {
	return func(a *Args) error {
		dst, where, x, order := slice[T](a.Out[0]), slice[int64](a.Out[1]), slice[T](a.In[0]), tensor.As[int32](a.Work)
		for o := range t.outer {
			for i := range t.inner {
				row, out := x[o*t.n*t.inner+i:], o*t.k*t.inner+i
				before := func(a, b int32) int {
					c := cmp.Compare(row[int(a)*t.inner], row[int(b)*t.inner])
					if t.largest {
						c = -c
					}
					if c == 0 {
						c = cmp.Compare(a, b)
					}
					return c
				}
				for j := range order {
					order[j] = int32(j)
				}
				firstOf(order, t.k, before)
				for j, at := range order[:t.k] {
					dst[out+j*t.inner] = row[int(at)*t.inner]
					where[out+j*t.inner] = int64(at)
				}
			}
		}
		return nil
	}
}

// firstOf puts the first k elements of the order into their places, where k is small by a heap of those seen, the
// last one on top.
func firstOf(order []int32, k int, before func(a, b int32) int) {
	if k == 0 {
		return
	}
	heap := order[:k]
	down := func(i int) {
		for {
			child := 2*i + 1
			if child >= k {
				return
			}
			if child+1 < k && before(heap[child], heap[child+1]) < 0 {
				child++
			}
			if before(heap[i], heap[child]) >= 0 {
				return
			}
			heap[i], heap[child] = heap[child], heap[i]
			i = child
		}
	}
	if k < len(order) {
		for i := k/2 - 1; i >= 0; i-- {
			down(i)
		}
		for j := k; j < len(order); j++ {
			if before(order[j], heap[0]) < 0 {
				order[j], heap[0] = heap[0], order[j]
				down(0)
			}
		}
	}
	slices.SortFunc(heap, before)
}

// nonZero gives the indices of elements that are not zero, as many as there are.
func nonZero(c *Call) {
	x := c.Elements(0)
	size := x.Type.Bits() / 8
	if size == 0 {
		c.Unsupported("input 0 of type %v", x.Type)
	}
	isNumber := x.Type.IsFloat() || x.Type == tensor.Float16 || x.Type == tensor.BFloat16
	is := func(i int) bool { // a float is zero with either sign
		e := x.Data[i*size : (i+1)*size]
		for j, v := range e {
			if isNumber && j == size-1 {
				v &= 0x7f
			}
			if v != 0 {
				return true
			}
		}
		return false
	}
	n := 0
	for i := range x.Len() {
		if is(i) {
			n++
		}
	}
	c.Declare(0, tensor.Int64, x.Rank(), n)
	shape := x.Shape
	c.Kernel = func(a *Args) error {
		dst, at := slice[int64](a.Out[0]), 0
		var index [MaxRank]int
		for i := range tensor.Count(shape) {
			if is(i) {
				for axis := range shape {
					dst[axis*n+at] = int64(index[axis])
				}
				at++
			}
			next(&index, shape)
		}
		return nil
	}
}

// compress takes the pieces along an axis, or the elements, for which a condition is true.
func compress(c *Call) {
	x, condition := c.Input(0), c.Input(1, tensor.Bool)
	shape, axis := x.Shape, 0
	out := []int{0}
	if c.HasAttr("axis") {
		axis = c.Axis(c.Int("axis", 0), x.Rank())
		out = slices.Clone(shape)
	} else {
		shape = []int{x.Len()}
	}
	var picked []int
	for i, v := range c.Elements(1).Data {
		if v != 0 {
			if i >= shape[axis] {
				c.Fail("condition %v for %v", condition, x)
			}
			picked = append(picked, i)
		}
	}
	out[axis] = len(picked)
	c.Declare(0, x.Type, out...)
	r := alongAxis(shape, axis)
	if x.Type == tensor.String {
		c.Kernel = func(a *Args) error { pick(a.Out[0].Strings, a.In[0].Strings, picked, r); return nil }
		return
	}
	size := x.Type.Bits() / 8
	if size == 0 {
		c.Unsupported("elements of type %v", x.Type)
	}
	r.inner *= size
	c.Kernel = func(a *Args) error { pick(a.Out[0].Data, a.In[0].Data, picked, r); return nil }
}

func pick[T any](dst, src []T, picked []int, r along) {
	for o := range r.outer {
		for _, i := range picked {
			copy(dst[:r.inner], src[(o*r.n+i)*r.inner:])
			dst = dst[r.inner:]
		}
	}
}
