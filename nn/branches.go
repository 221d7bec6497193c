package nn

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/allocarrays/allocarrays-go/allocarray"
)

// branches are layers that get the same input.
type branches []Layer

// newBranches panics if there is none, or if one is nil.
func newBranches(function string, layers []Layer) branches {
	if len(layers) == 0 {
		panic("nn: " + function + ": no branches")
	}
	requireLayers(function, layers)
	return slices.Clone(layers)
}

// Layers returns the branches in order.
func (b branches) Layers() []Layer { return slices.Clone(b) }

// Parameters returns the weights of all branches.
func (b branches) Parameters() []Parameter { return (&Chain{layers: b}).Parameters() }

// ParametersChanged prepares the weights of all branches for Forward.
func (b branches) ParametersChanged() {
	for _, l := range b {
		if p, ok := l.(Parametric); ok {
			p.ParametersChanged()
		}
	}
}

// outputShape returns the shape of the output, into which join takes that of each branch but
// the first.
func (b branches) outputShape(sample []int, join func(shape, next []int) bool) (shape []int, err error) {
	for i, l := range b {
		s, ok := l.(Shaper)
		if !ok {
			return nil, errors.New("does not know the shape of its output")
		}
		next, err := s.OutputShape(sample)
		if err != nil {
			return nil, fmt.Errorf("branch %d, %s: %w", i, describe(l), err)
		}
		if i == 0 {
			shape = next
		} else if before := slices.Clone(shape); !join(shape, next) {
			return nil, fmt.Errorf("branch %d, %s: returns samples of %s, those before it %s", i, describe(l), shapeText(next), shapeText(before))
		}
	}
	return shape, nil
}

// joinEqual is the join of operations on elements: lengths are equal, or one of them is 1.
func joinEqual(shape, next []int) bool {
	if len(shape) != len(next) {
		return false
	}
	for i, n := range next {
		if shape[i] == 1 {
			shape[i] = n
		} else if n != 1 && n != shape[i] {
			return false
		}
	}
	return true
}

// combine applies op to the outputs of the branches. Tensors of different rank would be
// aligned at their last axis, and so the batch of one with another axis of the other.
func (b branches) combine(ctx context.Context, x Tensor, op func(context.Context, Tensor, Tensor) Tensor, into func(dst, x, y Tensor)) Tensor {
	y := b[0].Forward(ctx, x)
	ours := !sharesMemory(x, y) && forgets(b[0])
	for i, l := range b[1:] {
		next := l.Forward(ctx, x)
		switch {
		case y.Rank() != next.Rank():
			panic(fmt.Sprintf("nn: branch %d, %s: returns shape %s, those before it %s", i+1, describe(l), shapeText(next.Shape()), shapeText(y.Shape())))
		case (i > 0 || ours && y.IsContiguous()) && sameShape(y, next):
			into(y, y, next)
		default:
			sum := op(ctx, y, next)
			if i > 0 || ours {
				release(ctx, y)
			}
			y = sum
		}
		releaseOutput(ctx, l, x, next)
	}
	return y
}

var (
	_, _, _, _ Parametric = (*Residual)(nil), (*Sum)(nil), (*Product)(nil), (*Concat)(nil)
	_, _, _, _ Shaper     = (*Residual)(nil), (*Sum)(nil), (*Product)(nil), (*Concat)(nil)
)

// Residual returns its input plus what its layers make of it, x + f(x) (He et al., "Deep Residual
// Learning for Image Recognition", 2015). It is the [Sum] of [Identity] and a [Sequence]; with a
// projection in place of x, write that Sum. Create one with [NewResidual].
type Residual struct{ sum *Sum }

// NewResidual returns a layer that adds to x what the layers make of x, one after the other.
// It panics if one of them is nil.
func NewResidual(layers ...Layer) *Residual {
	requireLayers("NewResidual", layers)
	return &Residual{NewSum(Identity{}, NewSequence(layers...))}
}

// String describes the layer.
func (r *Residual) String() string {
	return "Residual of " + plural(len(r.Layers()), "layer")
}

// Forward returns x plus what the layers make of it.
func (r *Residual) Forward(ctx context.Context, x Tensor) Tensor { return r.sum.Forward(ctx, x) }

// OutputShape returns the shape that a sample becomes.
func (r *Residual) OutputShape(sample []int) ([]int, error) { return r.sum.OutputShape(sample) }

// Parameters returns the weights of the layers.
func (r *Residual) Parameters() []Parameter { return r.sum.Parameters() }

// ParametersChanged prepares the weights of the layers for Forward.
func (r *Residual) ParametersChanged() { r.sum.ParametersChanged() }

// Layers returns the layers whose output is added.
func (r *Residual) Layers() []Layer { return r.sum.branches[1].(*Sequence).Layers() }

// Sum adds the outputs of layers that get the same input. Lengths of 1 are repeated. Create one
// with [NewSum].
type Sum struct{ branches }

// NewSum returns the sum of the branches. It panics if there is none, or if one is nil. A
// branch of several layers is a [Sequence].
func NewSum(branches ...Layer) *Sum { return &Sum{newBranches("NewSum", branches)} }

// String describes the layer.
func (s *Sum) String() string { return "Sum of " + branchCount(s.branches) }

// Forward returns the sum of the outputs of the branches, in their order.
func (s *Sum) Forward(ctx context.Context, x Tensor) Tensor {
	return s.combine(ctx, x, allocarray.Add[float32], allocarray.AddInto[float32])
}

// OutputShape returns the shape that a sample becomes.
func (s *Sum) OutputShape(sample []int) ([]int, error) { return s.outputShape(sample, joinEqual) }

// Product multiplies the outputs of layers that get the same input, as gates do. Lengths of 1 are
// repeated. Create one with [NewProduct].
type Product struct{ branches }

// NewProduct returns the product of the branches, element by element. It panics if there is
// none, or if one is nil.
func NewProduct(branches ...Layer) *Product { return &Product{newBranches("NewProduct", branches)} }

// String describes the layer.
func (p *Product) String() string { return "Product of " + branchCount(p.branches) }

// Forward returns the product of the outputs of the branches, in their order.
func (p *Product) Forward(ctx context.Context, x Tensor) Tensor {
	return p.combine(ctx, x, allocarray.Mul[float32], allocarray.MulInto[float32])
}

// OutputShape returns the shape that a sample becomes.
func (p *Product) OutputShape(sample []int) ([]int, error) { return p.outputShape(sample, joinEqual) }

// Concat joins the outputs of layers that get the same input along an axis. Create one with
// [NewConcat].
type Concat struct {
	branches
	axis int
}

// NewConcat returns the outputs of the branches joined along an axis, which is counted with the
// batch, as PyTorch's dim is: -1 are the features, or the channels of images. It panics if the axis is
// that of the batch, if there is no branch, or if one is nil.
func NewConcat(axis int, branches ...Layer) *Concat {
	if axis == 0 {
		panic("nn: NewConcat: axis 0 is the batch")
	}
	return &Concat{newBranches("NewConcat", branches), axis}
}

// String describes the layer.
func (c *Concat) String() string {
	return fmt.Sprintf("Concat of %s along axis %d", branchCount(c.branches), c.axis)
}

// Forward returns the outputs of the branches joined along the axis.
func (c *Concat) Forward(ctx context.Context, x Tensor) Tensor {
	var outputs [16]Tensor // on the stack
	var ours [16]bool      // which of them nothing else needs
	n := 0
	for _, l := range c.branches {
		if n == len(outputs) { // many: join what there is
			outputs[0], ours[0], n = c.join(ctx, outputs[:], ours[:]), true, 1
		}
		outputs[n] = l.Forward(ctx, x)
		ours[n] = !sharesMemory(x, outputs[n]) && forgets(l)
		n++
	}
	if n == 1 {
		return outputs[0]
	}
	return c.join(ctx, outputs[:n], ours[:n])
}

// join joins outputs, and releases those that are ours.
func (c *Concat) join(ctx context.Context, outputs []Tensor, ours []bool) Tensor {
	if rank := outputs[0].Rank(); c.axis >= rank || c.axis <= -rank {
		panic(fmt.Sprintf("nn: %v: a branch returns shape %s", c, shapeText(outputs[0].Shape())))
	}
	y := allocarray.Concat(ctx, c.axis, outputs...)
	for i, x := range outputs {
		if ours[i] {
			release(ctx, x)
		}
	}
	return y
}

// OutputShape returns the shape that a sample becomes.
func (c *Concat) OutputShape(sample []int) ([]int, error) {
	var misplaced error
	shape, err := c.outputShape(sample, func(shape, next []int) bool {
		axis := c.axis - 1
		if c.axis < 0 {
			axis = len(shape) + c.axis
		}
		if axis < 0 || axis >= len(shape) {
			misplaced = fmt.Errorf("a branch returns samples of %s", shapeText(shape))
			return false
		}
		if len(shape) != len(next) {
			return false
		}
		sum := shape[axis] + next[axis]
		shape[axis] = next[axis]
		equal := slices.Equal(shape, next)
		shape[axis] = sum
		return equal
	})
	if misplaced != nil {
		return nil, misplaced
	}
	return shape, err
}

func branchCount(b branches) string {
	if len(b) == 1 {
		return "1 branch"
	}
	return fmt.Sprintf("%d branches", len(b))
}

func sameShape(a, b Tensor) bool {
	for i := range a.Rank() {
		if a.Dim(i) != b.Dim(i) {
			return false
		}
	}
	return a.Rank() == b.Rank()
}
