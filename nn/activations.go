package nn

import (
	"context"
	"fmt"
	"slices"

	"github.com/allocarrays/allocarrays-go/internal/kernel"
)

// activate returns f of the elements of x. A copy of x that is not contiguous becomes the result.
func activate(ctx context.Context, x Tensor, f func(dst, a []float32)) Tensor {
	y := x
	if x.IsContiguous() {
		y = x.Similar(ctx)
	} else {
		x = x.Clone(ctx)
		y = x // the copy is ours to change
	}
	f(y.Data(), x.Data())
	requireLive(&x, &y)
	return y
}

// LeakyReLU is x where x ≥ 0, and Slope·x elsewhere.
type LeakyReLU struct {
	Slope float32 // PyTorch's default is 0.01, but 0 means 0
}

// Forward returns max(x, 0) + Slope·min(x, 0).
func (l LeakyReLU) Forward(ctx context.Context, x Tensor) Tensor {
	return activate(ctx, x, l.apply)
}

func (l LeakyReLU) apply(dst, a []float32) { kernel.LeakyReLU(dst, a, l.Slope) }

// String describes the layer.
func (l LeakyReLU) String() string { return fmt.Sprintf("LeakyReLU of slope %v", l.Slope) }

// OutputShape returns sample.
func (LeakyReLU) OutputShape(sample []int) ([]int, error) { return slices.Clone(sample), nil }

// SiLU is x/(1+e^-x), also known as swish (Elfwing, Uchibe and Doya, 2017).
type SiLU struct{}

// Forward returns x/(1+e^-x).
func (SiLU) Forward(ctx context.Context, x Tensor) Tensor { return activate(ctx, x, kernel.SiLU) }

// OutputShape returns sample.
func (SiLU) OutputShape(sample []int) ([]int, error) { return slices.Clone(sample), nil }

// ELU is x where x > 0, and Alpha·(e^x - 1) elsewhere (Clevert, Unterthiner and Hochreiter, 2015).
type ELU struct {
	Alpha float32 // PyTorch's default is 1, but 0 means 0
}

// Forward returns max(x, 0) + Alpha·(e^min(x, 0) - 1).
func (l ELU) Forward(ctx context.Context, x Tensor) Tensor {
	return activate(ctx, x, l.apply)
}

func (l ELU) apply(dst, a []float32) { kernel.ELU(dst, a, l.Alpha) }

// String describes the layer.
func (l ELU) String() string { return fmt.Sprintf("ELU of alpha %v", l.Alpha) }

// OutputShape returns sample.
func (ELU) OutputShape(sample []int) ([]int, error) { return slices.Clone(sample), nil }

// Softplus is ln(1 + e^x), as PyTorch's with its defaults beta 1 and threshold 20: above 20 it is x.
type Softplus struct{}

// Forward returns ln(1 + e^x).
func (l Softplus) Forward(ctx context.Context, x Tensor) Tensor { return activate(ctx, x, l.apply) }

func (Softplus) apply(dst, a []float32) { kernel.Softplus(dst, a, 1, 20) }

// OutputShape returns sample.
func (Softplus) OutputShape(sample []int) ([]int, error) { return slices.Clone(sample), nil }

// HardSwish is x·max(0, min(6, x+3))/6 (Howard et al., "Searching for MobileNetV3", 2019).
type HardSwish struct{}

// Forward returns x·max(0, min(6, x+3))/6.
func (HardSwish) Forward(ctx context.Context, x Tensor) Tensor {
	return activate(ctx, x, kernel.HardSwish)
}

// OutputShape returns sample.
func (HardSwish) OutputShape(sample []int) ([]int, error) { return slices.Clone(sample), nil }

// HardSigmoid is max(0, min(6, x+3))/6, as PyTorch's.
type HardSigmoid struct{}

// Forward returns max(0, min(6, x+3))/6.
func (l HardSigmoid) Forward(ctx context.Context, x Tensor) Tensor {
	return activate(ctx, x, l.apply)
}

func (HardSigmoid) apply(dst, a []float32) { kernel.HardSigmoid(dst, a, 1./6, 0.5) }

// OutputShape returns sample.
func (HardSigmoid) OutputShape(sample []int) ([]int, error) { return slices.Clone(sample), nil }

// ReLU6 is min(max(x, 0), 6).
type ReLU6 struct{}

// Forward returns min(max(x, 0), 6).
func (l ReLU6) Forward(ctx context.Context, x Tensor) Tensor { return activate(ctx, x, l.apply) }

func (ReLU6) apply(dst, a []float32) {
	kernel.ReLU(dst, a)
	kernel.BinaryScalar(kernel.Min, dst, dst, 6)
}

// OutputShape returns sample.
func (ReLU6) OutputShape(sample []int) ([]int, error) { return slices.Clone(sample), nil }

// Identity returns its input: a branch of [Sum] or [Concat] that computes nothing.
type Identity struct{}

// Forward returns x itself.
func (Identity) Forward(_ context.Context, x Tensor) Tensor { return x }

// OutputShape returns sample.
func (Identity) OutputShape(sample []int) ([]int, error) { return slices.Clone(sample), nil }
