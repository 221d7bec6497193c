package nn

import (
	"context"
	"fmt"
)

// ToNCHW turns images of height×width×channels into PyTorch's
// channels×height×width. It belongs between the last layer on images and a
// [Flatten] if PyTorch trained the [Dense] after it; see the package documentation.
type ToNCHW struct{}

// Forward returns x, batch×height×width×channels, as a view of
// batch×channels×height×width.
func (ToNCHW) Forward(_ context.Context, x Tensor) Tensor { return permute("ToNCHW", x, 0, 3, 1, 2) }

// OutputShape returns channels×height×width.
func (ToNCHW) OutputShape(sample []int) ([]int, error) { return permuteShape(sample, 2, 0, 1) }

// ToNHWC turns images in PyTorch's order, channels×height×width, into the
// height×width×channels that the layers of this package take.
type ToNHWC struct{}

// Forward returns x, batch×channels×height×width, as a view of
// batch×height×width×channels.
func (ToNHWC) Forward(_ context.Context, x Tensor) Tensor { return permute("ToNHWC", x, 0, 2, 3, 1) }

// OutputShape returns height×width×channels.
func (ToNHWC) OutputShape(sample []int) ([]int, error) { return permuteShape(sample, 1, 2, 0) }

func permute(layer string, x Tensor, axes ...int) Tensor {
	if x.Rank() != 4 {
		panic(fmt.Sprintf("nn: %s: input of shape %s, want a batch of images", layer, shapeText(x.Shape())))
	}
	return x.Permute(axes...)
}

func permuteShape(sample []int, axes ...int) (shape []int, err error) {
	if len(sample) != len(axes) {
		return nil, fmt.Errorf("takes images, not samples of %s", shapeText(sample))
	}
	for _, a := range axes {
		shape = append(shape, sample[a])
	}
	return shape, nil
}

// Flatten makes one axis of all axes but the batch. In an image the channels of the
// first pixel come first; for PyTorch's order put a [ToNCHW] before it.
type Flatten struct{}

// Forward returns x as batch×features: a view of x if it is contiguous, else a
// copy.
func (Flatten) Forward(ctx context.Context, x Tensor) Tensor {
	if !x.IsContiguous() {
		x = x.Clone(ctx)
	}
	batch := x.Dim(0)
	return x.Reshape(batch, x.Len()/max(batch, 1))
}

// OutputShape returns the number of elements in a sample.
func (Flatten) OutputShape(sample []int) ([]int, error) {
	n := 1
	for _, d := range sample {
		n *= d
	}
	return []int{n}, nil
}
