package nn

import (
	"context"
	"fmt"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/internal/gemm"
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
	more         int                         // lines and columns behind the output
	weight, bias Tensor                      // PyTorch's in×out/groups×height×width, and out; bias is empty without one
	phases       [][][]*gemm.Packed[float32] // of lines and columns, one for each group
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

// taps is how many elements of the window belong to a phase: to the positions i of the output, without
// padding, with the same i mod stride.
func (c *ConvTranspose2D) taps(axis, phase int) int {
	return max(0, (c.window.Size[axis]-phase+c.window.Stride[axis]-1)/c.window.Stride[axis])
}

// Forward returns the transposed convolution of x, which is batch×height×width×In. It takes memory
// for an image with zeros around it, for small tables, and for a copy of x if that is not contiguous.
//
// The positions of one phase are an ordinary convolution, with that part of the window that reaches
// them, turned around.
func (c *ConvTranspose2D) Forward(ctx context.Context, x Tensor) Tensor {
	if x.Rank() != 4 || x.Dim(3) != c.In() {
		panic(misfit(c, x))
	}
	height, width := c.length(0, x.Dim(1)), c.length(1, x.Dim(2))
	if min(x.Dim(1), x.Dim(2), height, width) < 1 {
		panic(misfit(c, x))
	}
	y := x.Similar(ctx, x.Dim(0), height, width, c.Out())
	copied := !x.IsContiguous()
	if copied {
		x = x.Clone(ctx)
	}
	around := [2]int{c.taps(0, 0) - 1, c.taps(1, 0) - 1} // lines and columns of zeros before the image
	// Behind it there are as many, and one more for what is added to the output.
	more := min(1, c.more)
	p := plane{x.Dim(1) + 2*around[0] + more, x.Dim(2) + 2*around[1] + more, c.In()}
	padded := Tensor{}.Similar(ctx, p.len())
	room := padded.Data()
	clear(room)
	offsets := allocarray.AllocArray[int32]{}.Similar(ctx, (around[0]+1)*(around[1]+1))
	segs := offsets.Data()
	line := x.Dim(2) * c.In()
	for n := range x.Dim(0) {
		for r := range x.Dim(1) {
			copy(room[(r+around[0])*p.line()+around[1]*c.In():][:line], x.Data()[(n*x.Dim(1)+r)*line:])
		}
		image := y.Data()[n*height*width*c.Out():][:height*width*c.Out()]
		for i := range height {
			c.line(image[i*width*c.Out():(i+1)*width*c.Out()], room, p, segs, around, i)
		}
	}
	requireLive(&x, &y)
	release(ctx, offsets)
	release(ctx, padded)
	if copied {
		release(ctx, x)
	}
	return y
}

// line computes line i of the output from an image with so many lines and columns of zeros before it. It needs
// segs for offsets.
func (c *ConvTranspose2D) line(dst, image []float32, p plane, segs []int32, around [2]int, i int) {
	stride, width, out := c.window.Stride, len(dst)/c.Out(), c.Out()
	i += c.window.Padding[0]
	rows, bias := c.taps(0, i%stride[0]), elements(c.bias)
	for first := range min(stride[1], width) {
		j := first + c.window.Padding[1]
		cols, count := c.taps(1, j%stride[1]), (width-first+stride[1]-1)/stride[1]
		if rows == 0 || cols == 0 {
			for n := range count {
				pixel := dst[(first+n*stride[1])*out:][:out]
				clear(pixel)
				copy(pixel, bias)
			}
			continue
		}
		// Element k of the turned window lies at line i/stride - (rows-1) + k of x.
		top, left := i/stride[0]-rows+1+around[0], j/stride[1]-cols+1+around[1]
		g := gemm.Grid{Images: 1, Height: 1, Width: count, Pixel: p.channels}
		perLine := 1 // the pixels of a line are one segment, but for a group's channels, which are apart
		if c.groups > 1 {
			perLine = cols
		}
		for n := range rows * perLine {
			segs[n] = int32(n/perLine*p.line() + n%perLine*p.channels)
		}
		for n, packed := range c.phases[i%stride[0]][j%stride[1]] {
			var own []float32
			if bias != nil {
				own = bias[n*out/c.groups:][:out/c.groups]
			}
			packed.MulGrid(dst[first*out+n*out/c.groups:], stride[1]*out, image[top*p.line()+left*p.channels+n*p.channels/c.groups:], g,
				segs[:rows*perLine], own, gemm.None)
		}
	}
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
	in, out, w, stride := c.In()/c.groups, c.Out()/c.groups, c.weight.Data(), c.window.Stride
	size := c.window.Size
	c.phases = make([][][]*gemm.Packed[float32], stride[0])
	for i := range c.phases {
		c.phases[i] = make([][]*gemm.Packed[float32], stride[1])
		for j := range c.phases[i] {
			rows, cols := c.taps(0, i), c.taps(1, j)
			for g := range c.groups {
				b := make([]float32, rows*cols*in*out)
				for n := range b {
					o, ch, s, r := n%out, n/out%in+g*in, n/out/in%cols, n/out/in/cols
					b[n] = w[((ch*out+o)*size[0]+i+(rows-1-r)*stride[0])*size[1]+j+(cols-1-s)*stride[1]]
				}
				c.phases[i][j] = append(c.phases[i][j], gemm.Pack(b, rows*cols*in, out, out, 1))
			}
		}
	}
}
