package nn

import (
	"context"
	"slices"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/internal/kernel"
)

// ReLU is the rectifier max(x, 0). A [Chain] computes it together with the [Dense],
// [Conv2D] or [BatchNorm] before it.
type ReLU struct{}

// Forward returns max(x, 0).
func (ReLU) Forward(ctx context.Context, x Tensor) Tensor { return allocarray.ReLU(ctx, x) }

// OutputShape returns sample.
func (ReLU) OutputShape(sample []int) ([]int, error) { return slices.Clone(sample), nil }

// Tanh is the hyperbolic tangent.
type Tanh struct{}

// Forward returns tanh x.
func (Tanh) Forward(ctx context.Context, x Tensor) Tensor { return allocarray.Tanh(ctx, x) }

// OutputShape returns sample.
func (Tanh) OutputShape(sample []int) ([]int, error) { return slices.Clone(sample), nil }

// Sigmoid is the logistic function 1/(1+e^-x).
type Sigmoid struct{}

// Forward returns 1/(1+e^-x).
func (Sigmoid) Forward(ctx context.Context, x Tensor) Tensor { return allocarray.Sigmoid(ctx, x) }

// OutputShape returns sample.
func (Sigmoid) OutputShape(sample []int) ([]int, error) { return slices.Clone(sample), nil }

// GELU is x·Φ(x), where Φ is the distribution function of the standard normal
// distribution (Hendrycks and Gimpel, 2016).
type GELU struct {
	// Approximate selects the paper's approximation by a hyperbolic tangent, as
	// PyTorch's approximate="tanh" does, for models trained with it.
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
func (GELU) OutputShape(sample []int) ([]int, error) { return slices.Clone(sample), nil }

// Softmax is e^x / Σ e^x along the last axis.
type Softmax struct{}

// Forward returns e^x / Σ e^x.
func (Softmax) Forward(ctx context.Context, x Tensor) Tensor {
	if x.Rank() == 0 || x.Len() == 0 || !x.IsContiguous() {
		return allocarray.Softmax(ctx, x)
	}
	y := x.Similar(ctx)
	kernel.SoftmaxRows(y.Data(), x.Data(), x.Dim(-1))
	requireLive(&x, &y)
	return y
}

// OutputShape returns sample.
func (Softmax) OutputShape(sample []int) ([]int, error) { return slices.Clone(sample), nil }

// LogSoftmax is the logarithm of [Softmax] along the last axis. It is accurate where
// Softmax underflows.
type LogSoftmax struct{}

// Forward returns x - ln Σ e^x.
func (LogSoftmax) Forward(ctx context.Context, x Tensor) Tensor {
	if x.Rank() == 0 || x.Len() == 0 || !x.IsContiguous() {
		return allocarray.LogSoftmax(ctx, x)
	}
	y := x.Similar(ctx)
	kernel.LogSoftmaxRows(y.Data(), x.Data(), x.Dim(-1))
	requireLive(&x, &y)
	return y
}

// OutputShape returns sample.
func (LogSoftmax) OutputShape(sample []int) ([]int, error) { return slices.Clone(sample), nil }

// Dropout is the identity, since units are dropped in training only. With it the
// description of a trained model is complete.
type Dropout struct {
	P float64 // the probability used in training
}

// Forward returns x itself.
func (Dropout) Forward(_ context.Context, x Tensor) Tensor { return x }

// OutputShape returns sample.
func (Dropout) OutputShape(sample []int) ([]int, error) { return slices.Clone(sample), nil }
