package nn

import (
	"context"

	"github.com/allocarrays/allocarrays-go/internal/gemm"
)

// convNorm is a Conv2D and the BatchNorm behind it as one convolution:
//
//	scale·(Σ w·x + b) + shift = Σ (scale·w)·x + (scale·b + shift)
type convNorm struct {
	conv    *Conv2D
	norm    *BatchNorm
	filters *filters // of the two together

	// What filters was made from. If the parameters of one of the layers were
	// changed since, and not through the chain that joined them, these are not
	// the layers' any more, and the layers are computed one by one.
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
