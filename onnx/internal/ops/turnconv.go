package ops

import (
	"slices"

	nhwc "github.com/allocarrays/allocarrays-go/internal/conv"
	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
)

// maxPhases is how many phases there are products for; with more, each of them is a few pixels.
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
	if stride := pair(v.stride, 1); stride[0] > maxPhases/stride[1] {
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
		if slices.Min(v.before) < 0 {
			return nil, 0
		}
		relu, key, bias := chain.takeReLU(), h.key, make([]float32, out)
		for i, b := range h.shift {
			bias[i] = float32(b)
		}
		if !relu && chain.lead(bias) {
			key, bias = key+" bare", nil
		}
		f := c.Once(key, func() any {
			w := nhwc.Window{Size: pair(v.size, 1), Stride: pair(v.stride, 1), Dilation: pair(v.dilation, 1)}
			return nhwc.NewTransposedFilters(w, pair(v.before, 0), in, out, v.groups, slice[float32](c.In[1].Tensor), bias, h.scale)
		}).(*nhwc.TransposedFilters)
		height, width := sides(v.in)
		turned, ok := nhwc.NewTransposed(f, height, width, pair(v.out, 1))
		if !ok {
			return nil, 0
		}
		turned.SetTable(make([]int32, turned.Table()))
		turned.Batch, turned.ReLU = v.batch, relu
		_, room := turned.Cut(nil)
		after, more := behind(chain, room)
		turned.After = after
		work := 4*room + more
		return func(a *Args) error {
			t := turned
			t.X, t.Dst, t.Arg = slice[float32](a.In[0]), slice[float32](a.Out[0]), a
			t.Cut(a.Team.helpers(work))
			t.Rooms = a.rooms()
			t.Run()
			return nil
		}, work
	}
	return h, nil
}
