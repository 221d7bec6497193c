package ops

import (
	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
)

// Operators that put tensors together and take them apart, in pieces of several elements.

func init() {
	register("Concat", concat, 1, 4, 11, 13)
	register("Split", split, 1, 2, 11, 13, 18)
}

// pieces says how a tensor is divided before and behind an axis: outer pieces of inner elements each.
func pieces(shape []int, axis int) (outer, inner int) {
	return tensor.Count(shape[:axis]), tensor.Count(shape[axis:])
}

func concat(c *Call) {
	first := c.Input(0)
	axis := c.Axis(c.Int("axis", 1), max(1, first.Rank()))
	if first.Rank() == 0 {
		c.Fail("input 0 is a scalar")
	}
	shape := append([]int{}, first.Shape...)
	shape[axis] = 0
	for i := range c.In {
		x := c.Input(i)
		if x.Type != first.Type || x.Rank() != first.Rank() {
			c.Fail("inputs %v and %v", first, x)
		}
		for j, d := range x.Shape {
			if j != axis && d != shape[j] {
				c.Fail("inputs %v and %v along axis %d", first, x, axis)
			}
		}
		shape[axis] += x.Shape[axis]
	}
	c.Declare(0, first.Type, shape...)
	if len(c.In) == 1 {
		c.View(0, 0, 0)
		return
	}
	outer, _ := pieces(shape, axis)
	if first.Type == tensor.String {
		c.Kernel = func(a *Args) error {
			joinPieces(a.Out[0].Strings, outer, len(a.In), func(i int) []string { return a.In[i].Strings })
			return nil
		}
		return
	}
	if first.Type.Bits() < 8 {
		c.Unsupported("elements of type %v", first.Type)
	}
	c.Kernel = func(a *Args) error {
		joinPieces(a.Out[0].Data, outer, len(a.In), func(i int) []byte { return a.In[i].Data })
		return nil
	}
}

// joinPieces fills dst with the first piece of each tensor, then the second of each, and so on, outer of each.
func joinPieces[T any](dst []T, outer, n int, in func(i int) []T) {
	if outer == 0 {
		return
	}
	line, at := len(dst)/outer, 0
	for i := range n {
		src := in(i)
		piece := len(src) / outer
		for o := range outer {
			copy(dst[o*line+at:o*line+at+piece], src[o*piece:])
		}
		at += piece
	}
}

func split(c *Call) {
	x := c.Input(0)
	axis := c.Axis(c.Int("axis", 0), x.Rank())
	n, parts := len(c.Out), []int(nil)
	if v, ok := c.Ints("split"); ok {
		parts = v
	} else if c.Has(1) {
		parts = c.Integers(1)
	} else {
		if n = c.Int("num_outputs", n); n != len(c.Out) {
			c.Fail("attribute \"num_outputs\" is %d for %d", n, len(c.Out))
		}
		size := (x.Shape[axis] + n - 1) / max(n, 1)
		for i := range n {
			parts = append(parts, min(size, max(0, x.Shape[axis]-i*size)))
		}
	}
	sum := 0
	for _, p := range parts {
		sum += max(p, 0)
	}
	if len(parts) < len(c.Out) || sum != x.Shape[axis] {
		c.Fail("%d outputs of extents %v for axis %d of %v", len(c.Out), parts, axis, x)
	}
	outer, line := pieces(x.Shape, axis)
	inner := tensor.Count(x.Shape[axis+1:])
	size := x.Type.Bits() / 8
	if size == 0 {
		c.Unsupported("elements of type %v", x.Type)
	}
	at := 0
	for i := range c.Out {
		shape := append([]int{}, x.Shape...)
		shape[axis] = parts[i]
		c.Declare(i, x.Type, shape...)
		if outer == 1 {
			c.View(i, 0, at*inner*size)
		}
		at += parts[i]
	}
	if outer == 1 {
		return
	}
	c.Kernel = func(a *Args) error {
		at, line := 0, line*size
		for i, out := range a.Out {
			piece := parts[i] * inner * size
			if out != nil {
				for o := range outer {
					copy(out.Data[o*piece:(o+1)*piece], a.In[0].Data[o*line+at:])
				}
			}
			at += piece
		}
		return nil
	}
}
