package mlp

import (
	"context"
	"fmt"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/nn"
)

// A Prediction is the digit that a model takes an image for.
type Prediction struct {
	Digit       int
	Probability float32 // from 0 to 1
}

// Classify sets out[i] to what the model takes image i for. Images are batch×784
// bytes, 0 paper to 255 ink. All temporary memory comes from ctx, and may be
// released when Classify returns. Classify panics unless out has one element for each
// image.
//
// Any number of goroutines may classify with one model.
func Classify(ctx context.Context, model *nn.Chain, images allocarray.AllocArray[uint8], out []Prediction) {
	if len(out) != images.Dim(0) {
		panic(fmt.Sprintf("mlp: Classify: %d predictions for %d images", len(out), images.Dim(0)))
	}
	probabilities := Probabilities(ctx, model, images)
	best := allocarray.ArgMaxAxis(ctx, probabilities, 1)
	for i := range out {
		digit := best.At(i)
		out[i] = Prediction{digit, probabilities.At(i, digit)}
	}
	best.Release(ctx)
	probabilities.Release(ctx)
}

// Probabilities returns the probability of each digit for each image, as batch×10 with
// memory from ctx. Images are as for [Classify].
func Probabilities(ctx context.Context, model *nn.Chain, images allocarray.AllocArray[uint8]) nn.Tensor {
	x := allocarray.Convert[float32](ctx, images)
	allocarray.MulScalarInto(x, x, 1.0/255)
	y := model.Forward(ctx, x)
	x.Release(ctx)
	return y
}
