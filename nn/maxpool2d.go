package nn

import (
	"context"
	"fmt"

	"github.com/allocarrays/allocarrays-go/internal/kernel"
)

// MaxPool2D makes, channel by channel, one pixel of all those under the window:
// their maximum, which is NaN if one of them is. The window moves by its own size
// unless it has a stride. Its padding, at most half of its size, counts as -∞.
type MaxPool2D struct{ Window Window }

var _ Shaper = MaxPool2D{}

// String describes the layer.
func (m MaxPool2D) String() string { return fmt.Sprintf("MaxPool2D of %v", m.Window) }

// Forward returns the maxima of x, which is batch×height×width×channels. It takes
// memory for one line of an image besides, and for a copy of x if that is not
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
