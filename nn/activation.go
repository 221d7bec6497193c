package nn

import (
	"context"

	"github.com/allocarrays/allocarrays-go/allocarray"
)

// ReLU is the rectifier max(x, 0). Behind a [Dense], [Conv2D] or [BatchNorm] in a
// [Chain] it is computed together with it.
type ReLU struct{}

// Forward returns max(x, 0).
func (ReLU) Forward(ctx context.Context, x Tensor) Tensor { return allocarray.ReLU(ctx, x) }

// OutputShape returns sample.
func (ReLU) OutputShape(sample []int) ([]int, error) { return sameShape(sample) }

// Tanh is the hyperbolic tangent.
type Tanh struct{}

// Forward returns tanh x.
func (Tanh) Forward(ctx context.Context, x Tensor) Tensor { return allocarray.Tanh(ctx, x) }

// OutputShape returns sample.
func (Tanh) OutputShape(sample []int) ([]int, error) { return sameShape(sample) }

// Sigmoid is the logistic function 1/(1+e^-x).
type Sigmoid struct{}

// Forward returns 1/(1+e^-x).
func (Sigmoid) Forward(ctx context.Context, x Tensor) Tensor { return allocarray.Sigmoid(ctx, x) }

// OutputShape returns sample.
func (Sigmoid) OutputShape(sample []int) ([]int, error) { return sameShape(sample) }

// GELU is x·Φ(x) (Hendrycks and Gimpel, 2016), Φ being the distribution function of
// the standard normal distribution.
type GELU struct {
	// Approximate selects the paper's approximation by a hyperbolic tangent, for
	// models that were trained with it, as PyTorch's approximate="tanh".
	Approximate bool
}

// Forward returns x·Φ(x).
func (g GELU) Forward(ctx context.Context, x Tensor) Tensor {
	if g.Approximate {
		return allocarray.GELUTanh(ctx, x)
	}
	return allocarray.GELU(ctx, x)
}

// OutputShape returns sample.
func (GELU) OutputShape(sample []int) ([]int, error) { return sameShape(sample) }

// Softmax is e^x / Σ e^x along the last axis.
type Softmax struct{}

// Forward returns e^x / Σ e^x.
func (Softmax) Forward(ctx context.Context, x Tensor) Tensor { return allocarray.Softmax(ctx, x) }

// OutputShape returns sample.
func (Softmax) OutputShape(sample []int) ([]int, error) { return sameShape(sample) }

// LogSoftmax is the logarithm of [Softmax], accurate where that underflows.
type LogSoftmax struct{}

// Forward returns x - ln Σ e^x.
func (LogSoftmax) Forward(ctx context.Context, x Tensor) Tensor { return allocarray.LogSoftmax(ctx, x) }

// OutputShape returns sample.
func (LogSoftmax) OutputShape(sample []int) ([]int, error) { return sameShape(sample) }

// Dropout is the identity: units are dropped in training only. It stands for the
// layer in the description of a trained model.
type Dropout struct {
	P float64 // the probability used in training
}

// Forward returns x itself.
func (Dropout) Forward(_ context.Context, x Tensor) Tensor { return x }

// OutputShape returns sample.
func (Dropout) OutputShape(sample []int) ([]int, error) { return sameShape(sample) }
