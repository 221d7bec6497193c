package ops

import (
	"slices"

	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
)

// Operators that only change the shape: their output is a view.

func init() {
	register("Reshape", reshapeOld, 1)
	register("Reshape", reshape, 5, 13, 14, 19, 21, 23, 24, 25)
	register("Flatten", flatten, 1, 9, 11, 13, 21, 23, 24, 25)
	register("Squeeze", squeeze, 1, 11, 13, 21, 23, 24, 25)
	register("Unsqueeze", unsqueeze, 1, 11, 13, 21, 23, 24, 25)
}

// view declares output 0 as the elements of input 0 in another shape.
func view(c *Call, shape []int) {
	x := c.Input(0)
	c.Declare(0, x.Type, shape...)
	if tensor.Count(shape) != x.Len() {
		c.Fail("shape %v for the elements of %v", shape, x)
	}
	c.View(0, 0, 0)
}

func reshapeOld(c *Call) {
	shape, _ := c.Ints("shape")
	view(c, reshaped(c, shape, false))
}

func reshape(c *Call) { view(c, reshaped(c, c.Integers(1), c.Int("allowzero", 0) != 0)) }

// reshaped replaces 0, which stands for the extent of the input unless zeros are allowed, and -1.
func reshaped(c *Call, shape []int, zeros bool) []int {
	x := c.Input(0)
	shape = slices.Clone(shape)
	free, n := -1, 1
	for i, d := range shape {
		switch {
		case d == 0 && !zeros:
			if i >= x.Rank() {
				c.Fail("shape %v for %v", shape, x)
			}
			shape[i] = x.Shape[i]
		case d == -1 && free < 0:
			free = i
			continue
		case d < 0:
			c.Fail("shape %v", shape)
		}
		if n *= shape[i]; n > x.Len() && x.Len() > 0 {
			c.Fail("shape %v for %v", shape, x)
		}
	}
	if free >= 0 {
		if n == 0 || x.Len()%n != 0 {
			c.Fail("shape %v for %v", shape, x)
		}
		shape[free] = x.Len() / n
	}
	return shape
}

func flatten(c *Call) {
	x := c.Input(0)
	axis := c.Int("axis", 1)
	if axis < -x.Rank() || axis > x.Rank() {
		c.Fail("axis %d of %v", axis, x)
	}
	if axis < 0 {
		axis += x.Rank()
	}
	view(c, []int{tensor.Count(x.Shape[:axis]), tensor.Count(x.Shape[axis:])})
}

// axesOf returns the axes that an attribute or, in newer forms, an input names.
func axesOf(c *Call, input int) ([]int, bool) {
	if axes, ok := c.Ints("axes"); ok {
		return axes, true
	}
	if c.Has(input) {
		return c.Integers(input), true
	}
	return nil, false
}

func squeeze(c *Call) {
	x := c.Input(0)
	axes, ok := axesOf(c, 1)
	axes = c.Axes(axes, x.Rank())
	shape := []int{}
	for i, d := range x.Shape {
		switch {
		case ok && !slices.Contains(axes, i), !ok && d != 1:
			shape = append(shape, d)
		case d != 1:
			c.Fail("axis %d of %v", i, x)
		}
	}
	view(c, shape)
}

func unsqueeze(c *Call) {
	x := c.Input(0)
	axes, _ := axesOf(c, 1)
	rank := x.Rank() + len(axes)
	axes = c.Axes(axes, rank)
	shape, rest := make([]int, rank), x.Shape
	for i := range shape {
		if slices.Contains(axes, i) {
			shape[i] = 1
		} else {
			shape[i], rest = rest[0], rest[1:]
		}
	}
	view(c, shape)
}
