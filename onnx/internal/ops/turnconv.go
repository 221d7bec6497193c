package ops

import (
	"fmt"

	nhwc "github.com/allocarrays/allocarrays-go/internal/conv"
	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
)

// A phase is the pixels of the output of a transposed convolution that are strides apart: an ordinary convolution of the input
// by those elements of the window that reach them, turned around.
type phase struct {
	first  [2]int // pixel
	count  [2]int
	conv   nhwc.Stage
	none   bool // nothing reaches them, and there is no conv
	across int  // pixels of a line of conv
}

// taps returns the elements of a window that reach position i along an axis, from the last one on, and the distance of the
// pixels of the input under them; and the pixel under the first.
func (v *convolution) taps(axis, i int) (list []int, step, at int) {
	stride, dilation := v.stride[axis], v.dilation[axis]
	for r := v.size[axis] - 1; r >= 0; r-- {
		if d := i + v.before[axis] - r*dilation; d%stride == 0 {
			list = append(list, r)
		}
	}
	if len(list) == 0 {
		return nil, 1, 0
	}
	step = 1
	if len(list) > 1 {
		step = (list[0] - list[1]) * dilation / stride
	}
	return list, step, (i + v.before[axis] - list[0]*dilation) / stride
}

// maxPhases is how many phases there are convolutions for; with more, each of them is a few pixels.
const maxPhases = 1 << 10

// ConvTransposeHead is [ConvHead] for a ConvTranspose.
func ConvTransposeHead(c *Call) (h *Head, err error) {
	if x, y := c.In[0], c.In[1]; x == nil || y == nil || x.Type != tensor.Float || !y.Fixed || y.Type != tensor.Float || c.Has(2) && !c.In[2].Fixed ||
		x.Rank() != 3 && x.Rank() != 4 || x.Len() == 0 || y.Len() == 0 {
		return nil, nil
	}
	var v *convolution
	if err = c.Do(func(c *Call) { v = transposed(c) }); err != nil || v.outPixels == 0 {
		return nil, err
	}
	if len(v.in) == 1 { // as an image of one line
		one := func(w []int, n int) []int { return []int{n, w[0]} }
		w := *v.window
		w = window{in: one(w.in, 1), out: one(w.out, 1), size: one(w.size, 1), stride: one(w.stride, 1), dilation: one(w.dilation, 1),
			before: one(w.before, 0), after: one(w.after, 0)}
		v.window = &w
	}
	if min(v.stride[0], v.out[0]) > maxPhases/min(v.stride[1], v.out[1]) {
		return nil, nil
	}
	in, out := v.groups*v.inGroup, v.groups*v.outGroup
	h = &Head{Shape: c.Results[0].Shape, Last: true, In: []int{0}, key: "turned", scale: make([]float64, out), shift: make([]float64, out)}
	for i := range h.scale {
		h.scale[i] = 1
	}
	if v.bias {
		for i, b := range slice[float32](c.In[2].Tensor) {
			h.shift[i] = float64(b)
		}
	}
	h.make = func(h *Head, chain *Chain) (Kernel, int) {
		if v.isSpreading() {
			return v.spread(c, h, chain)
		}
		var phases []phase
		room, pixels := 0, 0
		for i := range min(v.stride[0], v.out[0]) {
			for j := range min(v.stride[1], v.out[1]) {
				p, ok := v.phase(c, h, in, out, i, j)
				if !ok {
					return nil, 0
				}
				if !p.none {
					height, width := p.conv.Conv.Size()
					_, own := p.conv.Cut(nil)
					room, pixels = max(room, own), max(pixels, height*width)
				}
				phases = append(phases, p)
			}
		}
		bias := make([]float32, out)
		for i, b := range h.shift {
			bias[i] = float32(b)
		}
		more := 0
		if chain != nil {
			more = chain.Close(1)
		}
		batch, width := v.batch, v.out[1]
		return func(a *Args) error {
			dst, x, work := slice[float32](a.Out[0]), slice[float32](a.In[0]), tensor.As[float32](a.Work)
			result, work := work[:pixels*out], work[pixels*out:]
			for n := range batch {
				image := dst[n*v.outPixels*out : (n+1)*v.outPixels*out]
				for i := range phases {
					p := &phases[i]
					if !p.none {
						s := p.conv
						s.X, s.Dst, s.Rooms.First = x[n*v.inPixels*in:(n+1)*v.inPixels*in], result, work
						s.Run()
					}
					for r := range p.count[0] {
						to := image[((p.first[0]+r*v.stride[0])*width+p.first[1])*out:]
						for s := range p.count[1] {
							pixel := bias
							if !p.none {
								pixel = result[(r*p.across+s)*out:][:out]
							}
							copy(to[s*v.stride[1]*out:], pixel)
						}
					}
				}
				if chain != nil {
					chain.run(a, dst, n*v.outPixels*out, (n+1)*v.outPixels*out, work[room:])
				}
			}
			return nil
		}, 4*(pixels*out+room) + more
	}
	return h, nil
}

// phase returns the one of pixel i, j; false if there is no convolution for it.
func (v *convolution) phase(c *Call, h *Head, in, out, i, j int) (p phase, ok bool) {
	first := [2]int{i, j}
	p.first = first
	var taps [2][]int
	var step, before, after [2]int
	for axis := range 2 {
		p.count[axis] = (v.out[axis] - first[axis] + v.stride[axis] - 1) / v.stride[axis]
	}
	for axis := range 2 {
		var at int
		taps[axis], step[axis], at = v.taps(axis, first[axis])
		if p.none = len(taps[axis]) == 0; p.none {
			return p, true
		}
		if at > 0 {
			return p, false
		}
		before[axis] = -at
		last := at + p.count[axis] - 1 + (len(taps[axis])-1)*step[axis]
		after[axis] = max(0, last-(v.in[axis]-1))
	}
	size := [2]int{len(taps[0]), len(taps[1])}
	f := c.Once(fmt.Sprintf("%s phase %d %d", h.key, i, j), func() any {
		y := slice[float32](c.In[1].Tensor)
		w := make([]float32, 0, out*v.inGroup*size[0]*size[1])
		for o := range out {
			g := o / v.outGroup
			for ch := range v.inGroup {
				for _, r := range taps[0] {
					for _, s := range taps[1] {
						w = append(w, y[(((g*v.inGroup+ch)*v.outGroup+o%v.outGroup)*v.size[0]+r)*v.size[1]+s])
					}
				}
			}
		}
		bias := make([]float32, out)
		for k, b := range h.shift {
			bias[k] = float32(b)
		}
		return nhwc.NewFilters(nhwc.Window{Size: size, Stride: [2]int{1, 1}, Dilation: step}, in, out, v.groups, w, bias, h.scale)
	}).(*nhwc.Filters)
	image, ok := newImage(f, v.in[0], v.in[1], before, after)
	if !ok {
		return p, false
	}
	p.conv = nhwc.Stage{Conv: image, Batch: 1}
	height, width := image.Size()
	p.across = width
	return p, height >= p.count[0] && width >= p.count[1]
}
