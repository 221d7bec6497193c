package nn

import (
	"context"
	"fmt"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/internal/conv"
)

// Conv2D is a convolution of images of height×width×channels, with bias. As in all
// frameworks, it is in fact the cross-correlation
//
//	y[n,i,j,o] = bias[o] + Σ weight[o,c,r,s] · x[n, i·stride+r·dilation-padding, j·stride+s·dilation-padding, c]
//
// over c, r and s, where x is 0 outside the image. With a window of 3×3, without stride and dilation,
// between 32 channels or more, or from 16 to 64, it is computed by Winograd's algorithm: the result is then within
// 2·10⁻⁶ of this, relative to the largest output. Create one with [NewConv2D].
type Conv2D struct {
	name         string
	window       Window // with its defaults
	groups       int
	weight, bias Tensor        // PyTorch's out×in/groups×height×width, and out; bias is empty without one
	filters      *conv.Filters // immutable, so that their address tells whether they were made from the weights that the layer has now
}

var (
	_ Parametric = (*Conv2D)(nil)
	_ Shaper     = (*Conv2D)(nil)
)

// NewConv2D returns a layer from in to out channels. Its parameters are
// name.weight, out×in×height×width of the window, and name.bias, out; they are zero
// until they are loaded. NewConv2D panics if a number of channels is not positive
// or the window is invalid.
func NewConv2D(name string, in, out int, w Window) *Conv2D {
	return newConv2D("NewConv2D", name, in, out, 1, w).withBias()
}

// NewConv2DWithoutBias is [NewConv2D] without the parameter name.bias, as PyTorch's
// bias=False: usual before a [BatchNorm].
func NewConv2DWithoutBias(name string, in, out int, w Window) *Conv2D {
	return newConv2D("NewConv2DWithoutBias", name, in, out, 1, w)
}

// NewGroupedConv2D is [NewConv2D] for channels in groups: each group of output channels depends on
// the group of input channels in the same place. name.weight is out×(in/groups)×height×width. With
// as many groups as channels on either side it is a depthwise convolution, whose products are
// rounded before they are added. NewGroupedConv2D panics if the groups do not divide both numbers of
// channels.
func NewGroupedConv2D(name string, in, out, groups int, w Window) *Conv2D {
	return newConv2D("NewGroupedConv2D", name, in, out, groups, w).withBias()
}

// NewGroupedConv2DWithoutBias is [NewGroupedConv2D] without the parameter name.bias.
func NewGroupedConv2DWithoutBias(name string, in, out, groups int, w Window) *Conv2D {
	return newConv2D("NewGroupedConv2DWithoutBias", name, in, out, groups, w)
}

func newConv2D(function, name string, in, out, groups int, w Window) *Conv2D {
	w = w.withDefaults([2]int{1, 1})
	if in <= 0 || out <= 0 {
		panic(fmt.Sprintf("nn: %s %q: %d and %d channels must be positive", function, name, in, out))
	}
	if groups <= 0 || in%groups != 0 || out%groups != 0 {
		panic(fmt.Sprintf("nn: %s %q: %d groups do not divide %d and %d channels", function, name, groups, in, out))
	}
	if err := w.check(); err != nil {
		panic(fmt.Sprintf("nn: %s %q: %v", function, name, err))
	}
	weight := make([]float32, out*in/groups*w.Size[0]*w.Size[1])
	c := &Conv2D{name: name, window: w, groups: groups, weight: allocarray.Wrap(weight, out, in/groups, w.Size[0], w.Size[1])}
	c.ParametersChanged()
	return c
}

func (c *Conv2D) withBias() *Conv2D {
	c.bias = allocarray.Wrap(make([]float32, c.Out()))
	c.ParametersChanged()
	return c
}

// In returns the number of input channels.
func (c *Conv2D) In() int { return c.weight.Dim(1) * c.groups }

// Out returns the number of output channels.
func (c *Conv2D) Out() int { return c.weight.Dim(0) }

// Groups returns the number of groups of channels.
func (c *Conv2D) Groups() int { return c.groups }

// Window returns the window, with its defaults filled in.
func (c *Conv2D) Window() Window { return c.window }

// String describes the layer.
func (c *Conv2D) String() string {
	w := c.window
	if w.Stride == [2]int{1, 1} {
		w.Stride = [2]int{}
	}
	text := fmt.Sprintf("Conv2D %q %d→%d of %v", c.name, c.In(), c.Out(), w)
	if c.groups > 1 {
		text += fmt.Sprintf(" in %d groups", c.groups)
	}
	return text
}

// Forward returns the convolution of x, which is batch×height×width×In. It takes
// memory for a small table, for some lines of an image if the window has padding, for tiles, and
// for a copy of x if that is not contiguous.
func (c *Conv2D) Forward(ctx context.Context, x Tensor) Tensor {
	s := stage{conv: c}
	if _, ok := s.shape(x); !ok {
		panic(misfit(c, x))
	}
	return s.Forward(ctx, x)
}

// OutputShape returns the shape of the result for an image of height×width×In.
func (c *Conv2D) OutputShape(sample []int) ([]int, error) {
	if len(sample) == 3 && sample[2] != c.In() {
		return nil, fmt.Errorf("takes samples of height×width×%d, not %s", c.In(), shapeText(sample))
	}
	return c.window.outputShape(sample, fmt.Sprint(c.In()), c.Out())
}

// Parameters returns the weight and, if there is one, the bias.
func (c *Conv2D) Parameters() []Parameter {
	p := []Parameter{{Name: c.name + ".weight", Value: c.weight}}
	if c.bias.Rank() > 0 {
		p = append(p, Parameter{Name: c.name + ".bias", Value: c.bias})
	}
	return p
}

// ParametersChanged packs the weights in the order in which the product reads
// them.
func (c *Conv2D) ParametersChanged() { c.filters = c.newFilters(elements(c.bias), nil) }

// newFilters packs the weights, each output channel times its scale unless that is nil.
func (c *Conv2D) newFilters(bias []float32, scale []float64) *conv.Filters {
	return conv.NewFilters(c.window.unpadded(), c.In(), c.Out(), c.groups, c.weight.Data(), bias, scale)
}

// channelsLast returns a copy of the weights as out×height×width×in, which is the
// order of the pixels under the window.
func (c *Conv2D) channelsLast() []float32 { return c.weight.Permute(0, 2, 3, 1).Heap().Data() }
