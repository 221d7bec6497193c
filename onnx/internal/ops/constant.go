package ops

import (
	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
)

// Operators whose output does not depend on the elements of tensors.

func init() {
	register("Constant", constant, 1, 9, 11, 12, 13, 19, 21, 23, 24, 25)
	register("ConstantOfShape", constantOfShape, 9, 20, 21, 23, 24, 25)
	register("Shape", shapeOf, 1, 13, 15, 19, 21, 23, 24, 25)
	register("Size", sizeOf, 1, 13, 19, 21, 23, 24, 25)
	register("Identity", identity, 1, 13, 14, 16, 19, 21, 23, 24, 25)
}

// produce declares that output 0 is x, whatever the elements of the inputs are.
func produce(c *Call, x *tensor.Tensor) {
	c.Declare(0, x.Type, x.Shape...)
	c.constant = x
	c.Kernel = func(a *Args) error {
		copy(a.Out[0].Data, x.Data)
		copy(a.Out[0].Strings, x.Strings)
		return nil
	}
}

func constant(c *Call) {
	for name, a := range c.Attrs {
		switch name {
		case "value":
			if a.T == nil {
				c.Fail("attribute %q has no tensor", name)
			}
			produce(c, &a.T.Tensor)
		case "value_float":
			produce(c, tensor.From([]float32{a.F}))
		case "value_floats":
			produce(c, tensor.From(a.Floats, len(a.Floats)))
		case "value_int":
			produce(c, tensor.From([]int64{a.I}))
		case "value_ints":
			produce(c, tensor.From(a.Ints, len(a.Ints)))
		case "value_string":
			produce(c, &tensor.Tensor{Type: tensor.String, Shape: []int{}, Strings: []string{string(a.S)}})
		case "value_strings":
			v, _ := c.Strings(name)
			produce(c, &tensor.Tensor{Type: tensor.String, Shape: []int{len(v)}, Strings: v})
		default:
			c.Unsupported("attribute %q", name)
		}
	}
}

func constantOfShape(c *Call) {
	shape := c.Integers(0)
	value := tensor.From([]float32{0}, 1)
	if a := c.Attrs["value"]; a != nil {
		if a.T == nil || a.T.Len() != 1 {
			c.Fail("attribute \"value\" is no tensor of one element")
		}
		value = &a.T.Tensor
	}
	c.Declare(0, value.Type, shape...)
	size := len(value.Data)
	if size == 0 || value.Type.Bits() < 8 {
		c.Unsupported("elements of type %v", value.Type)
	}
	c.Kernel = func(a *Args) error {
		repeat(a.Out[0].Data, value.Data)
		return nil
	}
}

// repeat fills dst with copies of x.
func repeat(dst, x []byte) {
	for n := copy(dst, x); n < len(dst); n *= 2 {
		copy(dst[n:], dst[:n])
	}
}

func shapeOf(c *Call) {
	shape := c.Input(0).Shape
	clip := func(at int) int {
		if at < 0 {
			at += len(shape)
		}
		return min(max(at, 0), len(shape))
	}
	from, to := clip(c.Int("start", 0)), clip(c.Int("end", len(shape)))
	v := make([]int64, 0, len(shape))
	for _, d := range shape[from:max(from, to)] {
		v = append(v, int64(d))
	}
	produce(c, tensor.Ints(v...))
}

func sizeOf(c *Call) {
	n := tensor.From([]int64{int64(c.Input(0).Len())})
	produce(c, n)
}

func identity(c *Call) {
	x := c.Input(0)
	c.Declare(0, x.Type, x.Shape...)
	c.View(0, 0, 0)
}
