package conv

import (
	"math"

	"github.com/allocarrays/allocarrays-go/internal/gemm"
	"github.com/allocarrays/allocarrays-go/internal/kernel"
)

// A Conv is a convolution of images of one size. It does not change, and goroutines may use it at the same
// time.
type Conv struct {
	f             *Filters
	in            plane // an image
	before, after [2]int
	height, width int     // of the output
	lines         int     // of the output in a band; even
	segs          []int32 // where the segments of a patch begin
	padded        bool
}

// A plane is the size of an image.
type plane struct{ height, width, channels int }

func (p plane) line() int { return p.width * p.channels }
func (p plane) len() int  { return p.height * p.line() }

// A band is about so many bytes, but so many rows of the product.
const (
	bandBytes = 64 << 10
	bandRows  = 256
)

// winogradBytes is how much the planes of a band may take: a good part of a second-level cache.
const winogradBytes = 900 << 10

// New returns the convolution of images of height×width with lines and columns of zeros before and
// after them; nil if they are too large, or a filter does not fit.
func New(f *Filters, height, width int, before, after [2]int) *Conv {
	c := &Conv{f: f, in: plane{height, width, f.in}, before: before, after: after}
	w := &f.window
	size := [2]int{height, width}
	var out [2]int
	for i := range 2 {
		room := size[i] + before[i] + after[i] - w.Dilation[i]*(w.Size[i]-1) - 1
		if room < 0 || size[i] < 1 {
			return nil
		}
		out[i] = room/w.Stride[i] + 1
	}
	c.height, c.width = out[0], out[1]
	c.padded = before != [2]int{} || after != [2]int{}
	p := c.with()
	if p.height > math.MaxInt32/max(1, p.line()) {
		return nil
	}
	switch {
	case f.planes != nil:
		tiles := max(winogradBytes/(16*4*(f.in+f.out)), f.in*f.out/1024)
		c.lines = 2 * max(1, tiles/c.across())
	default:
		n := max(1, bandBytes/(4*c.width*f.out), (bandRows+c.width-1)/c.width)
		c.lines = (n + 1) &^ 1
	}
	if f.packed != nil && !c.isPointwise() {
		perLine := w.Size[1]
		if w.Dilation[1] == 1 && f.groups == 1 {
			perLine = 1
		}
		for i := range w.Size[0] * perLine {
			c.segs = append(c.segs, int32(i/perLine*w.Dilation[0]*p.line()+i%perLine*w.Dilation[1]*p.channels))
		}
	}
	return c
}

// Size returns the height and the width of the output.
func (c *Conv) Size() (height, width int) { return c.height, c.width }

// with is the size of an image with its padding.
func (c *Conv) with() plane {
	return plane{c.in.height + c.before[0] + c.after[0], c.in.width + c.before[1] + c.after[1], c.in.channels}
}

func (c *Conv) isPointwise() bool {
	return c.f.groups == 1 && c.f.window == Window{[2]int{1, 1}, [2]int{1, 1}, [2]int{1, 1}}
}

// under is the number of lines of a padded image that so many lines of the output depend on.
func (c *Conv) under(lines int) int {
	w := &c.f.window
	return (lines-1)*w.Stride[0] + (w.Size[0]-1)*w.Dilation[0] + 1
}

// group is how many whole images make a band; 1 if a band is part of an image.
func (c *Conv) group(batch int) int { return max(1, min(batch, c.lines/c.height)) }

// perImage is how many bands an image has.
func (c *Conv) perImage() int { return (c.height + c.lines - 1) / c.lines }

// Bands returns how many bands so many images have.
func (c *Conv) Bands(batch int) int {
	g := c.group(batch)
	return (batch + g - 1) / g * c.perImage()
}

// Work returns how many elements of work memory a run needs for so many images.
func (c *Conv) Work(batch int) int {
	lines, g := min(c.lines, c.height), c.group(batch)
	switch {
	case c.f.planes != nil:
		count := g * down(lines) * c.across()
		return 16*(apart(count*c.f.in)+apart(count*c.f.out)) + 4*(2*c.across()+2)*c.f.in
	case c.f.depthwise != nil || !c.padded:
		return 0
	}
	return g * c.under(lines) * c.with().line()
}

// Run computes band i of the output for a batch of images x, in dst, and returns which elements of dst that
// are. work is as [Conv.Work] says; with relu the result is rectified.
func (c *Conv) Run(i, batch int, dst, x, work []float32, relu bool) (from, to int) {
	g, per := c.group(batch), c.perImage()
	n, first := i/per*g, i%per*c.lines
	g = min(g, batch-n)
	last := min(first+c.lines, c.height)
	line := c.width * c.f.out
	from, to = (n*c.height+first)*line, ((n+g-1)*c.height+last)*line
	dst = dst[from:to]
	act := gemm.None
	if relu {
		act = gemm.ReLU
	}
	switch {
	case c.f.planes != nil:
		c.tiled(dst, x, work, n, g, first, last, relu)
	case c.f.depthwise != nil:
		c.channelwise(dst, x, n, g, first, last, relu)
	default:
		c.product(dst, x, work, n, g, first, last, act)
	}
	return from, to
}

func (c *Conv) product(dst, x, work []float32, n, images, from, to int, act gemm.Activation) {
	w, out := &c.f.window, c.f.out
	size, first, p := c.in.len(), from*w.Stride[0], c.with()
	a, step := x[n*size:], size
	if !c.padded {
		a = a[first*p.line() : (images-1)*size+(first+c.under(to-from))*p.line()]
	} else {
		step = c.under(to-from) * p.line()
		for i := range images {
			c.pad(work[i*step:(i+1)*step], a[i*size:(i+1)*size], first)
		}
		a = work[:images*step]
	}
	if c.isPointwise() {
		c.f.packed[0].Mul(dst, out, a, p.channels, len(a)/p.channels, c.f.bias, act)
		return
	}
	g := gemm.Grid{Images: images, Height: to - from, Width: c.width, Image: step, Line: w.Stride[0] * p.line(), Pixel: w.Stride[1] * p.channels}
	var bias []float32
	for i, b := range c.f.packed {
		first := i * out / c.f.groups
		if c.f.bias != nil {
			bias = c.f.bias[first:][:out/c.f.groups]
		}
		b.MulGrid(dst[first:], out, a[i*p.channels/c.f.groups:], g, c.segs, bias, act)
	}
}

// pad sets dst to lines of the padded image, from the first one on.
func (c *Conv) pad(dst, image []float32, first int) {
	left, length, inside := c.before[1]*c.in.channels, c.with().line(), c.in.line()
	for ; len(dst) > 0; first++ {
		line := dst[:length]
		dst = dst[length:]
		if r := first - c.before[0]; r < 0 || r >= c.in.height {
			clear(line)
		} else {
			clear(line[:left])
			copy(line[left:], image[r*inside:(r+1)*inside])
			clear(line[left+inside:])
		}
	}
}

// channelwise is a filter of its own for each channel. What is outside the image is left out of the sums.
func (c *Conv) channelwise(dst, x []float32, n, images, from, to int, relu bool) {
	line := c.width * c.f.out
	for i := range images {
		image := x[(n+i)*c.in.len():][:c.in.len()]
		for r := from; r < to; r++ {
			c.channelLine(dst[:line], image, r, relu)
			dst = dst[line:]
		}
	}
}

// channelLine computes line r. Positions at which the window reaches over the edge are computed one by one, all
// others in one call.
func (c *Conv) channelLine(dst, image []float32, r int, relu bool) {
	w, channels := &c.f.window, c.in.channels
	top, rows, y := c.inside(0, r, c.in.height)
	for x := 0; x < c.width; {
		left, cols, at := c.inside(1, x, c.in.width)
		count := 1
		if cols == w.Size[1] { // the others up to the last one that is inside
			last := (c.in.width - 1 + c.before[1] - (w.Size[1]-1)*w.Dilation[1]) / w.Stride[1]
			count = min(last, c.width-1) - x + 1
		}
		pixels := dst[x*channels : (x+count)*channels]
		if cols == 0 || rows == 0 {
			for ; len(pixels) > 0; pixels = pixels[channels:] {
				copy(pixels, c.f.bias)
				if relu {
					kernel.ReLU(pixels[:channels], pixels[:channels])
				}
			}
		} else {
			kernel.Depthwise(pixels, image[y*c.in.line()+at*channels:], c.f.depthwise[(top*w.Size[1]+left)*channels:], w.Size[1], c.f.bias,
				kernel.Window{Rows: rows, Cols: cols, Channels: channels, Count: count, Line: w.Dilation[0] * c.in.line(), Pixel: w.Dilation[1] * channels,
					Step: w.Stride[1] * channels, Next: channels}, relu)
		}
		x += count
	}
}

// inside returns which elements of the window at the i-th position along an axis are in the image: the first of
// them, their number, and where in the image the first one is.
func (c *Conv) inside(axis, i, length int) (first, count, at int) {
	w := &c.f.window
	at = i*w.Stride[axis] - c.before[axis]
	for first < w.Size[axis] && at < 0 {
		first++
		at += w.Dilation[axis]
	}
	for first+count < w.Size[axis] && at+count*w.Dilation[axis] < length {
		count++
	}
	if count == 0 {
		return w.Size[axis], 0, 0
	}
	return first, count, at
}
