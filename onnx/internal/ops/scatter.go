package ops

import (
	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
)

// Operators that put elements where indices say. The output may take the place of the data.

func init() {
	register("ScatterND", scatterND, 11, 13, 16, 18)
	register("ScatterElements", scatterElements, 11, 13, 16, 18)
	register("Scatter", scatterElements, 9)
}

// scattered declares the output like the data, and returns the reduction.
func scattered(c *Call) string {
	x, updates := c.Input(0), c.Input(2)
	c.Input(1, tensor.Int64, tensor.Int32)
	if updates.Type != x.Type || x.Rank() == 0 {
		c.Fail("inputs %v and %v", x, updates)
	}
	unary(c)
	r := c.String("reduction", "none")
	switch r {
	case "none", "add", "mul", "max", "min":
	default:
		c.Unsupported("attribute \"reduction\" %q", r)
	}
	if x.Type == tensor.String && r != "none" {
		c.Unsupported("attribute \"reduction\" %q of strings", r)
	}
	return r
}

// scatterND puts pieces of the updates at the indices in the last axis of input 1.
func scatterND(c *Call) {
	reduction := scattered(c)
	x, at, updates := c.In[0], c.In[1], c.In[2]
	if at.Rank() == 0 || at.Shape[at.Rank()-1] > x.Rank() {
		c.Fail("indices %v for %v", at, x)
	}
	k := at.Shape[at.Rank()-1]
	if want := append(append([]int{}, at.Shape[:at.Rank()-1]...), x.Shape[k:]...); !equal(updates.Shape, want) {
		c.Fail("updates %v, want %s", updates, tensor.ShapeText(want))
	}
	s := &scatterPieces{extents: x.Shape[:k], pieces: tensor.Count(at.Shape[:at.Rank()-1]), inner: tensor.Count(x.Shape[k:]), reduction: reduction}
	if x.Type == tensor.String {
		c.Kernel = func(a *Args) error {
			copy(a.Out[0].Strings, a.In[0].Strings)
			return eachIndex(s, a.In[1], func(i, at int) { copy(a.Out[0].Strings[at:at+s.inner], a.In[2].Strings[i:]) })
		}
		return
	}
	if reduction == "none" {
		size := x.Type.Bits() / 8
		if size == 0 {
			c.Unsupported("elements of type %v", x.Type)
		}
		c.Kernel = func(a *Args) error {
			dst, src := a.Out[0].Data, a.In[2].Data
			copy(dst, a.In[0].Data)
			return eachIndex(s, a.In[1], func(i, at int) { copy(dst[at*size:(at+s.inner)*size], src[i*size:]) })
		}
		return
	}
	c.Kernel = forNumbers(c, x.Type, kernels{f32: scatterNDKernel[float32](s), f64: scatterNDKernel[float64](s), i8: scatterNDKernel[int8](s),
		i16: scatterNDKernel[int16](s), i32: scatterNDKernel[int32](s), i64: scatterNDKernel[int64](s), u8: scatterNDKernel[uint8](s),
		u16: scatterNDKernel[uint16](s), u32: scatterNDKernel[uint32](s), u64: scatterNDKernel[uint64](s)})
}

// scatterPieces says where pieces of inner elements go: to indices within extents.
type scatterPieces struct {
	extents       []int
	pieces, inner int
	reduction     string
}

// eachIndex calls fn for each piece with its first element and that of its place.
func eachIndex(s *scatterPieces, indices *tensor.Tensor, fn func(i, at int)) error {
	k := len(s.extents)
	for i := range s.pieces {
		at := 0
		for j, extent := range s.extents {
			index := indexAt(indices, i*k+j)
			if index < 0 {
				index += extent
			}
			if index < 0 || index >= extent {
				return errIndex(indexAt(indices, i*k+j), extent)
			}
			at = at*extent + index
		}
		fn(i*s.inner, at*s.inner)
	}
	return nil
}

func scatterNDKernel[T tensor.Number](s *scatterPieces) Kernel {
	return func(a *Args) error {
		dst, src := slice[T](a.Out[0]), slice[T](a.In[2])
		copy(dst, slice[T](a.In[0]))
		return eachIndex(s, a.In[1], func(i, at int) {
			for j, v := range src[i : i+s.inner] {
				dst[at+j] = update(s.reduction, dst[at+j], v)
			}
		})
	}
}

// update returns what an element becomes.
func update[T tensor.Number](reduction string, old, v T) T {
	switch reduction {
	case "add":
		return old + v
	case "mul":
		return old * v
	case "max":
		return max(old, v)
	case "min":
		return min(old, v)
	}
	return v
}

// scatterElements puts each element of the updates at its own index, but for one axis, where the index is that
// of input 1.
func scatterElements(c *Call) {
	reduction := scattered(c)
	x, at, updates := c.In[0], c.In[1], c.In[2]
	axis := c.Axis(c.Int("axis", 0), x.Rank())
	if !equal(at.Shape, updates.Shape) || at.Rank() != x.Rank() {
		c.Fail("indices %v and updates %v for %v", at, updates, x)
	}
	for i, d := range at.Shape {
		if i != axis && d > x.Shape[i] {
			c.Fail("indices %v for %v", at, x)
		}
	}
	e := newElements(x.Shape, at.Shape, axis)
	if x.Type == tensor.String {
		c.Kernel = func(a *Args) error {
			copy(a.Out[0].Strings, a.In[0].Strings)
			return e.each(a.In[1], func(i, at int) { a.Out[0].Strings[at] = a.In[2].Strings[i] })
		}
		return
	}
	if reduction == "none" {
		c.Kernel = forSize(c, x.Type, sized{scatterElementsKernel[uint8](e, ""), scatterElementsKernel[uint16](e, ""),
			scatterElementsKernel[uint32](e, ""), scatterElementsKernel[uint64](e, "")})
		return
	}
	c.Kernel = forNumbers(c, x.Type, kernels{f32: scatterElementsKernel[float32](e, reduction), f64: scatterElementsKernel[float64](e, reduction),
		i8: scatterElementsKernel[int8](e, reduction), i16: scatterElementsKernel[int16](e, reduction), i32: scatterElementsKernel[int32](e, reduction),
		i64: scatterElementsKernel[int64](e, reduction), u8: scatterElementsKernel[uint8](e, reduction), u16: scatterElementsKernel[uint16](e, reduction),
		u32: scatterElementsKernel[uint32](e, reduction), u64: scatterElementsKernel[uint64](e, reduction)})
}

func scatterElementsKernel[T tensor.Number](e *elements, reduction string) Kernel {
	return func(a *Args) error {
		dst, src := slice[T](a.Out[0]), slice[T](a.In[2])
		copy(dst, slice[T](a.In[0]))
		return e.each(a.In[1], func(i, at int) { dst[at] = update(reduction, dst[at], src[i]) })
	}
}

// elements is how indices of single elements along an axis refer to a tensor.
type elements struct {
	w      *walk
	stride int
	extent int
}

// newElements returns the elements of a tensor of a shape that indices of another shape name.
func newElements(shape, indices []int, axis int) *elements {
	strides := rowMajor(shape)
	e := &elements{stride: strides[axis], extent: shape[axis]}
	strides[axis] = 0
	e.w = newWalk(indices, rowMajor(indices), strides)
	return e
}

// each calls fn for each index with its place and that of the element that it names.
func (e *elements) each(indices *tensor.Tensor, fn func(i, at int)) error {
	bad, found := 0, false
	e.w.each(func(at [4]int) {
		for i := range e.w.n {
			if found {
				return
			}
			j := at[0] + i*e.w.step[0]
			index := indexAt(indices, j)
			if index < 0 {
				index += e.extent
			}
			if index < 0 || index >= e.extent {
				bad, found = indexAt(indices, j), true
				return
			}
			fn(j, at[1]+i*e.w.step[1]+index*e.stride)
		}
	})
	if found {
		return errIndex(bad, e.extent)
	}
	return nil
}
