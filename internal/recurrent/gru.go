package recurrent

import (
	"github.com/allocarrays/allocarrays-go/internal/gemm"
	"github.com/allocarrays/allocarrays-go/internal/kernel"
)

// A GRU is one direction of a layer (Cho et al., 2014; the formulas are those of PyTorch's
// torch.nn.GRU):
//
//	r = σ(W_ir·x + b_ir + W_hr·h + b_hr)
//	z = σ(W_iz·x + b_iz + W_hz·h + b_hz)
//	n = tanh(W_in·x + b_in + r·(W_hn·h + b_hn))
//	h = (1-z)·n + z·h
//
// Where the reset gate comes first, as in the paper and in ONNX with linear_before_reset = 0,
//
//	n = tanh(W_in·x + b_in + W_hn·(r·h) + b_hn)
type GRU struct {
	in, hidden      int
	input, states   *gemm.Packed[float32]
	bias, stateBias []float32
	candidate       *gemm.Packed[float32] // of r·h, where the reset gate comes first; or nil
	candidateBias   []float32
}

// NewGRU packs weights of three gates. It panics if they do not have their sizes.
func NewGRU(in, hidden int, w Weights, resetFirst bool) *GRU {
	w.check("GRU", 3, in, hidden)
	g := &GRU{in: in, hidden: hidden, input: gemm.Pack(w.Input, in, 3*hidden, 1, in), bias: w.InputBias, stateBias: w.HiddenBias}
	own := w.Hidden
	if resetFirst {
		own = w.Hidden[:2*hidden*hidden]
		g.candidate = gemm.Pack(w.Hidden[2*hidden*hidden:], hidden, hidden, 1, hidden)
		if w.HiddenBias != nil {
			g.stateBias, g.candidateBias = w.HiddenBias[:2*hidden], w.HiddenBias[2*hidden:]
		}
	}
	g.states = gemm.Pack(own, hidden, len(own)/hidden, 1, hidden)
	return g
}

// Scratch returns how many elements a [Pass] needs for itself.
func (l *GRU) Scratch(batch, steps int) int {
	return (atATime(batch, steps, 3*l.hidden)*3 + 4) * batch * l.hidden
}

// Run computes p. It panics if the slices do not fit, and must not be called if they overlap.
func (l *GRU) Run(p Pass) {
	p.check(l.in, l.hidden, l.Scratch(p.Batch, p.Steps))
	n, gates := l.hidden, 3*l.hidden
	all := atATime(p.Batch, p.Steps, gates)
	ofInput, rest := p.Scratch[:all*p.Batch*gates], p.Scratch[all*p.Batch*gates:]
	ofState, reset := rest[:p.Batch*gates], rest[p.Batch*gates:][:p.Batch*n]
	longest := p.longest()
	for i := 0; i < longest; i += all {
		end := min(i+all, longest)
		p.products(ofInput, l.input, l.bias, gates, i, end)
		for turn := i; turn < end; turn++ {
			l.turn(&p, ofInput, ofState, reset, turn, i, end)
		}
	}
	p.finish(n)
}

// turn computes one step of each sequence that has not ended. The products of the input are those of
// the turns from i to end.
func (l *GRU) turn(p *Pass, ofInput, ofState, reset []float32, turn, i, end int) {
	n, gates := l.hidden, 3*l.hidden
	l.states.Mul(ofState, gates, p.Hidden, n, p.Batch, l.stateBias, gemm.None)
	row := func(b int) (t int, x, h, state []float32, ok bool) {
		t, next := p.turns(b, turn, turn+1)
		from, _ := p.turns(b, i, end)
		return t, ofInput[(b*(end-i)+t-from)*gates:], ofState[b*gates:][:gates], p.Hidden[b*n : (b+1)*n], t < next
	}
	for b := range p.Batch {
		if _, x, h, state, ok := row(b); ok {
			kernel.Binary(kernel.Add, x[:2*n], x[:2*n], h[:2*n])
			kernel.GateSigmoid(x[:2*n], x[:2*n])
			if l.candidate != nil {
				kernel.Binary(kernel.Mul, reset[b*n:(b+1)*n], x[:n], state)
			}
		}
	}
	if l.candidate != nil {
		l.candidate.Mul(ofState[2*n:], gates, reset, n, p.Batch, l.candidateBias, gemm.None)
	}
	for b := range p.Batch {
		t, x, h, state, ok := row(b)
		if !ok {
			continue
		}
		candidate := h[2*n:]
		if l.candidate == nil {
			kernel.Binary(kernel.Mul, candidate, candidate, x[:n])
		}
		kernel.Binary(kernel.Add, candidate, candidate, x[2*n:3*n])
		kernel.GateTanh(candidate, candidate)
		// n + z·(h - n), as PyTorch computes it
		kernel.Binary(kernel.Sub, state, state, candidate)
		kernel.Binary(kernel.Mul, state, state, x[n:2*n])
		kernel.Binary(kernel.Add, state, state, candidate)
		p.done(b, t, state)
	}
}
