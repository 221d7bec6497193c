package nn

import (
	"context"

	"github.com/allocarrays/allocarrays-go/internal/conv"
	"github.com/allocarrays/allocarrays-go/internal/gemm"
)

// fuse returns the steps in which the layers are computed. One step is a Dense,
// BatchNorm or quantized layer and the ReLU after it, or what begins with a Conv2D: see stage.
func fuse(layers []Layer) (steps []Layer) {
	for len(layers) > 0 {
		step, taken := layers[0], 1
		if c, ok := step.(*Conv2D); ok {
			step, taken = newStage(c, layers)
		} else if len(layers) > 1 && isReLU(layers[1]) {
			if r := rectified(step); r != nil {
				step, taken = r, 2
			}
		}
		steps, layers = append(steps, step), layers[taken:]
	}
	return steps
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
	case *BatchNorm:
		return normReLU{l}
	case *QuantizedDense:
		return quantizedDenseReLU{l}
	case *QuantizedConv2D:
		return quantizedConvReLU{l}
	}
	return nil
}

// These layers rectify each element as they store it.
type (
	denseReLU struct{ *Dense }
	normReLU  struct{ *BatchNorm }

	quantizedDenseReLU struct{ *QuantizedDense }
	quantizedConvReLU  struct{ *QuantizedConv2D }
)

func (l denseReLU) Forward(ctx context.Context, x Tensor) Tensor {
	return l.forward(ctx, x, gemm.ReLU)
}

func (l normReLU) Forward(ctx context.Context, x Tensor) Tensor {
	return l.forward(ctx, x, gemm.ReLU)
}

func (l quantizedDenseReLU) Forward(ctx context.Context, x Tensor) Tensor {
	return l.forward(ctx, x, true)
}

func (l quantizedConvReLU) Forward(ctx context.Context, x Tensor) Tensor {
	return l.forward(ctx, x, true)
}

// convNorm is a Conv2D and the BatchNorm after it as one convolution:
//
//	scale·(Σ w·x + b) + shift = Σ (scale·w)·x + (scale·b + shift)
type convNorm struct {
	filters *conv.Filters // of the two together

	// What filters was made from. If someone changed the parameters of one of
	// the layers since, and not through the chain that joined them, the layers
	// have others now, and are computed one by one.
	conv   *Conv2D
	norm   *BatchNorm
	ofConv *conv.Filters
	ofNorm *affine
}

// newConvNorm joins layers whose numbers of channels agree.
func newConvNorm(c *Conv2D, b *BatchNorm) *convNorm {
	scale, bias := joined(c, b)
	return &convNorm{filters: c.newFilters(bias, scale), conv: c, norm: b, ofConv: c.filters, ofNorm: b.affine}
}

// joined returns what the weights of each channel are multiplied by where the two are one, and its bias.
func joined(c *Conv2D, b *BatchNorm) (scale []float64, bias []float32) {
	scale, shift := b.scaleAndShift()
	own, bias := elements(c.bias), make([]float32, c.Out())
	for o, s := range scale {
		if own != nil {
			shift[o] += float64(s * float64(own[o])) // rounded, also where the compiler would fuse
		}
		bias[o] = float32(shift[o])
	}
	return scale, bias
}

// isCurrent reports whether the layers still have the parameters that were joined.
func (j *convNorm) isCurrent() bool {
	return j.ofConv == j.conv.filters && j.ofNorm == j.norm.affine
}
