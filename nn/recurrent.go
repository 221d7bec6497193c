package nn

import (
	"context"
	"fmt"
	"slices"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/internal/recurrent"
)

// A Recurrence says how an [LSTM] or a [GRU] is built. Zeros are PyTorch's defaults.
type Recurrence struct {
	Layers        int  // on top of each other; 0 means 1
	Bidirectional bool // with a second direction, from the last step to the first, in each layer
	WithoutBias   bool // PyTorch's bias=False

	// ResetFirst, of a GRU, multiplies the state by the reset gate before and not after
	// the product with its weights: ONNX's linear_before_reset = 0, Keras's reset_after=False.
	ResetFirst bool
}

// A cell is one direction of one layer.
type cell interface {
	Scratch(batch, steps int) int
	Run(p recurrent.Pass)
}

// stack is what LSTM and GRU have in common.
type stack struct {
	kind, name         string
	in, hidden, gates  int
	layers, directions int
	resetFirst         bool
	weights            []directionWeights // of each direction of each layer
	cells              []cell
	pack               func(in, hidden int, w recurrent.Weights, resetFirst bool) cell
}

// directionWeights are the parameters of one direction of one layer. Biases are empty without.
type directionWeights struct{ input, hidden, inputBias, hiddenBias Tensor }

// newStack panics if a size is not positive.
func newStack(kind, name string, gates, in, hidden int, r Recurrence, pack func(int, int, recurrent.Weights, bool) cell) stack {
	if r.Layers == 0 {
		r.Layers = 1
	}
	if in <= 0 || hidden <= 0 || r.Layers < 0 {
		panic(fmt.Sprintf("nn: New%s %q: sizes %d and %d and %d layers must be positive", kind, name, in, hidden, r.Layers))
	}
	s := stack{kind: kind, name: name, in: in, hidden: hidden, gates: gates, layers: r.Layers, directions: 1, resetFirst: r.ResetFirst, pack: pack}
	if r.Bidirectional {
		s.directions = 2
	}
	zeros := func(shape ...int) Tensor { return allocarray.New[float32](context.Background(), shape...) }
	for layer := range s.layers {
		for range s.directions {
			w := directionWeights{input: zeros(gates*hidden, s.inputs(layer)), hidden: zeros(gates*hidden, hidden)}
			if !r.WithoutBias {
				w.inputBias, w.hiddenBias = zeros(gates*hidden), zeros(gates*hidden)
			}
			s.weights = append(s.weights, w)
		}
	}
	s.ParametersChanged()
	return s
}

// inputs returns the number of input features of a layer.
func (s *stack) inputs(layer int) int {
	if layer == 0 {
		return s.in
	}
	return s.Out()
}

// In returns the number of input features.
func (s *stack) In() int { return s.in }

// Out returns the number of output features: the size of the state, or twice that with two
// directions.
func (s *stack) Out() int { return s.directions * s.hidden }

// String describes the layer.
func (s *stack) String() string {
	text := fmt.Sprintf("%s %q %d→%d", s.kind, s.name, s.in, s.Out())
	if s.layers > 1 {
		text += fmt.Sprintf(" in %d layers", s.layers)
	}
	if s.directions > 1 {
		text += " in both directions"
	}
	return text
}

// OutputShape returns steps×Out for samples of steps×In.
func (s *stack) OutputShape(sample []int) ([]int, error) {
	if len(sample) != 2 || sample[1] != s.in {
		return nil, fmt.Errorf("takes samples of steps×%d, not %s", s.in, shapeText(sample))
	}
	return []int{sample[0], s.Out()}, nil
}

// Parameters returns the weights and, if there are any, the biases of each direction of each layer.
func (s *stack) Parameters() (all []Parameter) {
	for i, w := range s.weights {
		suffix := fmt.Sprintf("_l%d", i/s.directions)
		if i%s.directions == 1 {
			suffix += "_reverse"
		}
		add := func(what string, value Tensor) {
			if value.Rank() > 0 {
				all = append(all, Parameter{Name: s.name + "." + what + suffix, Value: value})
			}
		}
		add("weight_ih", w.input)
		add("weight_hh", w.hidden)
		add("bias_ih", w.inputBias)
		add("bias_hh", w.hiddenBias)
	}
	return all
}

// ParametersChanged packs the weights in the order in which the products read them.
func (s *stack) ParametersChanged() {
	s.cells = make([]cell, len(s.weights))
	for i, w := range s.weights {
		s.cells[i] = s.pack(s.inputs(i/s.directions), s.hidden, recurrent.Weights{Input: w.input.Data(), Hidden: w.hidden.Data(),
			InputBias: slices.Clone(elements(w.inputBias)), HiddenBias: slices.Clone(elements(w.hiddenBias))}, s.resetFirst)
	}
}

// state returns a copy of a state, or zeros if it is empty.
func (s *stack) state(ctx context.Context, x, from Tensor, what string) Tensor {
	own := x.Similar(ctx, s.layers*s.directions, x.Dim(0), s.hidden)
	if from.Rank() == 0 {
		clear(own.Data())
		return own
	}
	if !sameShape(from, own) {
		panic(fmt.Sprintf("nn: %v: %s state of shape %s, want %s", s, what, shapeText(from.Shape()), shapeText(own.Shape())))
	}
	from.CopyTo(own)
	return own
}

// run computes the layers from the states, which it changes. cells is empty but for an LSTM.
func (s *stack) run(ctx context.Context, x Tensor, lengths []int, hidden, cells Tensor) Tensor {
	y, first := x, x
	ours := !x.IsContiguous()
	if ours {
		x = x.Clone(ctx)
	}
	batch, steps, out := x.Dim(0), x.Dim(1), s.Out()
	scratch := Tensor{}.Similar(ctx, s.cells[0].Scratch(batch, steps))
	for layer := range s.layers {
		in := s.inputs(layer)
		y = x.Similar(ctx, batch, steps, out)
		for d := range s.directions {
			i := layer*s.directions + d
			p := recurrent.Pass{Batch: batch, Steps: steps, X: x.Data(), XBatch: steps * in, XStep: in,
				YBatch: steps * out, YStep: out, Lengths: lengths, Reverse: d == 1, Scratch: scratch.Data()}
			if y.Len() > 0 {
				p.Y = y.Data()[d*s.hidden:]
			}
			size := batch * s.hidden
			p.Hidden = hidden.Data()[i*size : (i+1)*size]
			if cells.Rank() > 0 {
				p.Cell = cells.Data()[i*size : (i+1)*size]
			}
			s.cells[i].Run(p)
		}
		if ours {
			release(ctx, x)
		}
		x, ours = y, true
	}
	requireLive(&first, &y)
	requireLive(&hidden, &x)
	release(ctx, scratch)
	return y
}

// check panics if the layer does not take the input and the lengths of its sequences.
func (s *stack) check(x Tensor, lengths []int) {
	if x.Rank() != 3 || x.Dim(2) != s.in {
		panic(misfit(s, x))
	}
	if lengths == nil {
		return
	}
	if len(lengths) != x.Dim(0) {
		panic(fmt.Sprintf("nn: %v: %d lengths for a batch of %d", s, len(lengths), x.Dim(0)))
	}
	for i, n := range lengths {
		if n < 0 || n > x.Dim(1) {
			panic(fmt.Sprintf("nn: %v: length %d of sequence %d, which has %d steps", s, n, i, x.Dim(1)))
		}
	}
}
