package nn

import (
	"context"

	"github.com/allocarrays/allocarrays-go/internal/gemm"
)

// fuse returns the steps in which the layers are computed. One step is a Conv2D and
// the BatchNorm after it, or any of these or a Dense and the ReLU after it.
func fuse(layers []Layer) (steps []Layer) {
	for len(layers) > 0 {
		step := layers[0]
		layers = layers[1:]
		if len(layers) > 0 {
			if j := joined(step, layers[0]); j != nil {
				step, layers = j, layers[1:]
			}
		}
		if len(layers) > 0 && isReLU(layers[0]) {
			if r := rectified(step); r != nil {
				step, layers = r, layers[1:]
			}
		}
		steps = append(steps, step)
	}
	return steps
}

// joined returns both layers as one, or nil.
func joined(first, second Layer) Layer {
	c, isConv := first.(*Conv2D)
	b, isNorm := second.(*BatchNorm)
	if !isConv || !isNorm || c.Out() != b.Channels() {
		return nil
	}
	return newConvNorm(c, b)
}

func isReLU(l Layer) bool {
	_, ok := l.(ReLU)
	return ok
}

// rectified returns l and a ReLU as one layer, or nil. It lists the types rather than
// asking for a method, because a user type embedding one would inherit the method
// and bypass its own Forward.
func rectified(l Layer) Layer {
	switch l := l.(type) {
	case *Dense:
		return denseReLU{l}
	case *Conv2D:
		return convReLU{l}
	case *BatchNorm:
		return normReLU{l}
	case *convNorm:
		return convNormReLU{l}
	}
	return nil
}

// These layers rectify each element as they store it.
type (
	denseReLU    struct{ *Dense }
	convReLU     struct{ *Conv2D }
	normReLU     struct{ *BatchNorm }
	convNormReLU struct{ *convNorm }
)

func (l denseReLU) Forward(ctx context.Context, x Tensor) Tensor {
	return l.forward(ctx, x, gemm.ReLU)
}

func (l convReLU) Forward(ctx context.Context, x Tensor) Tensor {
	return l.forward(ctx, x, l.filters, gemm.ReLU)
}

func (l normReLU) Forward(ctx context.Context, x Tensor) Tensor {
	return l.forward(ctx, x, gemm.ReLU)
}

func (l convNormReLU) Forward(ctx context.Context, x Tensor) Tensor {
	return l.forward(ctx, x, gemm.ReLU)
}

// convNorm is a Conv2D and the BatchNorm after it as one convolution:
//
//	scale·(Σ w·x + b) + shift = Σ (scale·w)·x + (scale·b + shift)
type convNorm struct {
	conv    *Conv2D
	norm    *BatchNorm
	filters *filters // of the two together

	// What filters was made from. If someone changed the parameters of one of
	// the layers since, and not through the chain that joined them, the layers
	// have others now, and are computed one by one.
	ofConv *filters
	ofNorm *affine
}

// newConvNorm joins layers whose numbers of channels agree.
func newConvNorm(c *Conv2D, b *BatchNorm) *convNorm {
	scale, shift := b.scaleAndShift()
	w, k := c.channelsLast(), c.weight.Len()/c.Out()
	bias := make([]float32, c.Out())
	for o, s := range scale {
		for i := o * k; i < (o+1)*k; i++ {
			w[i] = float32(float64(w[i]) * s)
		}
		if c.filters.bias != nil {
			shift[o] += s * float64(c.filters.bias[o])
		}
		bias[o] = float32(shift[o])
	}
	return &convNorm{conv: c, norm: b, filters: &filters{c.pack(w), bias}, ofConv: c.filters, ofNorm: b.affine}
}

// Forward computes both layers.
func (j *convNorm) Forward(ctx context.Context, x Tensor) Tensor {
	return j.forward(ctx, x, gemm.None)
}

func (j *convNorm) forward(ctx context.Context, x Tensor, act gemm.Activation) Tensor {
	if j.ofConv != j.conv.filters || j.ofNorm != j.norm.affine {
		return j.norm.forward(ctx, j.conv.Forward(ctx, x), act)
	}
	return j.conv.forward(ctx, x, j.filters, act)
}
