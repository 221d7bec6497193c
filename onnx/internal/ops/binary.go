package ops

import (
	"errors"
	"math"

	"github.com/allocarrays/allocarrays-go/internal/kernel"
	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
)

// Elementwise functions of two tensors, broadcast.

func init() {
	for name, op := range map[string]kernel.BinaryOp{"Add": kernel.Add, "Sub": kernel.Sub, "Mul": kernel.Mul, "Div": kernel.Div} {
		register(name, arithmetic(op, true), 1, 6)
		register(name, arithmetic(op, false), 7, 13, 14)
	}
	register("Pow", power(true), 1)
	register("Pow", power(false), 7, 12, 13, 15)
	for name, op := range map[string]kernel.CompareOp{"Equal": kernel.Equal, "Less": kernel.Less, "Greater": kernel.Greater,
		"LessOrEqual": kernel.LessEqual, "GreaterOrEqual": kernel.GreaterEqual} {
		register(name, comparison(op, true), 1)
		register(name, comparison(op, false), 7, 9, 11, 12, 13, 16, 19)
	}
}

var errDivision = errors.New("division of integers by zero")

// operands declares the output of type t, the shapes of the inputs put together, and returns the walk over
// output, first and second. Old forms align the second with axes of the first that an attribute names.
func operands(c *Call, old bool, t func(tensor.Type) tensor.Type) (*walk, tensor.Type) {
	x, y := c.Input(0), c.Input(1)
	if x.Type != y.Type {
		c.Fail("inputs of types %v and %v", x.Type, y.Type)
	}
	ys := y.Shape
	if old {
		ys = oldBroadcast(c, x.Shape, ys)
	}
	shape := c.broadcast(x.Shape, ys)
	out := t(x.Type)
	c.Declare(0, out, shape...)
	if out == x.Type {
		for i := range 2 {
			if tensor.Count(c.In[i].Shape) == tensor.Count(shape) {
				c.InPlace(0, i)
			}
		}
	}
	return newWalk(shape, rowMajor(shape), broadcastStrides(x.Shape, shape), broadcastStrides(ys, shape)), x.Type
}

// oldBroadcast returns the shape of the second input with ones for the axes behind it.
func oldBroadcast(c *Call, x, y []int) []int {
	if c.Int("broadcast", 0) == 0 {
		return y
	}
	axis := c.Axis(c.Int("axis", len(x)-len(y)), len(x)+1)
	if axis+len(y) > len(x) {
		c.Fail("shapes %v and %v with axis %d", x, y, axis)
	}
	shape := append([]int(nil), y...)
	for len(shape) < len(x)-axis {
		shape = append(shape, 1)
	}
	return shape
}

func same(t tensor.Type) tensor.Type { return t }

func arithmetic(op kernel.BinaryOp, old bool) func(*Call) {
	return func(c *Call) {
		w, t := operands(c, old, same)
		c.Kernel = forNumbers(c, t, binaryKernels(op, w))
	}
}

func binaryKernels(op kernel.BinaryOp, w *walk) kernels {
	return kernels{f32: binaryKernel[float32](op, w), f64: binaryKernel[float64](op, w), i8: binaryKernel[int8](op, w), i16: binaryKernel[int16](op, w),
		i32: binaryKernel[int32](op, w), i64: binaryKernel[int64](op, w), u8: binaryKernel[uint8](op, w), u16: binaryKernel[uint16](op, w),
		u32: binaryKernel[uint32](op, w), u64: binaryKernel[uint64](op, w)}
}

func binaryKernel[T tensor.Number](op kernel.BinaryOp, w *walk) Kernel {
	var zero T
	integers := op == kernel.Div && zero == T(0) && T(1)/T(2) == 0
	return func(a *Args) error {
		dst, x, y := slice[T](a.Out[0]), slice[T](a.In[0]), slice[T](a.In[1])
		if integers {
			for _, v := range y {
				if v == 0 {
					return errDivision
				}
			}
		}
		if w.n == 1 { // rows of one element: there is only one
			if len(dst) > 0 {
				kernel.BinaryStrided(op, dst, 1, x, 1, y, 1, 1)
			}
			return nil
		}
		w.each(func(at [4]int) {
			kernel.BinaryStrided(op, dst[at[0]:], w.step[0], x[at[1]:], w.step[1], y[at[2]:], w.step[2], w.n)
		})
		return nil
	}
}

func comparison(op kernel.CompareOp, old bool) func(*Call) {
	return func(c *Call) {
		w, t := operands(c, old, func(tensor.Type) tensor.Type { return tensor.Bool })
		if t == tensor.Bool {
			t = tensor.Uint8
		}
		if t == tensor.String && op == kernel.Equal {
			c.Kernel = equalStrings(w)
			return
		}
		c.Kernel = forNumbers(c, t, kernels{f32: compareKernel[float32](op, w), f64: compareKernel[float64](op, w), i8: compareKernel[int8](op, w),
			i16: compareKernel[int16](op, w), i32: compareKernel[int32](op, w), i64: compareKernel[int64](op, w), u8: compareKernel[uint8](op, w),
			u16: compareKernel[uint16](op, w), u32: compareKernel[uint32](op, w), u64: compareKernel[uint64](op, w)})
	}
}

func compareKernel[T tensor.Number](op kernel.CompareOp, w *walk) Kernel {
	return func(a *Args) error {
		dst, x, y := a.Out[0].Data, slice[T](a.In[0]), slice[T](a.In[1])
		w.each(func(at [4]int) {
			kernel.CompareStrided(op, dst[at[0]:], w.step[0], x[at[1]:], w.step[1], y[at[2]:], w.step[2], w.n)
		})
		return nil
	}
}

func equalStrings(w *walk) Kernel {
	return func(a *Args) error {
		dst, x, y := a.Out[0].Data, a.In[0].Strings, a.In[1].Strings
		w.each(func(at [4]int) {
			for i := range w.n {
				dst[at[0]+i*w.step[0]] = 0
				if x[at[1]+i*w.step[1]] == y[at[2]+i*w.step[2]] {
					dst[at[0]+i*w.step[0]] = 1
				}
			}
		})
		return nil
	}
}

// power is Pow, whose exponent may have a type of its own.
func power(old bool) func(*Call) {
	return func(c *Call) {
		x, y := c.Input(0), c.Input(1)
		ys := y.Shape
		if old {
			ys = oldBroadcast(c, x.Shape, ys)
		}
		shape := c.broadcast(x.Shape, ys)
		c.Declare(0, x.Type, shape...)
		w := newWalk(shape, rowMajor(shape), broadcastStrides(x.Shape, shape), broadcastStrides(ys, shape))
		switch x.Type {
		case tensor.Float:
			if y.Type == tensor.Float && y.Known && y.Len() == 1 {
				s := slice[float32](y.Tensor)[0]
				c.InPlace(0, 0)
				c.Kernel = func(a *Args) error {
					kernel.PowScalar(slice[float32](a.Out[0]), slice[float32](a.In[0]), s)
					return nil
				}
				return
			}
			c.Kernel = powerKernel[float32](c, y.Type, w)
		case tensor.Double:
			c.Kernel = powerKernel[float64](c, y.Type, w)
		case tensor.Int32:
			c.Kernel = powerKernel[int32](c, y.Type, w)
		case tensor.Int64:
			c.Kernel = powerKernel[int64](c, y.Type, w)
		default:
			c.Unsupported("input 0 of type %v", x.Type)
		}
	}
}

func powerKernel[T tensor.Number](c *Call, exponent tensor.Type, w *walk) Kernel {
	return forNumbers(c, exponent, kernels{f32: powerOf[T, float32](w), f64: powerOf[T, float64](w), i8: powerOf[T, int8](w), i16: powerOf[T, int16](w),
		i32: powerOf[T, int32](w), i64: powerOf[T, int64](w), u8: powerOf[T, uint8](w), u16: powerOf[T, uint16](w),
		u32: powerOf[T, uint32](w), u64: powerOf[T, uint64](w)})
}

func powerOf[T, E tensor.Number](w *walk) Kernel {
	return func(a *Args) error {
		dst, x, y := slice[T](a.Out[0]), slice[T](a.In[0]), slice[E](a.In[1])
		w.each(func(at [4]int) {
			for i := range w.n {
				dst[at[0]+i*w.step[0]] = T(math.Pow(float64(x[at[1]+i*w.step[1]]), float64(y[at[2]+i*w.step[2]])))
			}
		})
		return nil
	}
}
