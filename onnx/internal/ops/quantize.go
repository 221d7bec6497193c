package ops

import (
	"math"

	"github.com/allocarrays/allocarrays-go/internal/kernel"
	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
)

// Numbers as integers with a scale and a zero point: x = (q - zero)·scale.

func init() {
	register("QuantizeLinear", quantize, 10, 13, 19, 21, 23, 24, 25)
	register("DequantizeLinear", dequantize, 10, 13, 19, 21, 23, 24, 25)
	register("DynamicQuantizeLinear", dynamicQuantize, 11)
}

// scaleWalk returns the walk over input 0 and its scales, input 1: one, one for each element of an axis, or one for
// each block along it. The zero points, if there are any, are as many.
func scaleWalk(c *Call) *walk {
	x, scale := c.Input(0), c.Input(1, tensor.Float)
	if c.Has(2) && !equal(c.In[2].Shape, scale.Shape) {
		c.Fail("scales %v and zero points %v", scale, c.In[2])
	}
	shape, from := x.Shape, make([]int, x.Rank())
	block := c.Int("block_size", 0)
	if scale.Len() != 1 || scale.Rank() > 1 || block != 0 {
		axis := c.Axis(c.Int("axis", 1), x.Rank())
		switch {
		case block == 0 && equal(scale.Shape, x.Shape[axis:axis+1]):
			from[axis] = 1
		case block > 0 && scale.Rank() == x.Rank() && x.Rank() < MaxRank:
			if x.Shape[axis]%block != 0 {
				c.Unsupported("blocks of %d along axis %d of %v", block, axis, x)
			}
			want := append([]int{}, x.Shape...)
			if want[axis] /= block; !equal(scale.Shape, want) {
				c.Fail("scales %v for blocks of %d along axis %d of %v", scale, block, axis, x)
			}
			shape = append(append(append([]int{}, want[:axis+1]...), block), want[axis+1:]...)
			inner := rowMajor(want)
			from = append(append(append([]int{}, inner[:axis+1]...), 0), inner[axis+1:]...)
		default:
			c.Fail("scales %v for %v", scale, x)
		}
	}
	return newWalk(shape, rowMajor(shape), from)
}

func quantize(c *Call) {
	w := scaleWalk(c)
	x := c.Input(0, tensor.Float, tensor.Int32)
	t := tensor.Uint8
	if c.Has(2) {
		t = c.In[2].Type
	} else if v := tensor.Type(c.Int("output_dtype", 0)); v != tensor.Undefined {
		t = v
	}
	c.Declare(0, t, x.Shape...)
	k := kernels{u8: quantizeKernel[uint8, float32](w), i8: quantizeKernel[int8, float32](w), u16: quantizeKernel[uint16, float32](w),
		i16: quantizeKernel[int16, float32](w)}
	if x.Type == tensor.Int32 {
		k = kernels{u8: quantizeKernel[uint8, int32](w), i8: quantizeKernel[int8, int32](w), u16: quantizeKernel[uint16, int32](w),
			i16: quantizeKernel[int16, int32](w)}
	}
	c.Kernel = forNumbers(c, t, k)
}

// small are the integers that numbers are quantized to.
type small interface{ uint8 | int8 | uint16 | int16 }

// saturated rounds to even and limits.
func saturated[T small](v float64) T {
	low, high := limits[T]()
	switch r := math.RoundToEven(v); {
	case r >= float64(high):
		return high
	case r > float64(low):
		return T(r)
	}
	return low
}

func quantizeKernel[T small, F float32 | int32](w *walk) Kernel {
	return func(a *Args) error {
		dst, x, scale := slice[T](a.Out[0]), slice[F](a.In[0]), slice[float32](a.In[1])
		var zero []T
		if z := argument(a, 2); z != nil {
			zero = slice[T](z)
		}
		w.each(func(at [4]int) {
			for i := range w.n {
				j := at[1] + i*w.step[1]
				v := math.RoundToEven(float64(float32(x[at[0]+i]) / scale[j]))
				if zero != nil {
					v += float64(zero[j])
				}
				dst[at[0]+i] = saturated[T](v)
			}
		})
		return nil
	}
}

func dequantize(c *Call) {
	w := scaleWalk(c)
	x := c.Input(0)
	if c.Has(2) && c.In[2].Type != x.Type {
		c.Fail("inputs %v and %v", x, c.In[2])
	}
	c.Declare(0, tensor.Float, x.Shape...)
	c.Kernel = forNumbers(c, x.Type, kernels{u8: dequantizeKernel[uint8](w), i8: dequantizeKernel[int8](w), u16: dequantizeKernel[uint16](w),
		i16: dequantizeKernel[int16](w), i32: dequantizeKernel[int32](w)})
}

func dequantizeKernel[T tensor.Number](w *walk) Kernel {
	return func(a *Args) error {
		dst, x, scale := slice[float32](a.Out[0]), slice[T](a.In[0]), slice[float32](a.In[1])
		var zero []T
		if z := argument(a, 2); z != nil {
			zero = slice[T](z)
		}
		w.each(func(at [4]int) {
			for i := range w.n {
				j := at[1] + i*w.step[1]
				v := int64(x[at[0]+i])
				if zero != nil {
					v -= int64(zero[j])
				}
				dst[at[0]+i] = float32(v) * scale[j]
			}
		})
		return nil
	}
}

// dynamicQuantize chooses scale and zero point so that all elements, and 0, fit.
func dynamicQuantize(c *Call) {
	c.Outputs(3)
	x := c.Input(0, tensor.Float)
	c.Declare(0, tensor.Uint8, x.Shape...)
	c.Declare(1, tensor.Float)
	c.Declare(2, tensor.Uint8)
	c.Kernel = func(a *Args) error {
		dst, x := a.Out[0].Data, slice[float32](a.In[0])
		low, high := float32(0), float32(0)
		if len(x) > 0 {
			low, high = min(0, kernel.MinOf(x)), max(0, kernel.MaxOf(x))
		}
		scale := (high - low) / 255
		zero := uint8(0)
		if scale != 0 {
			zero = saturated[uint8](float64(-low / scale))
		}
		for i, v := range x {
			if scale == 0 {
				dst[i] = zero
				continue
			}
			dst[i] = saturated[uint8](math.RoundToEven(float64(v/scale)) + float64(zero))
		}
		slice[float32](a.Out[1])[0], a.Out[2].Data[0] = scale, zero
		return nil
	}
}
