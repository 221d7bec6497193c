package nn

import (
	"context"
	"errors"

	"github.com/allocarrays/allocarrays-go/internal/kernel"
)

// checkPool returns an error if w, with its defaults, is no window for pooling.
// With more padding a position could have nothing of the image under it.
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
