package nn

import (
	"context"
	"fmt"

	"github.com/allocarrays/allocarrays-go/internal/recurrent"
)

// LSTM is a recurrent layer with long short-term memory (Hochreiter and Schmidhuber, 1997), as
// PyTorch's nn.LSTM with batch_first=True: for each step of a sequence,
//
//	i = σ(W_ii·x + b_ii + W_hi·h + b_hi)      c = f·c + i·g
//	f = σ(W_if·x + b_if + W_hf·h + b_hf)      h = o·tanh(c)
//	g = tanh(W_ig·x + b_ig + W_hg·h + b_hg)
//	o = σ(W_io·x + b_io + W_ho·h + b_ho)
//
// from h = c = 0 on. Create one with [NewLSTM].
type LSTM struct{ stack }

var (
	_ Parametric = (*LSTM)(nil)
	_ Shaper     = (*LSTM)(nil)
)

// An LSTMState is what an [LSTM] knows after some steps: layers×batch×hidden each, PyTorch's h_n
// and c_n. With two directions there are twice as many layers: a layer's first direction stands
// before its second. The zero LSTMState stands for zeros.
type LSTMState struct{ Hidden, Cell Tensor }

// NewLSTM returns a layer from in features to a state of size hidden. Its parameters are those of
// PyTorch: for layer 0 name.weight_ih_l0, 4·hidden×in, name.weight_hh_l0, 4·hidden×hidden,
// name.bias_ih_l0 and name.bias_hh_l0, 4·hidden, whose rows are the gates i, f, g and o one after the
// other; the next layers, whose inputs are the outputs of the layer below, have l1 and so
// on, and second directions the suffix _reverse. They are zero until they are loaded.
// NewLSTM panics if a size is not positive, or with ResetFirst.
func NewLSTM(name string, in, hidden int, r Recurrence) *LSTM {
	if r.ResetFirst {
		panic(fmt.Sprintf("nn: NewLSTM %q: an LSTM has no reset gate", name))
	}
	return &LSTM{newStack("LSTM", name, 4, in, hidden, r, func(in, hidden int, w recurrent.Weights, _ bool) cell {
		return recurrent.NewLSTM(in, hidden, w)
	})}
}

// Forward returns the states h of the last layer after each step of x: batch×steps×In becomes
// batch×steps×Out. The states of the second direction stand behind those of the first. It takes
// memory for the outputs of the layers, for states and products, and for a copy of x if that is not
// contiguous.
func (l *LSTM) Forward(ctx context.Context, x Tensor) Tensor {
	y, to := l.ForwardState(ctx, x, nil, LSTMState{})
	release(ctx, to.Hidden)
	release(ctx, to.Cell)
	return y
}

// ForwardState is Forward from a state, which it does not change, to the state after the last
// step: with it the next steps of the sequences can be computed, in this scope. lengths has the number of
// steps of each sequence, as PyTorch's pack_padded_sequence takes them; what x has behind them is
// not used, the output is zero there, and a second direction begins with the last step. nil stands
// for sequences of equal length. ForwardState panics if a state or the lengths do not fit x.
func (l *LSTM) ForwardState(ctx context.Context, x Tensor, lengths []int, from LSTMState) (Tensor, LSTMState) {
	l.check(x, lengths)
	to := LSTMState{l.state(ctx, x, from.Hidden, "hidden"), l.state(ctx, x, from.Cell, "cell")}
	y := l.run(ctx, x, lengths, to.Hidden, to.Cell)
	return y, to
}
