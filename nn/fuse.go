package nn

import (
	"context"

	"github.com/allocarrays/allocarrays-go/internal/gemm"
)

// fuse returns the layers with those made one that are computed together: a Conv2D
// and a BatchNorm, and any of these or a Dense with the ReLU behind it.
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

// rectified returns l and a ReLU as one layer, or nil. The types are listed, rather
// than asked for a method, because a type of the user's that embeds one of them
// would have the method too, and lose its own Forward.
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

// Layers that rectify each element as it is stored.
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
