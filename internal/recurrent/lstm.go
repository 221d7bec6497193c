package recurrent

import (
	"fmt"

	"github.com/allocarrays/allocarrays-go/internal/gemm"
	"github.com/allocarrays/allocarrays-go/internal/kernel"
)

// An LSTM is one direction of a layer (Hochreiter and Schmidhuber, 1997; the formulas are
// those of PyTorch's torch.nn.LSTM, which has a forget gate and no peepholes):
//
//	i = σ(W_ii·x + b_ii + W_hi·h + b_hi)
//	f = σ(W_if·x + b_if + W_hf·h + b_hf)
//	g = tanh(W_ig·x + b_ig + W_hg·h + b_hg)
//	o = σ(W_io·x + b_io + W_ho·h + b_ho)
//	c = f·c + i·g
//	h = o·tanh(c)
type LSTM struct {
	in, hidden    int
	input, states *gemm.Packed[float32]
	bias          []float32 // both together, or nil
}

// NewLSTM packs weights of four gates. It panics if they do not have their sizes.
func NewLSTM(in, hidden int, w Weights) *LSTM {
	w.check("LSTM", 4, in, hidden)
	return &LSTM{in, hidden, gemm.Pack(w.Input, in, 4*hidden, 1, in), gemm.Pack(w.Hidden, hidden, 4*hidden, 1, hidden), w.sumOfBiases()}
}

// Scratch returns how many elements a [Pass] needs for itself.
func (l *LSTM) Scratch(batch, steps int) int {
	return (atATime(batch, steps, 4*l.hidden) + 1) * batch * 4 * l.hidden
}

// Run computes p. It panics if the slices do not fit, and must not be called if they overlap.
func (l *LSTM) Run(p Pass) {
	p.check(l.in, l.hidden, l.Scratch(p.Batch, p.Steps))
	if len(p.Cell) != len(p.Hidden) {
		panic(fmt.Sprintf("recurrent: cells of %d elements, hidden states of %d", len(p.Cell), len(p.Hidden)))
	}
	n, gates := l.hidden, 4*l.hidden
	all := atATime(p.Batch, p.Steps, gates)
	ofInput, ofState := p.Scratch[:all*p.Batch*gates], p.Scratch[all*p.Batch*gates:][:p.Batch*gates]
	longest := p.longest()
	for i := 0; i < longest; i += all {
		end := min(i+all, longest)
		p.products(ofInput, l.input, l.bias, gates, i, end)
		for turn := i; turn < end; turn++ {
			l.states.Mul(ofState, gates, p.Hidden, n, p.Batch, nil, gemm.None)
			for b := range p.Batch {
				t, next := p.turns(b, turn, turn+1)
				if t == next {
					continue // it has ended
				}
				from, _ := p.turns(b, i, end)
				state := p.Hidden[b*n : (b+1)*n]
				l.step(ofInput[(b*(end-i)+t-from)*gates:][:gates], ofState[b*gates:][:gates], p.Cell[b*n:(b+1)*n], state)
				p.done(b, t, state)
			}
		}
	}
	p.finish(n)
}

// step computes one step of one sequence from the products, which it overwrites.
func (l *LSTM) step(g, ofState, cell, hidden []float32) {
	n := l.hidden
	kernel.Binary(kernel.Add, g, g, ofState)
	kernel.GateSigmoid(g[:2*n], g[:2*n])
	kernel.GateTanh(g[2*n:3*n], g[2*n:3*n])
	kernel.GateSigmoid(g[3*n:], g[3*n:])
	in, forget, candidate, out := g[:n], g[n:2*n], g[2*n:3*n], g[3*n:]
	kernel.Binary(kernel.Mul, in, in, candidate)
	kernel.Binary(kernel.Mul, cell, cell, forget)
	kernel.Binary(kernel.Add, cell, cell, in)
	kernel.GateTanh(hidden, cell)
	kernel.Binary(kernel.Mul, hidden, hidden, out)
}
