package nn

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// A Sequence is a [Layer] that applies layers one after the other, as a [Chain] does and with
// the same layers computed together, but for samples of any shape that they take: a branch of
// [Residual], [Sum] or [Concat], or a part that models have in common. Create one with
// [NewSequence].
type Sequence struct{ chain Chain }

var (
	_ Parametric = (*Sequence)(nil)
	_ Shaper     = (*Sequence)(nil)
)

// NewSequence returns the sequence of the layers. It panics if one is nil. Shapes and names of
// parameters are checked by the Chain in which the sequence stands.
func NewSequence(layers ...Layer) *Sequence {
	requireLayers("NewSequence", layers)
	layers = slices.Clone(layers)
	return &Sequence{Chain{layers: layers, steps: stepsOf(layers)}}
}

// requireLayers panics if one of the layers is nil.
func requireLayers(function string, layers []Layer) {
	if i := slices.Index(layers, nil); i >= 0 {
		panic(fmt.Sprintf("nn: %s: layer %d is nil", function, i))
	}
}

// String describes the sequence.
func (s *Sequence) String() string { return "Sequence of " + plural(len(s.chain.layers), "layer") }

// plural is "1 layer" or "2 layers".
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// Forward applies the layers to x.
func (s *Sequence) Forward(ctx context.Context, x Tensor) Tensor { return s.chain.Forward(ctx, x) }

// OutputShape returns the shape that a sample becomes.
func (s *Sequence) OutputShape(sample []int) ([]int, error) {
	shapes, err := shapesOf(s.chain.layers, sample)
	if err != nil {
		return nil, err
	}
	if len(shapes) < len(s.chain.layers) {
		return nil, errors.New("does not know the shape of its output")
	}
	return slices.Clone(last(shapes, sample)), nil
}

// last returns the last of the shapes, or the one before them all if there is none.
func last(shapes [][]int, before []int) []int {
	if len(shapes) == 0 {
		return before
	}
	return shapes[len(shapes)-1]
}

// shapesOf returns the shapes of the outputs of the first layers, up to the first layer that
// does not know its own.
func shapesOf(layers []Layer, shape []int) (shapes [][]int, err error) {
	for i, l := range layers {
		s, ok := l.(Shaper)
		if !ok {
			break
		}
		if shape, err = s.OutputShape(shape); err != nil {
			return nil, fmt.Errorf("layer %d, %s: %w", i, describe(l), err)
		}
		shapes = append(shapes, shape)
	}
	return shapes, nil
}

// Layers returns the layers in order.
func (s *Sequence) Layers() []Layer { return s.chain.Layers() }

// Parameters returns the weights of all layers.
func (s *Sequence) Parameters() []Parameter { return s.chain.Parameters() }

// ParametersChanged prepares the weights of all layers for Forward.
func (s *Sequence) ParametersChanged() { s.chain.ParametersChanged() }
