package ops

import (
	"math"
	"slices"

	"github.com/allocarrays/allocarrays-go/internal/kernel"
	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
)

// Pooling over the spatial axes.

func init() {
	register("MaxPool", maxPool, 1, 8, 10, 11, 12, 22)
	register("AveragePool", averagePool, 1, 7, 10, 11, 19, 22)
	register("LpPool", lpPool, 1, 2, 11, 18, 22)
	register("GlobalAveragePool", global(reduction{op: kernel.Add, last: func(v float64, n int) float64 { return v / float64(n) }}), 1, 22)
	register("GlobalMaxPool", global(reduction{op: kernel.Max}), 1, 22)
	register("GlobalLpPool", globalLp, 1, 2, 22)
}

// images returns input 0, which has a batch, channels and spatial axes.
func images(c *Call) *Operand {
	x := c.Input(0)
	if x.Rank() < 3 {
		c.Fail("input 0 is %v, want spatial axes", x)
	}
	return x
}

func pooling(c *Call) (*window, int) {
	x := images(c)
	size, ok := c.Ints("kernel_shape")
	if !ok {
		c.Fail("no attribute \"kernel_shape\"")
	}
	w := newWindow(c, x.Shape[2:], size)
	w.fit(c, c.Int("ceil_mode", 0) != 0)
	return w, x.Shape[0] * x.Shape[1]
}

// A pool goes over the windows of all planes.
type pool struct {
	*window
	planes, inPixels, outPixels int
}

func newPool(c *Call) *pool {
	w, planes := pooling(c)
	x := c.In[0]
	c.Declare(0, x.Type, append([]int{x.Shape[0], x.Shape[1]}, w.out...)...)
	return &pool{w, planes, tensor.Count(w.in), tensor.Count(w.out)}
}

// A spot is a window of a plane.
type spot struct {
	at    int          // the first element that is inside
	count [MaxRank]int // how many are along each axis
	index [MaxRank]int // of the pixel of the output
}

// locate sets the rest of a spot for its index.
func (p *pool) locate(s *spot) {
	s.at = 0
	for axis := range p.out {
		_, n, at := p.inside(axis, s.index[axis])
		s.count[axis] = n
		s.at = s.at*p.in[axis] + at
	}
}

// offsets calls fn for each element of a window that is inside.
func (p *pool) offsets(s *spot, fn func(at int)) {
	n := len(p.in)
	for axis := range n {
		if s.count[axis] == 0 {
			return
		}
	}
	var index [MaxRank]int
	for {
		off := 0
		for axis := range n {
			off = off*p.in[axis] + index[axis]*p.dilation[axis]
		}
		fn(s.at + off)
		if !next(&index, s.count[:n]) {
			return
		}
	}
}

func maxPool(c *Call) {
	p := newPool(c)
	if c.Wants(1) {
		c.Declare(1, tensor.Int64, c.Results[0].Shape...)
	}
	columnMajor := c.Int("storage_order", 0) != 0
	c.Kernel = forNumbers(c, c.In[0].Type, kernels{f32: maxPoolKernel[float32](p, columnMajor), f64: maxPoolKernel[float64](p, columnMajor),
		i8: maxPoolKernel[int8](p, columnMajor), u8: maxPoolKernel[uint8](p, columnMajor)})
}

func maxPoolKernel[T tensor.Number](p *pool, columnMajor bool) Kernel {
	low, _ := limits[T]()
	return func(a *Args) error {
		dst, x := slice[T](a.Out[0]), slice[T](a.In[0])
		var indices []int64
		if len(a.Out) > 1 && a.Out[1] != nil {
			indices = slice[int64](a.Out[1])
		}
		for n := range p.planes {
			plane, out := x[n*p.inPixels:(n+1)*p.inPixels], dst[n*p.outPixels:]
			var s spot
			for i := range p.outPixels {
				p.locate(&s)
				best, where := low, -1
				p.offsets(&s, func(at int) {
					if v := plane[at]; v > best || where < 0 || v != v {
						best, where = v, at
					}
				})
				out[i] = best
				if indices != nil {
					if columnMajor {
						where = p.columnMajor(where)
					}
					indices[n*p.outPixels+i] = int64(n*p.inPixels + where)
				}
				next(&s.index, p.out)
			}
		}
		return nil
	}
}

// columnMajor returns the place of an element if the first axis were the innermost one.
func (p *pool) columnMajor(at int) int {
	var index [MaxRank]int
	for axis := len(p.in) - 1; axis >= 0; axis-- {
		index[axis] = at % p.in[axis]
		at /= p.in[axis]
	}
	off := 0
	for axis := len(p.in) - 1; axis >= 0; axis-- {
		off = off*p.in[axis] + index[axis]
	}
	return off
}

func averagePool(c *Call) {
	p := newPool(c)
	padding := c.Int("count_include_pad", 0) != 0
	// A window that ceil_mode lets reach behind the padding is divided by what it has in front of that (onnx/onnx#5276).
	// Before opset 22 the specification left it open. onnxruntime and PyTorch divide so in all opsets, but ONNX's tests
	// of opset 19, the first with dilations, divided by the whole window; no exporter has made dilated ones, so that
	// these may follow the tests.
	if padding && c.Opset < 22 && slices.ContainsFunc(p.dilation, func(d int) bool { return d > 1 }) {
		for axis := range p.after {
			p.after[axis] += p.stride[axis] + p.span(axis)
		}
	}
	c.Kernel = forNumbers(c, c.In[0].Type, kernels{f32: averagePoolKernel[float32](p, padding), f64: averagePoolKernel[float64](p, padding)})
}

func averagePoolKernel[T tensor.Number](p *pool, padding bool) Kernel {
	return func(a *Args) error {
		dst, x := slice[T](a.Out[0]), slice[T](a.In[0])
		for n := range p.planes {
			plane, out := x[n*p.inPixels:(n+1)*p.inPixels], dst[n*p.outPixels:]
			var s spot
			for i := range p.outPixels {
				p.locate(&s)
				sum, elements := T(0), 0
				p.offsets(&s, func(at int) {
					sum += plane[at]
					elements++
				})
				if padding {
					elements = p.padded(&s.index)
				}
				out[i] = sum / T(elements)
				next(&s.index, p.out)
			}
		}
		return nil
	}
}

// padded returns how many elements of a window are inside the input or its padding.
func (p *pool) padded(index *[MaxRank]int) int {
	n := 1
	for axis := range p.in {
		room := p.in[axis] + p.before[axis] + p.after[axis] - index[axis]*p.stride[axis]
		n *= min(p.size[axis], (room+p.dilation[axis]-1)/p.dilation[axis])
	}
	return n
}

func lpPool(c *Call) {
	p := newPool(c)
	power := float64(c.Int("p", 2))
	if a := c.Attrs["p"]; a != nil && a.Type == 1 {
		power = float64(a.F)
	}
	c.Kernel = forNumbers(c, c.In[0].Type, kernels{f32: lpPoolKernel[float32](p, power), f64: lpPoolKernel[float64](p, power)})
}

func lpPoolKernel[T tensor.Number](p *pool, power float64) Kernel {
	return func(a *Args) error {
		dst, x := slice[T](a.Out[0]), slice[T](a.In[0])
		for n := range p.planes {
			plane, out := x[n*p.inPixels:(n+1)*p.inPixels], dst[n*p.outPixels:]
			var s spot
			for i := range p.outPixels {
				p.locate(&s)
				sum := 0.0
				p.offsets(&s, func(at int) { sum += math.Pow(math.Abs(float64(plane[at])), power) })
				out[i] = T(math.Pow(sum, 1/power))
				next(&s.index, p.out)
			}
		}
		return nil
	}
}

// global is a reduction of all spatial axes.
func global(r reduction) func(*Call) {
	return func(c *Call) {
		x := images(c)
		shape := append([]int{}, x.Shape...)
		for i := 2; i < len(shape); i++ {
			shape[i] = 1
		}
		c.Declare(0, x.Type, shape...)
		w, n := newWalk(x.Shape, broadcastStrides(shape, x.Shape), rowMajor(x.Shape)), tensor.Count(x.Shape[2:])
		c.Kernel = forNumbers(c, x.Type, kernels{f32: reduceKernel[float32](r, w, n), f64: reduceKernel[float64](r, w, n)})
	}
}

func globalLp(c *Call) {
	power := float64(c.Int("p", 2))
	global(reduction{op: kernel.Add, each: func(x float64) float64 { return math.Pow(math.Abs(x), power) },
		last: func(v float64, n int) float64 { return math.Pow(v, 1/power) }})(c)
}
