package nn

import (
	"context"
	"fmt"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/internal/conv"
	"github.com/allocarrays/allocarrays-go/internal/pieces"
)

// ConvTranspose2D is the transposed convolution of images of height×width×channels: each
// pixel of x adds its multiple of the window to y,
//
//	y[n,i,j,o] = bias[o] + Σ weight[c,o,r,s] · x[n,p,q,c]
//
// over all c, p, q, r and s with p·stride + r - padding = i and q·stride + s - padding = j. Create
// one with [NewConvTranspose2D].
type ConvTranspose2D struct {
	name         string
	window       Window // with its defaults
	groups       int
	more         int    // lines and columns behind the output
	weight, bias Tensor // PyTorch's in×out/groups×height×width, and out; bias is empty without one
	filters      *conv.TransposedFilters
}

var (
	_ Parametric = (*ConvTranspose2D)(nil)
	_ Shaper     = (*ConvTranspose2D)(nil)
)

// NewConvTranspose2D returns a layer from in to out channels. Its parameters are name.weight,
// in×out×height×width of the window, and name.bias, out, as PyTorch's; they are zero until they are
// loaded. The window's stride is the distance in y of neighbours in x, and its padding is taken from y.
// NewConvTranspose2D panics if a number of channels is not positive, or if the window is invalid or has
// a dilation.
func NewConvTranspose2D(name string, in, out int, w Window) *ConvTranspose2D {
	return newConvTranspose2D("NewConvTranspose2D", name, in, out, 1, w).withBias()
}

// NewConvTranspose2DWithoutBias is [NewConvTranspose2D] without the parameter name.bias, as
// PyTorch's bias=False.
func NewConvTranspose2DWithoutBias(name string, in, out int, w Window) *ConvTranspose2D {
	return newConvTranspose2D("NewConvTranspose2DWithoutBias", name, in, out, 1, w)
}

// NewGroupedConvTranspose2D is [NewConvTranspose2D] for channels in groups: each group of output
// channels depends on the group of input channels in the same place. name.weight is
// in×(out/groups)×height×width. It panics if the groups do not divide both numbers of channels.
func NewGroupedConvTranspose2D(name string, in, out, groups int, w Window) *ConvTranspose2D {
	return newConvTranspose2D("NewGroupedConvTranspose2D", name, in, out, groups, w).withBias()
}

// NewGroupedConvTranspose2DWithoutBias is [NewGroupedConvTranspose2D] without the parameter name.bias.
func NewGroupedConvTranspose2DWithoutBias(name string, in, out, groups int, w Window) *ConvTranspose2D {
	return newConvTranspose2D("NewGroupedConvTranspose2DWithoutBias", name, in, out, groups, w)
}

func newConvTranspose2D(function, name string, in, out, groups int, w Window) *ConvTranspose2D {
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
	if w.Dilation != [2]int{1, 1} {
		panic(fmt.Sprintf("nn: %s %q: %v: a transposed convolution has no dilation here", function, name, w))
	}
	c := &ConvTranspose2D{name: name, window: w, groups: groups,
		weight: allocarray.Wrap(make([]float32, in*out/groups*w.Size[0]*w.Size[1]), in, out/groups, w.Size[0], w.Size[1])}
	c.ParametersChanged()
	return c
}

func (c *ConvTranspose2D) withBias() *ConvTranspose2D {
	c.bias = allocarray.Wrap(make([]float32, c.Out()))
	c.ParametersChanged()
	return c
}

// OutputPadded returns the layer with n more lines and columns at the bottom and the right of its
// output, PyTorch's output_padding: with it the layer undoes a strided convolution of any image. It
// has the weights of c. OutputPadded panics if n is negative or not less than the strides.
func (c *ConvTranspose2D) OutputPadded(n int) *ConvTranspose2D {
	if n < 0 || n >= min(c.window.Stride[0], c.window.Stride[1]) {
		panic(fmt.Sprintf("nn: %v: output padding %d must be less than the stride", c, n))
	}
	d := *c
	d.more = n
	return &d
}

// In returns the number of input channels.
func (c *ConvTranspose2D) In() int { return c.weight.Dim(0) }

// Out returns the number of output channels.
func (c *ConvTranspose2D) Out() int { return c.weight.Dim(1) * c.groups }

// Groups returns the number of groups of channels.
func (c *ConvTranspose2D) Groups() int { return c.groups }

// String describes the layer.
func (c *ConvTranspose2D) String() string {
	text := fmt.Sprintf("ConvTranspose2D %q %d→%d of %v", c.name, c.In(), c.Out(), c.window)
	if c.more > 0 {
		text += fmt.Sprintf(" output padding %d", c.more)
	}
	if c.groups > 1 {
		text += fmt.Sprintf(" in %d groups", c.groups)
	}
	return text
}

// length is that of an axis of the output: (length-1)·stride - 2·padding + size, and what is added
// to it.
func (c *ConvTranspose2D) length(axis, length int) int {
	w := c.window
	return (length-1)*w.Stride[axis] - 2*w.Padding[axis] + w.Size[axis] + c.more
}

// Forward returns the transposed convolution of x, which is batch×height×width×In. It takes memory
// for some lines of an image with zeros around them and for a small table, unless the window moves by its size, and for a copy of x if
// that is not contiguous.
func (c *ConvTranspose2D) Forward(ctx context.Context, x Tensor) Tensor {
	if x.Rank() != 4 || x.Dim(3) != c.In() {
		panic(misfit(c, x))
	}
	height, width := c.length(0, x.Dim(1)), c.length(1, x.Dim(2))
	if min(x.Dim(1), x.Dim(2), height, width) < 1 {
		panic(misfit(c, x))
	}
	run, ok := conv.NewTransposed(c.filters, x.Dim(1), x.Dim(2), [2]int{height, width})
	if !ok {
		panic(fmt.Sprintf("nn: %v: input of shape %s is too large", c, shapeText(x.Shape())))
	}
	y := x.Similar(ctx, x.Dim(0), height, width, c.Out())
	copied := !x.IsContiguous()
	if copied {
		x = x.Clone(ctx)
	}
	run.Batch, run.X, run.Dst = x.Dim(0), x.Data(), y.Data()
	workers, room := run.Cut(helpersOf(ctx, run.MultiplyAdds()))
	memory := newWorkspace(ctx, workers*room, run.Table())
	run.Rooms = pieces.NewRooms(memory.floats(), room)
	run.SetTable(memory.integers())
	run.Run()
	memory.release(ctx)
	requireLive(&x, &y)
	if copied {
		release(ctx, x)
	}
	return y
}

// OutputShape returns the shape of the result for an image of height×width×In.
func (c *ConvTranspose2D) OutputShape(sample []int) ([]int, error) {
	if len(sample) != 3 || sample[2] != c.In() {
		return nil, fmt.Errorf("takes samples of height×width×%d, not %s", c.In(), shapeText(sample))
	}
	height, width := c.length(0, sample[0]), c.length(1, sample[1])
	if min(sample[0], sample[1], height, width) < 1 {
		return nil, fmt.Errorf("takes samples of which something is left without the padding, not %s", shapeText(sample))
	}
	return []int{height, width, c.Out()}, nil
}

// Parameters returns the weight and, if there is one, the bias.
func (c *ConvTranspose2D) Parameters() []Parameter { return weightAndBias(c.name, c.weight, c.bias) }

// ParametersChanged packs, for each phase, the part of the window that belongs to it, turned around.
func (c *ConvTranspose2D) ParametersChanged() {
	c.filters = conv.NewTransposedFilters(c.window.unpadded(), c.window.Padding, c.In(), c.Out(), c.groups, c.weight.Data(), elements(c.bias), nil)
}
