package nn

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/internal/gemm"
	"github.com/allocarrays/allocarrays-go/internal/kernel"
)

// BatchNorm is batch normalisation (Ioffe and Szegedy, 2015) with the statistics
// of the training, for each channel, which is the last axis:
//
//	y = (x - running_mean) / √(running_var + eps) · weight + bias
//
// It stands for PyTorch's BatchNorm1d and BatchNorm2d. A [Chain] makes it part of
// the weights of the [Conv2D] before it, where it costs nothing. Create one with
// [NewBatchNorm].
type BatchNorm struct {
	name                         string
	eps                          float64
	weight, bias, mean, variance Tensor // a number for each channel
	affine                       *affine
}

// affine is the layer as y = scale·x + shift. Both are repeated, so that one pass
// covers more than the few channels of a pixel. It is immutable; see [filters].
type affine struct{ scale, shift []float32 }

// affineRun is the least number of elements that scale and shift have, which is a multiple
// of 16, so that all but the last vector are whole. Together with as many of x and y they
// stay in the first-level cache.
const affineRun = 1024

var (
	_ Parametric = (*BatchNorm)(nil)
	_ Shaper     = (*BatchNorm)(nil)
)

// NewBatchNorm returns a layer whose parameters are name.weight, name.bias,
// name.running_mean and name.running_var, each with one number per channel. Until
// they are loaded the layer divides by √(1 + eps). eps must be that of the
// training; PyTorch's default is 1e-5. NewBatchNorm panics if channels or eps is
// not positive.
func NewBatchNorm(name string, channels int, eps float64) *BatchNorm {
	if channels <= 0 || !(eps > 0) || math.IsInf(eps, 1) {
		panic(fmt.Sprintf("nn: NewBatchNorm %q: %d channels and eps %v must be positive", name, channels, eps))
	}
	per := func(v float32) Tensor { return allocarray.Wrap(slices.Repeat([]float32{v}, channels)) }
	b := &BatchNorm{name: name, eps: eps, weight: per(1), bias: per(0), mean: per(0), variance: per(1)}
	b.ParametersChanged()
	return b
}

// Channels returns the number of channels.
func (b *BatchNorm) Channels() int { return b.weight.Len() }

// String describes the layer.
func (b *BatchNorm) String() string { return fmt.Sprintf("BatchNorm %q of %d", b.name, b.Channels()) }

// Forward returns x normalised along its last axis, which has Channels elements.
func (b *BatchNorm) Forward(ctx context.Context, x Tensor) Tensor {
	return b.forward(ctx, x, gemm.None)
}

// check panics if the layer does not take x.
func (b *BatchNorm) check(x Tensor) {
	if x.Rank() < 2 || x.Dim(-1) != b.Channels() {
		panic(misfit(b, x))
	}
}

// overwrite is forward in place, for an x that is contiguous and the caller's to change.
func (b *BatchNorm) overwrite(x Tensor, act gemm.Activation) {
	b.check(x)
	b.affine.apply(x.Data(), x.Data(), act == gemm.ReLU)
	requireLive(&x, &x)
}

// forward computes the layer and the activation behind it in one pass.
func (b *BatchNorm) forward(ctx context.Context, x Tensor, act gemm.Activation) Tensor {
	b.check(x)
	y := x
	if x.IsContiguous() {
		y = x.Similar(ctx)
	} else {
		x = x.Clone(ctx)
		y = x // the copy is ours to change
	}
	b.affine.apply(y.Data(), x.Data(), act == gemm.ReLU)
	requireLive(&x, &y)
	return y
}

// apply computes dst = scale·src + shift, rectified if relu is set, for pixels of all
// channels. dst may be src.
func (a *affine) apply(dst, src []float32, relu bool) {
	for len(src) > 0 {
		n := min(len(src), len(a.scale))
		kernel.Affine(dst[:n], src[:n], a.scale[:n], a.shift[:n], relu)
		dst, src = dst[n:], src[n:]
	}
}

// OutputShape returns sample.
func (b *BatchNorm) OutputShape(sample []int) ([]int, error) {
	if len(sample) == 0 || sample[len(sample)-1] != b.Channels() {
		return nil, fmt.Errorf("takes samples of …×%d, not %s", b.Channels(), shapeText(sample))
	}
	return slices.Clone(sample), nil
}

// Parameters returns weight, bias, running mean and running variance.
func (b *BatchNorm) Parameters() []Parameter {
	return []Parameter{
		{Name: b.name + ".weight", Value: b.weight},
		{Name: b.name + ".bias", Value: b.bias},
		{Name: b.name + ".running_mean", Value: b.mean},
		{Name: b.name + ".running_var", Value: b.variance, check: checkVariance},
	}
}

// checkVariance refuses what is not a variance, and would make the output NaN, or
// the same for every input.
func checkVariance(values []float32) string {
	for i, v := range values {
		if !(v >= 0) || math.IsInf(float64(v), 1) {
			return fmt.Sprintf("element %d is %v, a variance must be finite and not negative", i, v)
		}
	}
	return ""
}

// ParametersChanged makes a factor and a summand of the four parameters of each
// channel. With a negative running variance they are NaN; [Load] refuses one.
func (b *BatchNorm) ParametersChanged() {
	scale, shift := b.scaleAndShift()
	times := ((affineRun+len(scale)-1)/len(scale) + 15) &^ 15
	b.affine = &affine{slices.Repeat(float32s(scale), times), slices.Repeat(float32s(shift), times)}
}

// scaleAndShift returns, for each channel, the factor of x and the summand.
func (b *BatchNorm) scaleAndShift() (scale, shift []float64) {
	for i := range b.Channels() {
		s := float64(b.weight.At(i)) / math.Sqrt(float64(b.variance.At(i))+b.eps)
		scale = append(scale, s)
		shift = append(shift, float64(b.bias.At(i))-float64(b.mean.At(i))*s)
	}
	return scale, shift
}

func float32s(x []float64) []float32 {
	y := make([]float32, len(x))
	for i, v := range x {
		y[i] = float32(v)
	}
	return y
}
