package nn

import (
	"context"

	"github.com/allocarrays/allocarrays-go/internal/kernel"
)

// A pooling is a pooling layer as it is computed.
type pooling struct {
	window  Window // with its defaults
	isMean  bool
	exclude bool // padding from the mean
}

// newPooling returns l, and whether it is a pooling layer.
func newPooling(l Layer) (p pooling, ok bool) {
	switch l := l.(type) {
	case MaxPool2D:
		return l.pooling(), true
	case AvgPool2D:
		return l.pooling(), true
	}
	return p, false
}

func (m MaxPool2D) pooling() pooling {
	return pooling{window: m.Window.withDefaults(m.Window.Size)}
}

func (a AvgPool2D) pooling() pooling {
	w := a.Window.withDefaults(a.Window.Size)
	return pooling{window: w, isMean: true, exclude: a.ExcludePadding && w.Padding != [2]int{}}
}

// forward pools x, which the window fits.
func (p *pooling) forward(ctx context.Context, x Tensor) Tensor {
	height, width := p.window.fit(x)
	y := x.Similar(ctx, x.Dim(0), height, width, x.Dim(3))
	copied := !x.IsContiguous()
	if copied {
		x = x.Clone(ctx)
	}
	if x.Len() > 0 {
		in, image, result := plane{x.Dim(1), x.Dim(2), x.Dim(3)}, x.Len()/x.Dim(0), y.Len()/y.Dim(0)
		for n := range x.Dim(0) {
			p.lines(y.Data()[n*result:(n+1)*result], x.Data()[n*image:(n+1)*image], in, 0, 0, height)
		}
	}
	requireLive(&x, &y)
	if copied {
		release(ctx, x)
	}
	return y
}

// lineLen returns the number of elements in a line of the result for images of that size.
func (p *pooling) lineLen(in plane) int { return p.window.positions(1, in.width) * in.channels }

// lines sets dst to the lines from ≤ i < to of the result. src holds lines of the image, from
// the line top on: those that are needed.
func (p *pooling) lines(dst, src []float32, in plane, top, from, to int) {
	n := p.lineLen(in)
	for r := from; r < to; r++ {
		above, below := p.window.under(0, r, in.height)
		p.line(dst[:n], src[(above-top)*in.line():], in, below-above)
		dst = dst[n:]
	}
}

// line pools so many rows into one line. Windows that reach over the edge of the image are
// computed one by one, all others in one call.
func (p *pooling) line(dst, src []float32, in plane, rows int) {
	size, stride, padding := p.window.Size[1], p.window.Stride[1], p.window.Padding[1]
	width := len(dst) / in.channels
	begin := min((padding+stride-1)/stride, width)
	end := begin
	if room := in.width + padding - size; room >= 0 {
		end = max(begin, min(room/stride+1, width))
	}
	for s := 0; s < width; s++ {
		left, right := p.window.under(1, s, in.width)
		count := 1
		if s == begin {
			count = max(1, end-begin)
		}
		p.windows(dst[s*in.channels:(s+count)*in.channels], src[left*in.channels:], in, rows, right-left, count)
		s += count - 1
	}
}

// windows computes count windows of rows × cols pixels, side by side.
func (p *pooling) windows(dst, src []float32, in plane, rows, cols, count int) {
	w := kernel.Window{Rows: rows, Cols: cols, Channels: in.channels, Count: count,
		Line: in.line(), Pixel: in.channels, Step: p.window.Stride[1] * in.channels, Next: in.channels}
	if !p.isMean {
		kernel.WindowMax(dst, src, w)
		return
	}
	kernel.WindowSum(dst, src, w)
	pixels := p.window.Size[0] * p.window.Size[1]
	if p.exclude {
		pixels = rows * cols
	}
	kernel.BinaryScalar(kernel.Div, dst, dst, float32(pixels))
}
