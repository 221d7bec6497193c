package ops

import (
	"github.com/allocarrays/allocarrays-go/internal/kernel"
	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
)

// Limits, and elementwise functions of any number of tensors.

func init() {
	register("Clip", clip, 1, 6, 11, 12, 13)
	register("Max", variadic(kernel.Max, false), 1, 6, 8, 12, 13)
	register("Min", variadic(kernel.Min, false), 1, 6, 8, 12, 13)
	register("Sum", variadic(kernel.Add, false), 1, 6, 8, 13)
	register("Mean", variadic(kernel.Add, true), 1, 6, 8, 13)
}

func clip(c *Call) {
	x := unary(c)
	for i := 1; i < 3; i++ {
		if c.Has(i) && (c.In[i].Type != x.Type || c.In[i].Len() != 1) {
			c.Fail("limit %v for %v", c.In[i], x)
		}
	}
	c.Kernel = forNumbers(c, x.Type, kernels{f32: clipKernel[float32](c), f64: clipKernel[float64](c), i8: clipKernel[int8](c),
		i16: clipKernel[int16](c), i32: clipKernel[int32](c), i64: clipKernel[int64](c), u8: clipKernel[uint8](c), u16: clipKernel[uint16](c),
		u32: clipKernel[uint32](c), u64: clipKernel[uint64](c)})
}

func clipKernel[T tensor.Number](c *Call) Kernel {
	low, high := c.HasAttr("min"), c.HasAttr("max")
	lowest, highest := T(c.Float("min", 0)), T(c.Float("max", 0))
	limit := func(a *Args, i int, has bool, v T) (T, bool) {
		if i < len(a.In) && a.In[i] != nil {
			return slice[T](a.In[i])[0], true
		}
		return v, has
	}
	return func(a *Args) error {
		dst, x := slice[T](a.Out[0]), slice[T](a.In[0])
		if v, ok := limit(a, 1, low, lowest); ok {
			kernel.BinaryScalar(kernel.Max, dst, x, v)
			x = dst
		}
		if v, ok := limit(a, 2, high, highest); ok {
			kernel.BinaryScalar(kernel.Min, dst, x, v)
			return nil
		}
		copy(dst, x)
		return nil
	}
}

func variadic(op kernel.BinaryOp, mean bool) func(*Call) {
	return func(c *Call) {
		first := c.Input(0)
		var shapes [][]int
		for i := range c.In {
			if x := c.Input(i); x.Type != first.Type {
				c.Fail("inputs of types %v and %v", first.Type, x.Type)
			}
			shapes = append(shapes, c.In[i].Shape)
		}
		shape := c.broadcast(shapes...)
		c.Declare(0, first.Type, shape...)
		var walks []*walk
		for _, s := range shapes {
			walks = append(walks, newWalk(shape, rowMajor(shape), broadcastStrides(s, shape)))
		}
		c.Kernel = forNumbers(c, first.Type, kernels{f32: variadicKernel[float32](op, walks, mean), f64: variadicKernel[float64](op, walks, mean),
			i8: variadicKernel[int8](op, walks, mean), i16: variadicKernel[int16](op, walks, mean), i32: variadicKernel[int32](op, walks, mean),
			i64: variadicKernel[int64](op, walks, mean), u8: variadicKernel[uint8](op, walks, mean), u16: variadicKernel[uint16](op, walks, mean),
			u32: variadicKernel[uint32](op, walks, mean), u64: variadicKernel[uint64](op, walks, mean)})
	}
}

func variadicKernel[T tensor.Number](op kernel.BinaryOp, walks []*walk, mean bool) Kernel {
	return func(a *Args) error {
		dst := slice[T](a.Out[0])
		moveRows(walks[0], dst, slice[T](a.In[0]), 0)
		for i, w := range walks[1:] {
			x := slice[T](a.In[i+1])
			w.each(func(at [4]int) {
				d := dst[at[0] : at[0]+w.n]
				if w.n == 1 {
					kernel.Binary(op, d, d, x[at[1]:at[1]+1])
				} else {
					kernel.BinaryStrided(op, d, 1, d, 1, x[at[1]:], w.step[1], w.n)
				}
			})
		}
		if mean {
			kernel.BinaryScalar(kernel.Div, dst, dst, T(len(walks)))
		}
		return nil
	}
}
