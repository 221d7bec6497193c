package nn

import (
	"context"
	"fmt"
)

// A Span is a [Window] along the one axis of a [Conv1D]. Zeros mean what they mean there.
type Span struct{ Size, Stride, Padding, Dilation int }

func (s Span) window() Window {
	return Window{Size: [2]int{1, s.Size}, Stride: [2]int{1, s.Stride}, Padding: [2]int{0, s.Padding}, Dilation: [2]int{1, s.Dilation}}
}

// Conv1D is a convolution of sequences of length×channels: a [Conv2D] of images of one line. Create one with [NewConv1D].
type Conv1D struct {
	span   Span
	across *Conv2D
}

var (
	_ Parametric = (*Conv1D)(nil)
	_ Shaper     = (*Conv1D)(nil)
)

// NewConv1D returns a layer from in to out channels. Its parameters are name.weight,
// out×in×size, and name.bias, out, as PyTorch's; they are zero until they are loaded. NewConv1D
// panics if a number of channels is not positive or the span is invalid.
func NewConv1D(name string, in, out int, s Span) *Conv1D {
	return &Conv1D{s, newConv2D("NewConv1D", name, in, out, 1, s.window()).withBias()}
}

// NewConv1DWithoutBias is [NewConv1D] without the parameter name.bias, as PyTorch's bias=False.
func NewConv1DWithoutBias(name string, in, out int, s Span) *Conv1D {
	return &Conv1D{s, newConv2D("NewConv1DWithoutBias", name, in, out, 1, s.window())}
}

// NewGroupedConv1D is [NewConv1D] for channels in groups, as [NewGroupedConv2D] has them:
// name.weight is out×(in/groups)×size. It panics if the groups do not divide both numbers of
// channels.
func NewGroupedConv1D(name string, in, out, groups int, s Span) *Conv1D {
	return &Conv1D{s, newConv2D("NewGroupedConv1D", name, in, out, groups, s.window()).withBias()}
}

// NewGroupedConv1DWithoutBias is [NewGroupedConv1D] without the parameter name.bias.
func NewGroupedConv1DWithoutBias(name string, in, out, groups int, s Span) *Conv1D {
	return &Conv1D{s, newConv2D("NewGroupedConv1DWithoutBias", name, in, out, groups, s.window())}
}

// In returns the number of input channels.
func (c *Conv1D) In() int { return c.across.In() }

// Out returns the number of output channels.
func (c *Conv1D) Out() int { return c.across.Out() }

// Groups returns the number of groups of channels.
func (c *Conv1D) Groups() int { return c.across.Groups() }

// String describes the layer.
func (c *Conv1D) String() string {
	text := fmt.Sprintf("Conv1D %q %d→%d of %d", c.across.name, c.In(), c.Out(), c.span.Size)
	if c.Groups() > 1 {
		text += fmt.Sprintf(" in %d groups", c.Groups())
	}
	return text
}

// Forward returns the convolution of x, which is batch×length×In. It takes memory as
// [Conv2D.Forward] does.
func (c *Conv1D) Forward(ctx context.Context, x Tensor) Tensor {
	if x.Rank() != 3 || x.Dim(2) != c.In() || c.across.window.positions(1, x.Dim(1)) == 0 {
		panic(misfit(c, x))
	}
	copied := !x.IsContiguous()
	if copied {
		x = x.Clone(ctx)
	}
	y := c.across.Forward(ctx, x.Reshape(x.Dim(0), 1, x.Dim(1), x.Dim(2)))
	if copied {
		release(ctx, x)
	}
	return y.Reshape(y.Dim(0), y.Dim(2), y.Dim(3))
}

// OutputShape returns the shape of the result for a sequence of length×In.
func (c *Conv1D) OutputShape(sample []int) ([]int, error) {
	if len(sample) != 2 || sample[1] != c.In() {
		return nil, fmt.Errorf("takes samples of length×%d, not %s", c.In(), shapeText(sample))
	}
	shape, err := c.across.OutputShape([]int{1, sample[0], sample[1]})
	if err != nil {
		return nil, fmt.Errorf("takes samples into which its span fits, not %s", shapeText(sample))
	}
	return shape[1:], nil
}

// Parameters returns the weight and, if there is one, the bias.
func (c *Conv1D) Parameters() []Parameter {
	p := c.across.Parameters()
	p[0].Value = p[0].Value.Reshape(c.Out(), c.In()/c.Groups(), c.span.Size)
	return p
}

// ParametersChanged packs the weights in the order in which the product reads them.
func (c *Conv1D) ParametersChanged() { c.across.ParametersChanged() }
