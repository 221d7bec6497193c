package nn

import (
	"context"
	"errors"
	"fmt"
)

// MaxPool2D returns, for each position of the window and each channel, the maximum
// of the pixels under the window, or NaN if one of them is NaN. Without a stride
// the window moves by its own size. Its padding counts as -∞, and is at most half
// of its size.
type MaxPool2D struct{ Window Window }

var _ Shaper = MaxPool2D{}

// String describes the layer.
func (m MaxPool2D) String() string { return fmt.Sprintf("MaxPool2D of %v", m.Window) }

// Forward returns the maxima of x, which is batch×height×width×channels. It
// takes memory for a copy of x if x is not contiguous.
func (m MaxPool2D) Forward(ctx context.Context, x Tensor) Tensor {
	p := m.pooling()
	if !p.window.pools(x) {
		panic(misfit(m, x))
	}
	return p.forward(ctx, x)
}

// OutputShape returns the shape of the result for an image of
// height×width×channels.
func (m MaxPool2D) OutputShape(sample []int) ([]int, error) {
	return m.Window.withDefaults(m.Window.Size).poolShape(sample)
}

// AvgPool2D returns, for each position of the window and each channel, the mean of
// the pixels under the window. Without a stride the window moves by its own size.
// Its padding counts as pixels of value 0, and is at most half of its size.
type AvgPool2D struct {
	Window Window

	// ExcludePadding leaves the padding out of the mean, as PyTorch's
	// count_include_pad=False does.
	ExcludePadding bool
}

var _ Shaper = AvgPool2D{}

// String describes the layer.
func (a AvgPool2D) String() string { return fmt.Sprintf("AvgPool2D of %v", a.Window) }

// Forward returns the means of x, which is batch×height×width×channels. It
// takes memory for a copy of x if x is not contiguous.
func (a AvgPool2D) Forward(ctx context.Context, x Tensor) Tensor {
	p := a.pooling()
	if !p.window.pools(x) {
		panic(misfit(a, x))
	}
	return p.forward(ctx, x)
}

// OutputShape returns the shape of the result for an image of
// height×width×channels.
func (a AvgPool2D) OutputShape(sample []int) ([]int, error) {
	return a.Window.withDefaults(a.Window.Size).poolShape(sample)
}

// checkPool returns an error if w, with its defaults, is invalid for pooling. With
// more padding a position could have no pixel of the image under it.
func (w Window) checkPool() error {
	switch {
	case w.check() != nil:
		return w.check()
	case w.Dilation != [2]int{1, 1}:
		return errors.New("pooling has no dilation")
	case w.Padding[0] > w.Size[0]/2 || w.Padding[1] > w.Size[1]/2:
		return errors.New("padding is more than half of the window")
	}
	return nil
}

// poolShape is the OutputShape of a pooling layer.
func (w Window) poolShape(sample []int) ([]int, error) {
	if err := w.checkPool(); err != nil {
		return nil, err
	}
	channels := 0
	if len(sample) == 3 {
		channels = sample[2]
	}
	return w.outputShape(sample, "channels", channels)
}

// pools reports whether a pooling layer with this window takes x.
func (w Window) pools(x Tensor) bool {
	height, _ := w.fit(x)
	return height > 0 && w.checkPool() == nil
}
