package conv

import "github.com/allocarrays/allocarrays-go/internal/kernel"

// A Pool takes, for each position of a window and each channel, the maximum of the pixels under it, or NaN if one is NaN; or
// their mean. Each position must have a pixel of the image under it.
type Pool struct {
	Window        Window
	Before        [2]int // padding: lines above the image and columns left of it
	Height, Width int    // of the result
	Mean          bool
	Whole         bool // divides all sums by the size of the window, as if the padding were pixels of value 0
}

// Run pools a batch of images of height×width×channels.
func (p *Pool) Run(dst, x []float32, batch, height, width, channels int) {
	in := plane{height, width, channels}
	result := p.Height * p.Width * channels
	for n := range batch {
		p.lines(dst[n*result:(n+1)*result], x[n*in.len():(n+1)*in.len()], in, 0, 0, p.Height)
	}
}

// under returns which lines from ≤ i < to of images of so many line r of the result depends on.
func (p *Pool) under(r, height int) (from, to int) {
	_, rows, from := p.Window.inside(0, r, p.Before[0], height)
	return from, from + (rows-1)*p.Window.Dilation[0] + 1
}

// lines sets dst to the lines from ≤ i < to of the result. src holds lines of the image, from
// the line top on: those that are needed.
func (p *Pool) lines(dst, src []float32, in plane, top, from, to int) {
	n := p.Width * in.channels
	for r := from; r < to; r++ {
		_, rows, first := p.Window.inside(0, r, p.Before[0], in.height)
		p.line(dst[:n], src[(first-top)*in.line():], in, rows)
		dst = dst[n:]
	}
}

// line pools so many rows into one line. Windows that reach over the edge of the image are
// computed one by one, all others in one call.
func (p *Pool) line(dst, src []float32, in plane, rows int) {
	w := &p.Window
	for x := 0; x < p.Width; {
		_, cols, at := w.inside(1, x, p.Before[1], in.width)
		count := w.abreast(x, cols, p.Before[1], in.width, p.Width)
		p.windows(dst[x*in.channels:(x+count)*in.channels], src[at*in.channels:], in, rows, cols, count)
		x += count
	}
}

// windows computes count windows of rows × cols pixels, side by side.
func (p *Pool) windows(dst, src []float32, in plane, rows, cols, count int) {
	d := p.Window.Dilation
	w := kernel.Window{Rows: rows, Cols: cols, Channels: in.channels, Count: count,
		Line: d[0] * in.line(), Pixel: d[1] * in.channels, Step: p.Window.Stride[1] * in.channels, Next: in.channels}
	if !p.Mean {
		kernel.WindowMax(dst, src, w)
		return
	}
	kernel.WindowSum(dst, src, w)
	pixels := rows * cols
	if p.Whole {
		pixels = p.Window.Size[0] * p.Window.Size[1]
	}
	kernel.BinaryScalar(kernel.Div, dst, dst, float32(pixels))
}
