package main

import (
	"context"
	"math"
	"math/rand/v2"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/nn"
)

// A network is the model as training sees it: its weights, which it shares with the
// layers of the nn.Chain.
type network struct{ hidden, output affine }

// affine is the weights of one nn.Dense: weight is out×in, bias is out.
type affine struct{ weight, bias nn.Tensor }

// gradients is the gradient of the loss by each parameter, in the order of
// nn.Chain.Parameters.
type gradients [4]nn.Tensor

func newNetwork(model *nn.Chain) network {
	p := model.Parameters()
	return network{affine{p[0].Value, p[1].Value}, affine{p[2].Value, p[3].Value}}
}

// init draws the weights from the normal distribution of variance 2/in (He et al.,
// 2015) and sets the biases to 0.
func (n network) init(rng *rand.Rand) {
	for _, a := range []affine{n.hidden, n.output} {
		std := math.Sqrt(2 / float64(a.weight.Dim(1)))
		weights := a.weight.Data()
		for i := range weights {
			weights[i] = float32(rng.NormFloat64() * std)
		}
		a.bias.Fill(0)
	}
}

// forward returns x·Wᵀ + b as batch×out.
func (a affine) forward(ctx context.Context, x nn.Tensor) nn.Tensor {
	y := allocarray.MatMul(ctx, x, a.weight.Transpose())
	allocarray.AddInto(y, y, a.bias)
	return y
}

// backward computes the model on a batch of images, batch×784, and returns the mean
// cross-entropy and its gradient. The label of image i is labels[index[i]]. The gradient
// has memory from ctx, as has everything that leads to it.
//
// It is the chain rule from the last layer to the first: for y = x·Wᵀ + b the gradients
// are dW = dyᵀ·x, db = Σ dy over the batch, and dx = dy·W; a ReLU lets pass what is
// active. Transposed views are multiplied in place, nothing is copied.
func (n network) backward(ctx context.Context, x nn.Tensor, labels []byte, index []int) (gradients, float64) {
	hidden := n.hidden.forward(ctx, x)
	allocarray.ReLUInto(hidden, hidden)
	logp := allocarray.LogSoftmax(ctx, n.output.forward(ctx, hidden))

	dOutput, loss := crossEntropy(ctx, logp, labels, index)
	dHidden := allocarray.MatMul(ctx, dOutput, n.output.weight)
	active := allocarray.Greater(ctx, hidden, allocarray.New[float32](ctx, 1))
	allocarray.MulInto(dHidden, dHidden, allocarray.Convert[float32](ctx, active))

	return gradients{
		allocarray.MatMul(ctx, dHidden.Transpose(), x), allocarray.SumAxis(ctx, dHidden, 0),
		allocarray.MatMul(ctx, dOutput.Transpose(), hidden), allocarray.SumAxis(ctx, dOutput, 0),
	}, loss
}

// crossEntropy returns the mean of -ln p(label) and its gradient by what went into
// the softmax: (p - 1 at the label) / batch.
func crossEntropy(ctx context.Context, logp nn.Tensor, labels []byte, index []int) (grad nn.Tensor, loss float64) {
	grad = allocarray.Exp(ctx, logp)
	for row, i := range index {
		label := int(labels[i])
		loss -= float64(logp.At(row, label))
		grad.Set(grad.At(row, label)-1, row, label)
	}
	batch := float64(len(index))
	allocarray.MulScalarInto(grad, grad, float32(1/batch))
	return grad, loss / batch
}
