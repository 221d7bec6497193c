package nn

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/allocarrays/allocarrays-go/internal/kernel"
)

// QuantizeChain returns a chain like c with quantized layers in place of each [Dense], and of each [Conv2D] with
// four channels or more in a group: with less a product of bytes gains nothing. A BatchNorm right behind such a
// convolution becomes part of it. Layers in a Sequence, Residual, Sum, Product or Concat are quantized too; all others
// are those of c.
//
// Without examples the layers are dynamic. With examples, which are batches of samples, they are
// static: c computes them with memory of ctx, and each layer's scale and zero point cover the numbers that
// are its input there.
//
// QuantizeChain returns an error if an example is not a batch of samples of c, has none, or makes the input of a layer NaN
// or infinite. Weights that [QuantizeDense] or [QuantizeConv2D] does not take panic.
func QuantizeChain(ctx context.Context, c *Chain, examples ...Tensor) (*Chain, error) {
	for i, x := range examples {
		err := c.CheckInput(x)
		if err == nil && x.Len() == 0 {
			err = errors.New("nn: no samples")
		}
		if err != nil {
			return nil, fmt.Errorf("nn: QuantizeChain: example %d: %w", i, err)
		}
	}
	z := quantizer{ctx: ctx, dense: map[*Dense]*QuantizedDense{}, conv: map[[2]any]*QuantizedConv2D{}}
	layers := z.all(c.layers, examples)
	if z.err != nil {
		return nil, z.err
	}
	return NewChain(c.in, layers...)
}

// A quantizer makes one quantized layer of a layer that stands in several places.
type quantizer struct {
	ctx   context.Context
	dense map[*Dense]*QuantizedDense
	conv  map[[2]any]*QuantizedConv2D // of the convolution and the BatchNorm behind it
	err   error
}

// all quantizes layers, the first of which gets these examples.
func (z *quantizer) all(layers []Layer, examples []Tensor) (quantized []Layer) {
	for len(layers) > 0 && z.err == nil {
		next, taken := layers[0], 1
		if c, ok := next.(*Conv2D); ok && c.In()/c.groups >= 4 {
			var norm *BatchNorm
			if len(layers) > 1 {
				if b, ok := layers[1].(*BatchNorm); ok && b.Channels() == c.Out() {
					norm, taken = b, 2
				}
			}
			next = z.convolution(c, norm, examples)
		} else {
			next = z.one(next, examples)
		}
		quantized = append(quantized, next)
		if taken == len(layers) {
			break
		}
		after := make([]Tensor, len(examples))
		for i, x := range examples {
			for _, l := range layers[:taken] {
				x = l.Forward(z.ctx, x)
			}
			after[i] = x
		}
		layers, examples = layers[taken:], after
	}
	return quantized
}

// one quantizes a layer, or the layers in it.
func (z *quantizer) one(l Layer, examples []Tensor) Layer {
	switch l := l.(type) {
	case *Dense:
		q := z.dense[l]
		if q == nil {
			q = QuantizeDense(l)
			z.dense[l] = q
		}
		if by, ok := z.cover(l, examples); ok {
			q = q.Static(by.Scale, by.Zero)
		}
		return q
	case *Sequence:
		return NewSequence(z.all(l.chain.layers, examples)...)
	case *Residual:
		return &Residual{z.one(l.sum, examples).(*Sum)}
	case *Sum:
		return NewSum(z.each(l.branches, examples)...)
	case *Product:
		return NewProduct(z.each(l.branches, examples)...)
	case *Concat:
		return NewConcat(l.axis, z.each(l.branches, examples)...)
	}
	return l
}

// each quantizes branches.
func (z *quantizer) each(branches []Layer, examples []Tensor) (quantized []Layer) {
	for _, l := range branches {
		if z.err == nil {
			l = z.all([]Layer{l}, examples)[0]
		}
		quantized = append(quantized, l)
	}
	return quantized
}

func (z *quantizer) convolution(c *Conv2D, norm *BatchNorm, examples []Tensor) Layer {
	key := [2]any{c, norm}
	q := z.conv[key]
	if q == nil {
		if norm != nil {
			scale, bias := joined(c, norm)
			w := c.channelsLast()
			for i := range w {
				w[i] = float32(float64(w[i]) * scale[i/(len(w)/c.Out())])
			}
			q = quantizeConv2D(c, w, bias)
		} else {
			q = QuantizeConv2D(c)
		}
		z.conv[key] = q
	}
	if by, ok := z.cover(c, examples); ok {
		q = q.Static(by.Scale, by.Zero)
	}
	return q
}

// cover returns the quantization that covers the examples, if there are any.
func (z *quantizer) cover(l Layer, examples []Tensor) (by kernel.Quantization, ok bool) {
	low, high := float32(0), float32(0)
	for _, x := range examples {
		if !x.IsContiguous() {
			x = x.Clone(z.ctx) //scopevet:ignore loop examples are few, and contiguous but for a caller's views
		}
		low, high = min(low, kernel.MinOf(x.Data())), max(high, kernel.MaxOf(x.Data()))
	}
	if span := float64(high - low); math.IsNaN(span) || math.IsInf(span, 0) {
		z.err = fmt.Errorf("nn: QuantizeChain: the input of %s reaches from %v to %v", describe(l), low, high)
		return by, false
	}
	return kernel.QuantizationFor(low, high), len(examples) > 0
}
