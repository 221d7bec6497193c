package main

import (
	"context"
	"math"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/nn"
)

// The constants of Adam, those of the paper.
const (
	beta1   = 0.9
	beta2   = 0.999
	epsilon = 1e-8
)

// adam is the optimiser of Kingma and Ba, "Adam: A Method for Stochastic
// Optimization" (2015), algorithm 1.
type adam struct {
	params []moments
	t      int // steps done
}

// moments is a parameter and the running means of its gradient and of the gradient's
// square, which live on the Go heap as it does.
type moments struct{ value, mean, square nn.Tensor }

func newAdam(model *nn.Chain) adam {
	var a adam
	for _, p := range model.Parameters() {
		zero := func() nn.Tensor { return allocarray.Wrap(make([]float32, p.Value.Len()), p.Value.Shape()...) }
		a.params = append(a.params, moments{p.Value, zero(), zero()})
	}
	return a
}

// step moves every parameter against its gradient.
func (a *adam) step(ctx context.Context, grads gradients, rate float32) {
	a.t++
	// The paper's two corrections of the bias towards 0, in the efficient form of
	// its section 2.
	correction := math.Sqrt(1-math.Pow(beta2, float64(a.t))) / (1 - math.Pow(beta1, float64(a.t)))
	for i, p := range a.params {
		p.step(ctx, grads[i], rate*float32(correction))
	}
}

// step moves one parameter by rate·mean/(√square + ε), element by element. The moments
// and the parameter outlive the scope of the step, all else is from ctx.
func (p moments) step(ctx context.Context, grad nn.Tensor, rate float32) {
	average(ctx, p.mean, grad, beta1)
	average(ctx, p.square, allocarray.Square(ctx, grad), beta2)
	move := allocarray.Sqrt(ctx, p.square)
	allocarray.AddScalarInto(move, move, epsilon)
	allocarray.DivInto(move, p.mean, move)
	allocarray.MulScalarInto(move, move, rate)
	allocarray.SubInto(p.value, p.value, move)
}

// average sets mean to beta·mean + (1-beta)·x, the exponential running mean.
func average(ctx context.Context, mean, x nn.Tensor, beta float32) {
	allocarray.MulScalarInto(mean, mean, beta)
	allocarray.AddInto(mean, mean, allocarray.MulScalar(ctx, x, 1-beta))
}
