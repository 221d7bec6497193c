package nn

import "context"

// Flatten makes one axis of all axes behind the batch. Of images the channels of the
// first pixel come first; for PyTorch's order put a [ToNCHW] in front.
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
