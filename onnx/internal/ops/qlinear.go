package ops

import (
	"math"

	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
)

// Products and convolutions of bytes. Zero points are taken off first; sums are of 32 bits.

func init() {
	register("MatMulInteger", matMulInteger, 10)
	register("QLinearMatMul", qLinearMatMul, 10, 21)
	register("ConvInteger", convInteger, 10)
	register("QLinearConv", qLinearConv, 10)
}

// A byteInput is an input of bytes and its zero points, one or one for each line: all elements that have the same
// index on an axis.
type byteInput struct {
	in, zero     int // inputs of the node
	signed       bool
	lines, inner int // 1 line for all elements
	n            int
}

func (c *Call) bytes(in, zero int, lines, inner int) byteInput {
	x := c.Input(in, tensor.Int8, tensor.Uint8)
	b := byteInput{in: in, zero: zero, signed: x.Type == tensor.Int8, lines: 1, inner: 1, n: x.Len()}
	if c.Has(zero) {
		if z := c.In[zero]; z.Type != x.Type || z.Len() != 1 && z.Len() != lines {
			c.Fail("zero point %v for %v", z, x)
		} else if z.Len() != 1 {
			b.lines, b.inner = lines, inner
		}
	}
	return b
}

// widen sets dst to the elements without their zero points.
func (b *byteInput) widen(dst []int32, a *Args) {
	var zero []byte
	if z := argument(a, b.zero); z != nil {
		zero = z.Data
	}
	x := a.In[b.in].Data
	for i := range dst {
		dst[i] = b.number(x[i])
		if zero != nil {
			dst[i] -= b.number(zero[i/b.inner%b.lines])
		}
	}
}

func (b *byteInput) number(v byte) int32 {
	if b.signed {
		return int32(int8(v))
	}
	return int32(v)
}

// scales checks that an input has one scale, or one for each line.
func (c *Call) scales(i, lines int) {
	if s := c.Input(i, tensor.Float); s.Len() != 1 && s.Len() != lines {
		c.Fail("scales %v", s)
	}
}

// byteProduct declares the output, of type t, and returns how a product is computed into 32 bits.
type byteProduct struct {
	x, y    byteInput
	w       *walk
	m, k, n int
}

func newByteProduct(c *Call, in, other, zero, otherZero int, t tensor.Type) *byteProduct {
	inner := &Call{Node: c.Node, In: []*Operand{{Tensor: &tensor.Tensor{Type: tensor.Int32, Shape: c.Input(in).Shape}},
		{Tensor: &tensor.Tensor{Type: tensor.Int32, Shape: c.Input(other).Shape}}}, Results: make([]Result, 1)}
	matMul(inner) // checks the shapes
	c.Declare(0, t, inner.Results[0].Shape...)
	xs, ys := c.In[in].Shape, c.In[other].Shape
	if len(xs) < 2 || len(ys) < 2 {
		c.Unsupported("inputs %v and %v", c.In[in], c.In[other])
	}
	p := &byteProduct{m: xs[len(xs)-2], k: xs[len(xs)-1], n: ys[len(ys)-1]}
	p.x, p.y = c.bytes(in, zero, p.m, p.k), c.bytes(other, otherZero, p.n, 1)
	shape := inner.Results[0].Shape
	batch := shape[:len(shape)-2]
	full := append(append([]int{}, batch...), p.m*p.n)
	p.w = newWalk(append(append([]int{}, batch...), 1), rowMajor(full), matrixStrides(xs, batch), matrixStrides(ys, batch))
	return p
}

func (p *byteProduct) work() int { return 4 * (p.x.n + p.y.n) }

func (p *byteProduct) compute(dst []int32, a *Args) {
	work := tensor.As[int32](a.Work)
	x, y := work[:p.x.n], work[p.x.n:][:p.y.n]
	p.x.widen(x, a)
	p.y.widen(y, a)
	p.w.each(func(at [4]int) {
		for i := range p.w.n {
			product(dst[at[0]+i*p.w.step[0]:], p.n, x[at[1]+i*p.w.step[1]:], p.k, 1, y[at[2]+i*p.w.step[2]:], p.n, 1, p.m, p.k, p.n)
		}
	})
}

func matMulInteger(c *Call) {
	p := newByteProduct(c, 0, 1, 2, 3, tensor.Int32)
	c.Work = p.work()
	c.Kernel = func(a *Args) error {
		p.compute(slice[int32](a.Out[0]), a)
		return nil
	}
}

func qLinearMatMul(c *Call) {
	t := c.Input(7, tensor.Int8, tensor.Uint8).Type
	if t == tensor.Int8 && c.Opset >= 21 {
		// The specification saturates; ONNX's tests of this form wrapped until onnx/onnx#7868.
		c.Unsupported("output of type %v", t)
	}
	p := newByteProduct(c, 0, 3, 2, 5, t)
	c.scales(1, p.m)
	c.scales(4, p.n)
	c.scales(6, 1)
	if c.In[7].Len() != 1 {
		c.Unsupported("zero point %v", c.In[7])
	}
	n := tensor.Count(c.Results[0].Shape)
	c.Work = p.work() + 4*n
	c.Kernel = func(a *Args) error {
		sums := tensor.As[int32](a.Work[p.work():])
		p.compute(sums, a)
		xs, ys, to := slice[float32](a.In[1]), slice[float32](a.In[4]), slice[float32](a.In[6])[0]
		narrow := requantizer(a.Out[0], a.In[7])
		for i, v := range sums {
			narrow.set(i, float64(v)*float64(xs[i/p.n%p.m%len(xs)])*float64(ys[i%p.n%len(ys)])/float64(to))
		}
		return nil
	}
}

// A requantized stores numbers as bytes.
type requantized struct {
	dst    []byte
	zero   float64
	signed bool
}

func requantizer(out, zero *tensor.Tensor) requantized {
	r := requantized{dst: out.Data, zero: float64(zero.Data[0]), signed: out.Type == tensor.Int8}
	if r.signed {
		r.zero = float64(int8(zero.Data[0]))
	}
	return r
}

func (r *requantized) set(i int, v float64) {
	if v = math.RoundToEven(v) + r.zero; r.signed {
		r.dst[i] = byte(saturated[int8](v))
	} else {
		r.dst[i] = saturated[uint8](v)
	}
}

// A byteConv is a convolution of bytes.
type byteConv struct {
	*convolution
	x, y byteInput
}

func newByteConv(c *Call, in, weights, zero, weightsZero int, t tensor.Type) *byteConv {
	x, y := c.Input(in), c.Input(weights)
	inner := &Call{Node: c.Node, In: []*Operand{{Tensor: &tensor.Tensor{Type: tensor.Int32, Shape: x.Shape}},
		{Tensor: &tensor.Tensor{Type: tensor.Int32, Shape: y.Shape}}}, Results: make([]Result, 1)}
	v := newConvolution(inner, inner.In[0], inner.In[1])
	if v.outGroup = y.Shape[0] / v.groups; y.Shape[1] != v.inGroup {
		c.Fail("%d groups for %v and %v", v.groups, x, y)
	}
	v.fit(inner, false)
	v.output(inner)
	c.Declare(0, t, inner.Results[0].Shape...)
	return &byteConv{v, c.bytes(in, zero, 1, 1), c.bytes(weights, weightsZero, y.Shape[0], v.inGroup*v.k)}
}

func (v *byteConv) work() int { return 4 * (v.x.n + v.y.n + v.inGroup*v.k*v.outPixels) }

func (v *byteConv) compute(dst []int32, a *Args) {
	work := tensor.As[int32](a.Work)
	x, y, columns := work[:v.x.n], work[v.x.n:][:v.y.n], work[v.x.n+v.y.n:][:v.inGroup*v.k*v.outPixels]
	v.x.widen(x, a)
	v.y.widen(y, a)
	k := v.inGroup * v.k
	for n := range v.batch * v.groups {
		g := n % v.groups
		columnsOf(v.convolution, columns, x[n*v.inGroup*v.inPixels:])
		product(dst[n*v.outGroup*v.outPixels:], v.outPixels, y[g*v.outGroup*k:], k, 1, columns, v.outPixels, 1, v.outGroup, k, v.outPixels)
	}
}

func convInteger(c *Call) {
	v := newByteConv(c, 0, 1, 2, 3, tensor.Int32)
	c.Work = v.work()
	c.Kernel = func(a *Args) error {
		v.compute(slice[int32](a.Out[0]), a)
		return nil
	}
}

func qLinearConv(c *Call) {
	t := c.Input(7, tensor.Int8, tensor.Uint8).Type
	v := newByteConv(c, 0, 3, 2, 5, t)
	channels := v.groups * v.outGroup
	c.scales(1, 1)
	c.scales(4, channels)
	c.scales(6, 1)
	if c.In[7].Len() != 1 {
		c.Fail("zero point %v", c.In[7])
	}
	if c.Has(8) {
		if b := c.Input(8, tensor.Int32); !equal(b.Shape, []int{channels}) {
			c.Fail("bias %v for %d channels", b, channels)
		}
	}
	c.Work = v.work() + 4*tensor.Count(c.Results[0].Shape)
	c.Kernel = func(a *Args) error {
		sums := tensor.As[int32](a.Work[v.work():])
		v.compute(sums, a)
		x, y, to := slice[float32](a.In[1])[0], slice[float32](a.In[4]), slice[float32](a.In[6])[0]
		var bias []int32
		if b := argument(a, 8); b != nil {
			bias = slice[int32](b)
		}
		narrow := requantizer(a.Out[0], a.In[7])
		for i, s := range sums {
			ch := i / v.outPixels % channels
			if bias != nil {
				s += bias[ch]
			}
			narrow.set(i, float64(s)*float64(x)*float64(y[ch%len(y)])/float64(to))
		}
		return nil
	}
}
