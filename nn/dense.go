package nn

import (
	"context"
	"fmt"
	"slices"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/internal/gemm"
	"github.com/allocarrays/allocarrays-go/internal/pieces"
)

// Dense is the affine layer y = x·Wᵀ + b. Create one with [NewDense].
type Dense struct {
	name         string
	weight, bias Tensor // out×in and out, on the Go heap; bias is empty without one
	packed       *gemm.Packed[float32]
}

var (
	_ Parametric = (*Dense)(nil)
	_ Shaper     = (*Dense)(nil)
)

// NewDense returns a layer from in to out features. Its parameters are name.weight,
// out×in, and name.bias, out; they are zero until they are loaded. NewDense panics
// if a size is not positive.
func NewDense(name string, in, out int) *Dense {
	d := newDense("NewDense", name, in, out)
	d.bias = allocarray.Wrap(make([]float32, out))
	return d
}

// NewDenseWithoutBias is [NewDense] without the parameter name.bias, as PyTorch's bias=False.
func NewDenseWithoutBias(name string, in, out int) *Dense {
	return newDense("NewDenseWithoutBias", name, in, out)
}

func newDense(function, name string, in, out int) *Dense {
	if in <= 0 || out <= 0 {
		panic(fmt.Sprintf("nn: %s %q: sizes %d and %d must be positive", function, name, in, out))
	}
	d := &Dense{name: name, weight: allocarray.Wrap(make([]float32, out*in), out, in)}
	d.ParametersChanged()
	return d
}

// In returns the number of input features.
func (d *Dense) In() int { return d.weight.Dim(1) }

// Out returns the number of output features.
func (d *Dense) Out() int { return d.weight.Dim(0) }

// String describes the layer.
func (d *Dense) String() string { return fmt.Sprintf("Dense %q %d→%d", d.name, d.In(), d.Out()) }

// Forward returns x·Wᵀ + b along the last axis of x, which must have In features.
// All axes before it are the batch. If x is not contiguous, Forward takes memory
// for a copy of it.
func (d *Dense) Forward(ctx context.Context, x Tensor) Tensor {
	return d.forward(ctx, x, gemm.None)
}

// forward computes the layer and the activation behind it in one pass.
func (d *Dense) forward(ctx context.Context, x Tensor, act gemm.Activation) Tensor {
	if x.Rank() < 2 || x.Dim(-1) != d.In() {
		panic(fmt.Sprintf("nn: %v: input of shape %s, want batch×%d", d, shapeText(x.Shape()), d.In()))
	}
	copied := !x.IsContiguous()
	if copied {
		x = x.Clone(ctx)
	}
	shape := x.Shape()
	shape[len(shape)-1] = d.Out()
	y := x.Similar(ctx, shape...)
	p := pieces.Product{Packed: d.packed, Dst: y.Data(), A: x.Data(), Bias: elements(d.bias), M: x.Len() / d.In(), K: d.In(), N: d.Out(), Act: act}
	p.Run(helpersOf(ctx, p.MultiplyAdds()))
	requireLive(&x, &y)
	if copied {
		release(ctx, x)
	}
	return y
}

// OutputShape returns sample with Out as its last length.
func (d *Dense) OutputShape(sample []int) ([]int, error) {
	if len(sample) == 0 || sample[len(sample)-1] != d.In() {
		return nil, fmt.Errorf("takes samples of …×%d, not %s", d.In(), shapeText(sample))
	}
	out := slices.Clone(sample)
	out[len(out)-1] = d.Out()
	return out, nil
}

// Parameters returns the weight and, if there is one, the bias.
func (d *Dense) Parameters() []Parameter { return weightAndBias(d.name, d.weight, d.bias) }

// ParametersChanged packs the weights in the order in which the product reads
// them.
func (d *Dense) ParametersChanged() {
	d.packed = gemm.Pack(d.weight.Data(), d.In(), d.Out(), 1, d.In())
}
