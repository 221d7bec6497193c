package nn

import (
	"context"

	"github.com/allocarrays/allocarrays-go/internal/conv"
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
	return pooling{window: w, isMean: true, exclude: a.ExcludePadding}
}

// of returns the pooling of images of height×width.
func (p *pooling) of(height, width int) conv.Pool {
	height, width = p.window.fitSize(height, width)
	return conv.Pool{Window: p.window.unpadded(), Before: p.window.Padding, Height: height, Width: width, Mean: p.isMean, Whole: !p.exclude}
}

// forward pools x, which the window fits.
func (p *pooling) forward(ctx context.Context, x Tensor) Tensor {
	run := p.of(x.Dim(1), x.Dim(2))
	y := x.Similar(ctx, x.Dim(0), run.Height, run.Width, x.Dim(3))
	copied := !x.IsContiguous()
	if copied {
		x = x.Clone(ctx)
	}
	if x.Len() > 0 {
		run.Run(y.Data(), x.Data(), x.Dim(0), x.Dim(1), x.Dim(2), x.Dim(3))
	}
	requireLive(&x, &y)
	if copied {
		release(ctx, x)
	}
	return y
}
