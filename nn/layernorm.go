package nn

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/internal/kernel"
)

// LayerNorm normalises each row along the last axis by its own mean and variance (Ba, Kiros
// and Hinton, 2016):
//
//	y = (x - mean) / √(variance + eps) · weight + bias
//
// It stands for PyTorch's LayerNorm over one axis. Create one with [NewLayerNorm].
type LayerNorm struct {
	name         string
	eps          float64
	weight, bias Tensor // a number for each feature
}

var (
	_ Parametric = (*LayerNorm)(nil)
	_ Shaper     = (*LayerNorm)(nil)
)

// NewLayerNorm returns a layer whose parameters are name.weight and name.bias, each with one
// number per feature: ones and zeros until they are loaded. eps must be that of the
// training; PyTorch's default is 1e-5. NewLayerNorm panics if features or eps is not
// positive.
func NewLayerNorm(name string, features int, eps float64) *LayerNorm {
	if features <= 0 || !(eps > 0) || math.IsInf(eps, 1) {
		panic(fmt.Sprintf("nn: NewLayerNorm %q: %d features and eps %v must be positive", name, features, eps))
	}
	return &LayerNorm{name: name, eps: eps, weight: allocarray.Wrap(slices.Repeat([]float32{1}, features)),
		bias: allocarray.Wrap(make([]float32, features))}
}

// Features returns the length of a row.
func (l *LayerNorm) Features() int { return l.weight.Len() }

// String describes the layer.
func (l *LayerNorm) String() string { return fmt.Sprintf("LayerNorm %q of %d", l.name, l.Features()) }

// Forward returns x normalised along its last axis, which has Features elements. If x is not
// contiguous, Forward takes memory for a copy, which becomes the result. A row with NaN or an
// infinity becomes NaN.
func (l *LayerNorm) Forward(ctx context.Context, x Tensor) Tensor {
	l.check(x)
	y := x
	if x.IsContiguous() {
		y = x.Similar(ctx)
	} else {
		x = x.Clone(ctx)
		y = x // the copy is ours to change
	}
	l.apply(y, x)
	return y
}

// check panics if the layer does not take x.
func (l *LayerNorm) check(x Tensor) {
	if x.Rank() < 2 || x.Dim(-1) != l.Features() {
		panic(misfit(l, x))
	}
}

// apply computes y from x, which may be y.
func (l *LayerNorm) apply(y, x Tensor) {
	kernel.NormalizeRows(y.Data(), x.Data(), l.weight.Data(), l.bias.Data(), float32(l.eps))
	requireLive(&x, &y)
}

// overwrite is Forward in place, for an x that is contiguous and the caller's to change.
func (l *LayerNorm) overwrite(x Tensor) {
	l.check(x)
	l.apply(x, x)
}

// OutputShape returns sample.
func (l *LayerNorm) OutputShape(sample []int) ([]int, error) {
	if len(sample) == 0 || sample[len(sample)-1] != l.Features() {
		return nil, fmt.Errorf("takes samples of …×%d, not %s", l.Features(), shapeText(sample))
	}
	return slices.Clone(sample), nil
}

// Parameters returns weight and bias.
func (l *LayerNorm) Parameters() []Parameter {
	return []Parameter{{Name: l.name + ".weight", Value: l.weight}, {Name: l.name + ".bias", Value: l.bias}}
}

// ParametersChanged does nothing: Forward reads the parameters themselves.
func (l *LayerNorm) ParametersChanged() {}
