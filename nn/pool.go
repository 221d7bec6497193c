package nn

import (
	"context"
	"errors"
	"fmt"

	"github.com/allocarrays/allocarrays-go/internal/kernel"
)

// MaxPool2D returns, for each position of the window and each channel, the maximum
// of the pixels under the window, or NaN if one of them is NaN. Without a stride
// the window moves by its own size. Its padding counts as -∞, and is at most half
// of its size.
type MaxPool2D struct{ Window Window }

var _ Shaper = MaxPool2D{}

// String describes the layer.
func (m MaxPool2D) String() string { return fmt.Sprintf("MaxPool2D of %v", m.Window) }

// Forward returns the maxima of x, which is batch×height×width×channels. It also
// takes memory for one line of an image, and for a copy of x if x is not
// contiguous.
func (m MaxPool2D) Forward(ctx context.Context, x Tensor) Tensor {
	w := m.Window.withDefaults(m.Window.Size)
	if !w.pools(x) {
		panic(misfit(m, x))
	}
	y, x := w.poolOutput(ctx, x)
	w.pool(ctx, kernel.Max, y, x)
	return y
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

// Forward returns the means of x, which is batch×height×width×channels. It also
// takes memory for one line of an image, and for a copy of x if x is not
// contiguous.
func (a AvgPool2D) Forward(ctx context.Context, x Tensor) Tensor {
	w := a.Window.withDefaults(a.Window.Size)
	if !w.pools(x) {
		panic(misfit(a, x))
	}
	y, x := w.poolOutput(ctx, x)
	w.pool(ctx, kernel.Add, y, x)
	if a.ExcludePadding && w.Padding != [2]int{} {
		w.divideByCovered(y, x)
	} else {
		kernel.BinaryScalar(kernel.Div, y.Data(), y.Data(), float32(w.Size[0]*w.Size[1]))
	}
	return y
}

// divideByCovered divides each pixel of y by the number of pixels of x in its sum.
func (w Window) divideByCovered(y, x Tensor) {
	rest := y.Data()
	for range y.Dim(0) {
		for r := range y.Dim(1) {
			top, bottom := w.under(0, r, x.Dim(1))
			for s := range y.Dim(2) {
				left, right := w.under(1, s, x.Dim(2))
				pixel := rest[:y.Dim(3)]
				kernel.BinaryScalar(kernel.Div, pixel, pixel, float32((bottom-top)*(right-left)))
				rest = rest[len(pixel):]
			}
		}
	}
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

// poolOutput returns the memory for the result of pooling x, and x contiguous.
func (w Window) poolOutput(ctx context.Context, x Tensor) (Tensor, Tensor) {
	height, width := w.fit(x)
	y := x.Similar(ctx, x.Dim(0), height, width, x.Dim(3))
	if !x.IsContiguous() {
		x = x.Clone(ctx)
	}
	return y, x
}

// pools reports whether a pooling layer with this window takes x.
func (w Window) pools(x Tensor) bool {
	height, _ := w.fit(x)
	return height > 0 && w.checkPool() == nil
}

// pool combines, by op, the pixels of the image that are under each position of the
// window, channel by channel. Both x and y, which receives the result, are
// contiguous.
func (w Window) pool(ctx context.Context, op kernel.BinaryOp, y, x Tensor) {
	if x.Len() == 0 {
		return
	}
	line := x.Dim(2) * x.Dim(3)
	scratch := x.Similar(ctx, line).Data()
	images, out := x.Data(), y.Data()
	for n := range x.Dim(0) {
		image := images[n*x.Dim(1)*line:][:x.Dim(1)*line]
		for r := range y.Dim(1) {
			top, bottom := w.under(0, r, x.Dim(1))
			lines := reduce(op, scratch, image[top*line:bottom*line])
			out = w.poolLine(op, out, lines, y.Dim(2), x.Dim(3))
		}
	}
	requireLive(&x, &y)
}

// poolLine combines the pixels of one line, into the first elements of out, and
// returns the others.
func (w Window) poolLine(op kernel.BinaryOp, out, line []float32, width, channels int) []float32 {
	for s := range width {
		left, right := w.under(1, s, len(line)/channels)
		pixel := out[:channels]
		if r := reduce(op, pixel, line[left*channels:right*channels]); &r[0] != &pixel[0] {
			copy(pixel, r)
		}
		out = out[channels:]
	}
	return out
}

// under returns the part from ≤ i < to of an axis of the image, without padding,
// that the i-th position of the window covers.
func (w Window) under(axis, i, length int) (from, to int) {
	from = i*w.Stride[axis] - w.Padding[axis]
	return max(from, 0), min(from+w.Size[axis], length)
}

// reduce combines the rows of src, each as long as dst, into dst. A single row is
// returned as it is.
func reduce(op kernel.BinaryOp, dst, src []float32) []float32 {
	n := len(dst)
	if len(src) == n {
		return src
	}
	kernel.Binary(op, dst, src[:n], src[n:2*n])
	for src = src[2*n:]; len(src) > 0; src = src[n:] {
		kernel.Binary(op, dst, dst, src[:n])
	}
	return dst
}
