package nn

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// A Chain is a [Layer] that applies layers one after the other. Make one with
// [NewChain].
type Chain struct {
	in, out []int // shapes of a sample; out is nil if unknown
	layers  []Layer
	steps   []Layer // layers, with those fused that are computed together
}

var (
	_ Parametric = (*Chain)(nil)
	_ Shaper     = (*Chain)(nil)
)

// NewChain returns the chain of the layers for samples of the shape in, which is
// without the batch axis. It returns an error, naming the layer, if one does not
// take what the one before it gives, or if two parameters have the same name. The
// same layer may stand in several places, and then has the same weights in all of
// them. Behind a layer that is not a [Shaper] shapes are not checked.
func NewChain(in []int, layers ...Layer) (*Chain, error) {
	c := &Chain{in: slices.Clone(in), layers: slices.Clone(layers)}
	if slices.ContainsFunc(in, func(d int) bool { return d <= 0 }) {
		return nil, fmt.Errorf("nn: NewChain: samples of shape %s", shapeText(in))
	}
	var err error
	if c.out, err = c.checkShapes(); err != nil {
		return nil, err
	}
	if err := c.checkNames(); err != nil {
		return nil, err
	}
	c.steps = fuse(c.layers)
	return c, nil
}

// checkShapes returns the shape of the output, nil if it is not known.
func (c *Chain) checkShapes() ([]int, error) {
	shape := c.in
	for i, l := range c.layers {
		if l == nil {
			return nil, fmt.Errorf("nn: layer %d is nil", i)
		}
		s, ok := l.(Shaper)
		if !ok {
			return nil, nil
		}
		next, err := s.OutputShape(shape)
		if err != nil {
			return nil, fmt.Errorf("nn: layer %d, %s: %w", i, describe(l), err)
		}
		shape = next
	}
	return shape, nil
}

func (c *Chain) checkNames() error {
	seen := map[string]bool{}
	for _, p := range c.Parameters() {
		if seen[p.Name] {
			return fmt.Errorf("nn: two parameters are called %q", p.Name)
		}
		seen[p.Name] = true
	}
	return nil
}

// describe names a layer in an error.
func describe(l Layer) string {
	if s, ok := l.(fmt.Stringer); ok {
		return s.String()
	}
	return fmt.Sprintf("%T", l)
}

// Forward applies the layers to x, which is batch×sample. It panics if a layer
// does not take what it gets.
func (c *Chain) Forward(ctx context.Context, x Tensor) Tensor {
	for _, l := range c.steps {
		x = l.Forward(ctx, x)
	}
	return x
}

// CheckInput returns an error if x is not a batch of the samples that the chain was
// built for.
func (c *Chain) CheckInput(x Tensor) error {
	if x.Rank() == 0 || !slices.Equal(x.Shape()[1:], c.in) {
		return fmt.Errorf("nn: input of shape %s, want batch×%s", shapeText(x.Shape()), shapeText(c.in))
	}
	return nil
}

// OutputShape returns the shape that a sample becomes.
func (c *Chain) OutputShape(sample []int) ([]int, error) {
	if !slices.Equal(sample, c.in) {
		return nil, fmt.Errorf("takes samples of %s, not %s", shapeText(c.in), shapeText(sample))
	}
	if c.out == nil {
		return nil, errors.New("does not know the shape of its output")
	}
	return slices.Clone(c.out), nil
}

// Layers returns the layers in order.
func (c *Chain) Layers() []Layer { return slices.Clone(c.layers) }

// Parameters returns the weights of all layers, those of a layer that is used more
// than once only once.
func (c *Chain) Parameters() (all []Parameter) {
	seen := map[string]Parameter{}
	for _, l := range c.layers {
		p, ok := l.(Parametric)
		if !ok {
			continue
		}
		for _, q := range p.Parameters() {
			if !sharesElements(seen[q.Name].Value, q.Value) {
				all = append(all, q)
				seen[q.Name] = q
			}
		}
	}
	return all
}

// sharesElements reports whether a and b are the same weight of the same layer.
func sharesElements(a, b Tensor) bool {
	return a.Rank() > 0 && a.Len() > 0 && b.Len() > 0 && &a.Data()[0] == &b.Data()[0]
}

// ParametersChanged prepares the weights of all layers for Forward.
func (c *Chain) ParametersChanged() {
	for _, l := range c.layers {
		if p, ok := l.(Parametric); ok {
			p.ParametersChanged()
		}
	}
	c.steps = fuse(c.layers)
}
