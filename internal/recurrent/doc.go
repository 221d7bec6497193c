// Package recurrent computes LSTM and GRU layers of one direction on slices of float32, for
// package nn and for engines that have their tensors elsewhere.
//
// An [LSTM] or a [GRU] holds packed weights; a [Pass] says where a batch of sequences, the
// output and the state are. The products of the input and the weights are computed for many steps at a
// time, in memory that the caller provides; only those of the state are computed step by step.
//
// Weights and gates are in PyTorch's order: i, f, g, o of an LSTM, r, z, n of a GRU. ONNX has i, o,
// f, c and z, r, h: see [Gates].
//
// A sequence gives the same bits alone and in a batch, and whatever the memory for steps is.
// Nothing allocates but the constructors. Weights are immutable, so any number of goroutines may
// use them at once.
package recurrent

import "fmt"

// Gates returns a copy of a weight or a bias, whose gates of equal length stand one after the other,
// with the gates in another order: gate order[i] of w becomes gate i. It panics if they do not
// divide w.
func Gates(w []float32, order ...int) []float32 {
	if len(w)%len(order) != 0 {
		panic(fmt.Sprintf("recurrent: %d gates do not divide %d elements", len(order), len(w)))
	}
	n := len(w) / len(order)
	out := make([]float32, 0, len(w))
	for _, from := range order {
		out = append(out, w[from*n:(from+1)*n]...)
	}
	return out
}

// A Weights is what PyTorch calls weight_ih, weight_hh, bias_ih and bias_hh: gates·hidden × in,
// gates·hidden × hidden, and gates·hidden each. The biases may be nil.
type Weights struct{ Input, Hidden, InputBias, HiddenBias []float32 }

// check panics unless the weights have their sizes.
func (w *Weights) check(cell string, gates, in, hidden int) {
	if in <= 0 || hidden <= 0 {
		panic(fmt.Sprintf("recurrent: %s of sizes %d and %d, which must be positive", cell, in, hidden))
	}
	rows := gates * hidden
	if len(w.Input) != rows*in || len(w.Hidden) != rows*hidden ||
		w.InputBias != nil && len(w.InputBias) != rows || w.HiddenBias != nil && len(w.HiddenBias) != rows {
		panic(fmt.Sprintf("recurrent: %s from %d to %d: weights of %d and %d, biases of %d and %d elements", cell, in, hidden,
			len(w.Input), len(w.Hidden), len(w.InputBias), len(w.HiddenBias)))
	}
}

// sumOfBiases returns both biases together, or nil if there is none.
func (w *Weights) sumOfBiases() []float32 {
	if w.InputBias == nil && w.HiddenBias == nil {
		return nil
	}
	sum := make([]float32, max(len(w.InputBias), len(w.HiddenBias)))
	copy(sum, w.InputBias)
	for i, v := range w.HiddenBias {
		sum[i] += v
	}
	return sum
}
