package nn

import (
	"context"
	"fmt"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/internal/gemm"
)

// ConvTranspose2D is the transposed convolution of images of height×width×channels, with bias: each
// pixel of x adds its multiple of the window to y,
//
//	y[n,i,j,o] = bias[o] + Σ weight[c,o,r,s] · x[n,p,q,c]
//
// over all c, p, q, r and s with p·stride + r - padding = i and q·stride + s - padding = j. Create
// one with [NewConvTranspose2D].
type ConvTranspose2D struct {
	name         string
	window       Window // with its defaults
	weight, bias Tensor // PyTorch's in×out×height×width, and out
	phases       [][]*gemm.Packed[float32]
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
	w = w.withDefaults([2]int{1, 1})
	if in <= 0 || out <= 0 {
		panic(fmt.Sprintf("nn: NewConvTranspose2D %q: %d and %d channels must be positive", name, in, out))
	}
	if err := w.check(); err != nil {
		panic(fmt.Sprintf("nn: NewConvTranspose2D %q: %v", name, err))
	}
	if w.Dilation != [2]int{1, 1} {
		panic(fmt.Sprintf("nn: NewConvTranspose2D %q: %v: a transposed convolution has no dilation here", name, w))
	}
	c := &ConvTranspose2D{name: name, window: w,
		weight: allocarray.Wrap(make([]float32, in*out*w.Size[0]*w.Size[1]), in, out, w.Size[0], w.Size[1]),
		bias:   allocarray.Wrap(make([]float32, out))}
	c.ParametersChanged()
	return c
}

// In returns the number of input channels.
func (c *ConvTranspose2D) In() int { return c.weight.Dim(0) }

// Out returns the number of output channels.
func (c *ConvTranspose2D) Out() int { return c.weight.Dim(1) }

// String describes the layer.
func (c *ConvTranspose2D) String() string {
	return fmt.Sprintf("ConvTranspose2D %q %d→%d of %v", c.name, c.In(), c.Out(), c.window)
}

// length is that of an axis of the output: (length-1)·stride - 2·padding + size.
func (c *ConvTranspose2D) length(axis, length int) int {
	w := c.window
	return (length-1)*w.Stride[axis] - 2*w.Padding[axis] + w.Size[axis]
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
	if !x.IsContiguous() {
		x = x.Clone(ctx)
	}
	around := [2]int{c.taps(0, 0) - 1, c.taps(1, 0) - 1} // lines and columns of zeros on either side
	p := plane{x.Dim(1) + 2*around[0], x.Dim(2) + 2*around[1], c.In()}
	room := floats(ctx, p.len())
	clear(room)
	segs := allocarray.AllocArray[int32]{}.Similar(ctx, around[0]+1).Data()
	for i := range segs {
		segs[i] = int32(i * p.line())
	}
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
	return y
}

// line computes line i of the output from an image with so many lines and columns of zeros around it.
func (c *ConvTranspose2D) line(dst, image []float32, p plane, segs []int32, around [2]int, i int) {
	stride, width, out := c.window.Stride, len(dst)/c.Out(), c.Out()
	i += c.window.Padding[0]
	rows := c.taps(0, i%stride[0])
	for first := range min(stride[1], width) {
		j := first + c.window.Padding[1]
		cols, count := c.taps(1, j%stride[1]), (width-first+stride[1]-1)/stride[1]
		if rows == 0 || cols == 0 {
			for n := range count {
				copy(dst[(first+n*stride[1])*out:], c.bias.Data())
			}
			continue
		}
		// Element k of the turned window lies at line i/stride - (rows-1) + k of x.
		top, left := i/stride[0]-rows+1+around[0], j/stride[1]-cols+1+around[1]
		g := gemm.Grid{Images: 1, Height: 1, Width: count, Pixel: p.channels}
		c.phases[i%stride[0]][j%stride[1]].MulGrid(dst[first*out:], stride[1]*out, image[top*p.line()+left*p.channels:], g,
			segs[:rows], c.bias.Data(), gemm.None)
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

// Parameters returns the weight and the bias.
func (c *ConvTranspose2D) Parameters() []Parameter {
	return []Parameter{{Name: c.name + ".weight", Value: c.weight}, {Name: c.name + ".bias", Value: c.bias}}
}

// ParametersChanged packs, for each phase, the part of the window that belongs to it, turned around.
func (c *ConvTranspose2D) ParametersChanged() {
	in, out, w, stride := c.In(), c.Out(), c.weight.Data(), c.window.Stride
	size := c.window.Size
	c.phases = make([][]*gemm.Packed[float32], stride[0])
	for i := range c.phases {
		for j := range stride[1] {
			rows, cols := c.taps(0, i), c.taps(1, j)
			b := make([]float32, rows*cols*in*out)
			for n := range b {
				o, ch, s, r := n%out, n/out%in, n/out/in%cols, n/out/in/cols
				b[n] = w[((ch*out+o)*size[0]+i+(rows-1-r)*stride[0])*size[1]+j+(cols-1-s)*stride[1]]
			}
			c.phases[i] = append(c.phases[i], gemm.Pack(b, rows*cols*in, out, out, 1))
		}
	}
}
