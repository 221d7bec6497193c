package ops

import (
	"fmt"
	"slices"

	nhwc "github.com/allocarrays/allocarrays-go/internal/conv"
	"github.com/allocarrays/allocarrays-go/internal/gemm"
	crew "github.com/allocarrays/allocarrays-go/internal/pieces"
	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
)

// Images with the channels last, as convolutions and pooling take them. Shapes are those of the file, with the
// channels behind the batch.

// sides returns the height and the width of the spatial axes; a single one is the width.
func sides(shape []int) (height, width int) {
	if len(shape) == 1 {
		return 1, shape[0]
	}
	return shape[0], shape[1]
}

// pair returns what belongs to the height and the width, of one or two axes.
func pair(v []int, otherwise int) [2]int {
	if len(v) == 1 {
		return [2]int{otherwise, v[0]}
	}
	return [2]int{v[0], v[1]}
}

// A Head is a node that computes float32 and whose result elementwise nodes can go on with.
type Head struct {
	Shape []int // of the output
	Last  bool  // its channels are last, and those of input 0 are to be
	In    []int // which inputs of the node it reads when it runs

	scale []float64 // of the output channels; nil for 1
	shift []float64
	key   string
	make  func(h *Head, chain *Chain) (k Kernel, work int)
}

// Kernel returns the kernel of the head with a chain behind it, which may be nil; its inputs come behind
// those of the head. work is how many bytes of work memory a run needs.
func (h *Head) Kernel(chain *Chain) (k Kernel, work int) { return h.make(h, chain) }

// Absorb makes a factor and a summand for each output channel part of the weights, if they may be. who is what they come from.
func (h *Head) Absorb(who any, scale, shift []float64) bool {
	if h.scale == nil {
		return false
	}
	for i := range h.scale {
		s, t := 1.0, 0.0
		if scale != nil {
			s = scale[i%len(scale)]
		}
		if shift != nil {
			t = shift[i%len(shift)]
		}
		h.scale[i] *= s
		h.shift[i] = float64(h.shift[i]*s) + t
	}
	h.key += fmt.Sprintf(" %p", who)
	return true
}

// Channels returns the number of output channels that [Head.Absorb] takes, 0 if it takes none.
func (h *Head) Channels() int { return len(h.scale) }

// ConvHead returns a Conv as a head; nil if it is not one of images, of float32, with constant filters.
func ConvHead(c *Call) (h *Head, err error) {
	if x, y := c.In[0], c.In[1]; x == nil || y == nil || x.Type != tensor.Float || !y.Fixed || y.Type != tensor.Float || c.Has(2) && !c.In[2].Fixed ||
		x.Rank() != 3 && x.Rank() != 4 {
		return nil, nil
	}
	var v *convolution
	err = c.Do(func(c *Call) {
		x, y := c.Input(0), c.Input(1)
		v = newConvolution(c, x, y)
		if v.outGroup = y.Shape[0] / v.groups; y.Shape[1] != v.inGroup {
			c.Fail("%d groups for %v and %v", v.groups, x, y)
		}
		v.fit(c, false)
		v.output(c)
	})
	if err != nil {
		return nil, err
	}
	in, out := v.groups*v.inGroup, v.groups*v.outGroup
	if v.batch == 0 || in == 0 || out == 0 || v.inPixels == 0 || v.outPixels == 0 || min(slices.Min(v.before), slices.Min(v.after)) < 0 {
		return nil, nil
	}
	h = &Head{Shape: c.Results[0].Shape, Last: true, In: []int{0}, key: "image", scale: make([]float64, out), shift: make([]float64, out)}
	for i := range h.scale {
		h.scale[i] = 1
	}
	if v.bias {
		for i, b := range slice[float32](c.In[2].Tensor) {
			h.shift[i] = float64(b)
		}
	}
	h.make = func(h *Head, chain *Chain) (Kernel, int) {
		relu, key, bias := chain.takeReLU(), h.key, make([]float32, out)
		for i, b := range h.shift {
			bias[i] = float32(b)
		}
		if !relu && chain.lead(bias) {
			key, bias = key+" bare", nil
		}
		f := c.Once(key, func() any {
			w := nhwc.Window{Size: pair(v.size, 1), Stride: pair(v.stride, 1), Dilation: pair(v.dilation, 1)}
			return nhwc.NewFilters(w, in, out, v.groups, slice[float32](c.In[1].Tensor), bias, h.scale)
		}).(*nhwc.Filters)
		height, width := sides(v.in)
		image, ok := newImage(f, height, width, pair(v.before, 0), pair(v.after, 0))
		if !ok {
			return nil, 0
		}
		stage := nhwc.Stage{Conv: image, Batch: v.batch, ReLU: relu}
		_, room := stage.Cut(nil)
		after, more := behind(chain, room)
		stage.After = after
		work := 4*room + more
		return func(a *Args) error {
			s := stage
			s.X, s.Dst, s.Arg = slice[float32](a.In[0]), slice[float32](a.Out[0]), a
			s.Cut(a.Team.helpers(work))
			s.Rooms = a.rooms()
			s.Run()
			return nil
		}, work
	}
	return h, nil
}

// newImage is conv.New with the table of the convolution.
func newImage(f *nhwc.Filters, height, width int, before, after [2]int) (image nhwc.Conv, ok bool) {
	if image, ok = nhwc.New(f, height, width, before, after); ok {
		image.SetTable(make([]int32, image.Table()))
	}
	return image, ok
}

// behind returns a chain, which may be nil, as what goes on with the elements that a head has just computed, and how many bytes of work
// memory that needs, behind so many elements of the head's own.
func behind(chain *Chain, room int) (after nhwc.Epilogue, work int) {
	if chain == nil {
		return nil, 0
	}
	if work = chain.Close(1); chain.Len() == 0 {
		return nil, work
	}
	return func(arg any, worker int, part []float32, first int) {
		a := arg.(*Args)
		rooms := a.rooms()
		chain.run(a, slice[float32](a.Out[0]), first, first+len(part), rooms.Of(worker)[room:])
	}, work
}

// ProductHead returns a MatMul or Gemm by constant weights as a head, or nil.
func ProductHead(c *Call) (h *Head, err error) {
	x, y := c.In[0], c.In[1]
	if x == nil || y == nil || x.Type != tensor.Float || y.Type != tensor.Float || !y.Fixed || y.Rank() != 2 || x.Rank() < 1 || y.Len() == 0 || x.Len() == 0 {
		return nil, nil
	}
	var bias []float32
	trans := false
	if c.Op == "Gemm" {
		trans = c.Int("transB", 0) != 0
		if c.Int("transA", 0) != 0 || c.Float("alpha", 1) != 1 || c.HasAttr("broadcast") || x.Rank() != 2 {
			return nil, nil
		}
		n := y.Shape[1]
		if trans {
			n = y.Shape[0]
		}
		if c.Has(2) {
			if z := c.In[2]; c.Float("beta", 1) != 1 || !z.Fixed || z.Type != tensor.Float || z.Len() != n || z.Shape[len(z.Shape)-1] != n {
				return nil, nil
			}
			bias = slice[float32](c.In[2].Tensor)
		}
	}
	fn := matMul
	if c.Op == "Gemm" {
		fn = gemmOf
	}
	if err := c.Do(fn); err != nil {
		return nil, err
	}
	h = &Head{Shape: c.Results[0].Shape, In: []int{0}}
	if x.Rank() < 2 {
		return nil, nil
	}
	k, n := y.Shape[0], y.Shape[1]
	row, col := n, 1
	if trans {
		k, n, row, col = n, k, 1, n
	}
	rows := x.Len() / k
	h.make = func(h *Head, chain *Chain) (Kernel, int) {
		packed := c.Once("packed", func() any { return gemm.Pack(slice[float32](y.Tensor), k, n, row, col) }).(*gemm.Packed[float32])
		bias := bias
		if bias == nil {
			bias = chain.takeBias()
		}
		p := crew.Product{Packed: packed, Bias: bias, M: rows, K: k, N: n}
		if chain.takeReLU() {
			p.Act = gemm.ReLU
		}
		after, work := behind(chain, 0)
		p.After = after
		return func(a *Args) error {
			p := p
			p.Dst, p.A, p.Arg = slice[float32](a.Out[0]), slice[float32](a.In[0]), a
			p.Run(a.Team.helpers(work))
			return nil
		}, work
	}
	return h, nil
}

// ToLast returns the kernel that puts the channels of a tensor of float32 last, or back again.
func ToLast(shape []int, back bool) Kernel {
	batch, channels, pixels := shape[0], shape[1], tensor.Count(shape[2:])
	rows, cols := channels, pixels
	if back {
		rows, cols = cols, rows
	}
	tiles := (cols + turnTile - 1) / turnTile
	part := func(a *Args, _ []float32, from, to int) {
		for from < to { // columns of an image
			n := from / tiles
			end := min(to, (n+1)*tiles)
			turn(slice[uint32](a.Out[0])[n*rows*cols:(n+1)*rows*cols], slice[uint32](a.In[0])[n*rows*cols:(n+1)*rows*cols], rows, cols,
				(from-n*tiles)*turnTile, min((end-n*tiles)*turnTile, cols))
			from = end
		}
	}
	return func(a *Args) error {
		a.divide(batch*tiles, float64(tensor.Count(shape))*perElement, 0, part)
		return nil
	}
}

// turnTile is how many rows and columns turn transposes at a time.
const turnTile = 16

// turn transposes the columns from ≤ c < to of rows × cols elements.
func turn[T any](dst, x []T, rows, cols, from, to int) {
	const tile = turnTile
	if rows == 3 { // images
		a, b, c := x[from:to], x[cols+from:cols+to], x[2*cols+from:2*cols+to]
		for i := range a {
			d := dst[3*(from+i) : 3*(from+i)+3]
			d[0], d[1], d[2] = a[i], b[i], c[i]
		}
		return
	}
	for r := 0; r < rows; r += tile {
		h := min(tile, rows-r)
		for c := from; c < to; c += tile {
			w := min(tile, to-c)
			for j := range w {
				d := dst[(c+j)*rows+r:][:h]
				src := x[r*cols+c+j:]
				for i := range d {
					d[i] = src[i*cols]
				}
			}
		}
	}
}

// PoolLast makes the kernel of a pooling of images with the channels last. It returns false if it is not one of those that have
// a kernel.
func PoolLast(c *Call) (bool, error) {
	if x := c.In[0]; x == nil || x.Type != tensor.Float || x.Rank() != 3 && x.Rank() != 4 || c.Wants(1) || x.Len() == 0 {
		return false, nil
	}
	var v *window
	mean, padded, whole := false, false, false
	err := c.Do(func(c *Call) {
		switch c.Op {
		case "MaxPool", "AveragePool":
			p := newPool(c)
			v, mean = p.window, c.Op == "AveragePool"
			padded = mean && c.Int("count_include_pad", 0) != 0
		default:
			x := images(c)
			shape := append([]int{}, x.Shape...)
			for i := 2; i < len(shape); i++ {
				shape[i] = 1
			}
			c.Declare(0, x.Type, shape...)
			mean, whole = c.Op == "GlobalAveragePool", true
			spatial := x.Shape[2:]
			one, zero := make([]int, len(spatial)), make([]int, len(spatial))
			for i := range one {
				one[i] = 1
			}
			v = &window{in: spatial, out: one, size: spatial, stride: one, dilation: one, before: zero, after: zero}
		}
	})
	if err != nil {
		return false, err
	}
	if padded && !whole {
		for _, n := range append(append([]int{}, v.before...), v.after...) {
			if n != 0 {
				return false, nil // the mean over padding is left to the general kernel
			}
		}
		for axis := range v.out { // as is a window that reaches over the end
			if (v.out[axis]-1)*v.stride[axis]+v.span(axis) > v.in[axis] {
				return false, nil
			}
		}
	}
	for axis := range v.out {
		for i := range v.out[axis] {
			if _, n, _ := v.inside(axis, i); n == 0 {
				return false, nil
			}
		}
	}
	c.Kernel = poolLast(v, c.In[0].Shape[0], c.In[0].Shape[1], mean)
	return true, nil
}

func poolLast(v *window, batch, channels int, mean bool) Kernel {
	height, width := sides(v.in)
	p := nhwc.Pool{Window: nhwc.Window{Size: pair(v.size, 1), Stride: pair(v.stride, 1), Dilation: pair(v.dilation, 1)}, Before: pair(v.before, 0), Mean: mean}
	p.Height, p.Width = sides(v.out)
	return func(a *Args) error {
		p.Run(slice[float32](a.Out[0]), slice[float32](a.In[0]), batch, height, width, channels)
		return nil
	}
}
