package nn

import (
	"context"
	"fmt"

	"github.com/allocarrays/allocarrays-go/internal/kernel"
)

// AvgPool2D makes, channel by channel, one pixel of all those under the window:
// their mean. The window moves by its own size unless it has a stride. Its
// padding, at most half of its size, counts as pixels of value 0.
type AvgPool2D struct {
	Window Window

	// ExcludePadding divides by the number of pixels of the image alone that are
	// under the window, as PyTorch's count_include_pad=False.
	ExcludePadding bool
}

var _ Shaper = AvgPool2D{}

// String describes the layer.
func (a AvgPool2D) String() string { return fmt.Sprintf("AvgPool2D of %v", a.Window) }

// Forward returns the means of x, which is batch×height×width×channels. It takes
// memory for one line of an image besides, and for a copy of x if that is not
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

// divideByCovered divides each pixel of y by the number of pixels of x it is the
// sum of.
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
