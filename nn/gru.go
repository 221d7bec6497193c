package nn

import (
	"context"
	"fmt"
	"slices"

	"github.com/allocarrays/allocarrays-go/internal/recurrent"
)

// GRU is a layer of gated recurrent units (Cho et al., 2014), as PyTorch's nn.GRU with
// batch_first=True: for each step of a sequence,
//
//	r = σ(W_ir·x + b_ir + W_hr·h + b_hr)      n = tanh(W_in·x + b_in + r·(W_hn·h + b_hn))
//	z = σ(W_iz·x + b_iz + W_hz·h + b_hz)      h = (1-z)·n + z·h
//
// from h = 0 on. With [Recurrence].ResetFirst, as the paper has it, n = tanh(W_in·x + b_in +
// W_hn·(r·h) + b_hn). Create one with [NewGRU].
type GRU struct{ stack }

var (
	_ Parametric = (*GRU)(nil)
	_ Shaper     = (*GRU)(nil)
)

// NewGRU returns a layer from in features to a state of size hidden. Its parameters have PyTorch's
// names, see [NewLSTM], and three gates: r, z and n. It panics if a size is not positive.
func NewGRU(name string, in, hidden int, r Recurrence) *GRU {
	return &GRU{newStack("GRU", name, 3, in, hidden, r, func(in, hidden int, w recurrent.Weights, resetFirst bool) cell {
		return recurrent.NewGRU(in, hidden, w, resetFirst)
	})}
}

// Forward returns the states of the last layer after each step of x: batch×steps×In becomes
// batch×steps×Out. It takes memory as [LSTM.Forward] does.
func (l *GRU) Forward(ctx context.Context, x Tensor) Tensor {
	y, to := l.ForwardState(ctx, x, nil, Tensor{})
	release(ctx, to)
	return y
}

// ForwardState is Forward from a state to the state after the last step; see
// [LSTM.ForwardState]. A state is layers×batch×hidden, and the zero Tensor stands for zeros.
func (l *GRU) ForwardState(ctx context.Context, x Tensor, lengths []int, from Tensor) (Tensor, Tensor) {
	l.check(x, lengths)
	to := l.state(ctx, x, from, "hidden")
	return l.run(ctx, x, lengths, to, Tensor{}), to
}

// LastStep returns the last step of sequences: batch×steps×features becomes batch×features. It
// stands for PyTorch's y[:, -1] between a recurrent layer and a [Dense].
type LastStep struct{}

// Forward returns a view of the last step of x.
func (LastStep) Forward(_ context.Context, x Tensor) Tensor {
	if x.Rank() < 3 || x.Dim(1) == 0 {
		panic(misfit(LastStep{}, x))
	}
	return x.Index(1, x.Dim(1)-1)
}

// String describes the layer.
func (LastStep) String() string { return "LastStep" }

// OutputShape returns sample without the axis of the steps.
func (LastStep) OutputShape(sample []int) ([]int, error) {
	if len(sample) < 2 || sample[0] == 0 {
		return nil, fmt.Errorf("takes samples of steps×features, not %s", shapeText(sample))
	}
	return slices.Clone(sample[1:]), nil
}
