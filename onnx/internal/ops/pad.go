package ops

import (
	"math"

	"slices"

	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
)

func init() {
	register("Pad", pad, 1, 2, 11, 13, 18, 19, 21, 23, 24, 25)
}

// maxPad is more than any padding, and sums of it do not overflow.
const maxPad = math.MaxInt / 4

// pad is Pad in all its modes.
func pad(c *Call) {
	x := c.Input(0)
	rank := x.Rank()
	pads, ok := c.Ints("pads")
	if !ok {
		if pads, ok = c.Ints("paddings"); !ok {
			pads = c.Integers(1)
		}
	}
	if c.Has(3) {
		axes, all := c.Integers(3), make([]int, 2*rank)
		if len(pads) != 2*len(axes) {
			c.Fail("pads %v for axes %v", pads, axes)
		}
		for i, axis := range axes {
			axis = c.Axis(axis, rank)
			all[axis], all[rank+axis] = pads[i], pads[len(axes)+i]
		}
		pads = all
	}
	if len(pads) != 2*rank {
		c.Fail("pads %v for %v", pads, x)
	}
	shape, last := make([]int, rank), -1
	for i, d := range x.Shape {
		if max(pads[i], pads[rank+i], d) > maxPad || min(pads[i], pads[rank+i]) < -maxPad {
			c.Fail("pads %v for %v", pads, x)
		}
		if shape[i] = d + pads[i] + pads[rank+i]; shape[i] < 0 {
			c.Fail("pads %v for %v", pads, x)
		}
		if pads[i] != 0 || pads[rank+i] != 0 {
			last = i
		}
	}
	c.Declare(0, x.Type, shape...)
	if last < 0 {
		c.View(0, 0, 0)
		return
	}
	mode := c.String("mode", "constant")
	switch mode {
	case "constant":
	case "edge", "wrap", "reflect":
		for i, d := range x.Shape {
			if d == 0 && shape[i] > 0 {
				c.Fail("mode %q of an empty axis", mode)
			}
		}
	default:
		c.Unsupported("attribute \"mode\" %q", mode)
	}
	size := x.Type.Bits() / 8
	if size == 0 {
		c.Unsupported("elements of type %v", x.Type)
	}
	value := make([]byte, size)
	if v := c.Float("value", 0); v != 0 && mode == "constant" {
		if x.Type != tensor.Float {
			c.Unsupported("attribute \"value\" for %v", x.Type)
		}
		copy(value, tensor.AsBytes([]float32{v}))
	}
	fromInput := mode == "constant" && c.Has(2)
	if fromInput && (c.In[2].Type != x.Type || c.In[2].Len() != 1) {
		c.Fail("constant %v for %v", c.In[2], x)
	}
	p := padding{last: last, shape: shape, strides: rowMajor(x.Shape), in: slices.Clone(x.Shape), before: pads[:rank], mode: mode, inner: tensor.Count(shape[last+1:]) * size, size: size}
	c.Kernel = func(a *Args) error {
		v := value
		if fromInput {
			v = a.In[2].Data
		}
		p.axis(a.Out[0].Data, a.In[0].Data, v, 0, 0)
		return nil
	}
}

type padding struct {
	last           int // the last axis that is padded
	shape, strides []int
	in, before     []int // extents of the input, and padding before it
	mode           string
	inner, size    int // bytes behind that axis, of an element
}

// from returns which element of the input along an axis element i of the output is, -1 for none.
func (p *padding) from(axis, i int) int {
	at, extent := i-p.before[axis], p.in[axis]
	if uint(at) < uint(extent) {
		return at
	}
	switch p.mode {
	case "constant":
		return -1
	case "edge":
		return min(max(at, 0), extent-1)
	case "wrap":
		return ((at % extent) + extent) % extent
	}
	period := 2 * (extent - 1)
	if period == 0 {
		return 0
	}
	if at = ((at % period) + period) % period; at >= extent {
		at = period - at
	}
	return at
}

// axis fills dst along an axis, from the element at of the input on, and returns what is left of it.
func (p *padding) axis(dst, src, value []byte, axis, at int) []byte {
	for i := 0; i < p.shape[axis]; i++ {
		j := p.from(axis, i)
		switch {
		case j < 0:
			n := p.inner
			for _, d := range p.shape[axis+1 : p.last+1] {
				n *= d
			}
			repeat(dst[:n], value)
			dst = dst[n:]
		case axis < p.last:
			dst = p.axis(dst, src, value, axis+1, at+j*p.strides[axis])
		default:
			run := 1
			if first := i - p.before[axis]; first == j { // inside: all up to the end
				run = min(p.in[axis]-j, p.shape[axis]-i)
			}
			copy(dst[:run*p.inner], src[(at+j*p.strides[axis])*p.size:])
			dst = dst[run*p.inner:]
			i += run - 1
		}
	}
	return dst
}
