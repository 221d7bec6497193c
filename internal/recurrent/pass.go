package recurrent

import (
	"fmt"

	"github.com/allocarrays/allocarrays-go/internal/gemm"
)

// A Pass is a batch of sequences and where their results go. Distances are in elements.
type Pass struct {
	Batch, Steps int

	// X has step t of sequence b at b·XBatch + t·XStep, each of as many elements as the layer has
	// inputs. Y gets the hidden states in the same way, and zeros after the end of a sequence; it
	// is nil if they are not wanted.
	X, Y                         []float32
	XBatch, XStep, YBatch, YStep int

	// Hidden is batch×hidden: the state before the first step. It becomes that after the last. Cell is
	// the same of an LSTM.
	Hidden, Cell []float32

	Lengths []int     // of the sequences, at most Steps; nil if all have Steps
	Reverse bool      // begin with the last step of each sequence
	Scratch []float32 // as many elements as the layer's Scratch says, or more
}

// atATime returns for how many steps products of the input are computed at a time. They should
// stay in the second-level cache, but a product should have some rows.
func atATime(batch, steps, gates int) int {
	const elements = 1 << 16
	return max(1, min(steps, max((16+batch-1)/max(1, batch), elements/max(1, batch*gates))))
}

// check panics unless everything fits.
func (p *Pass) check(in, hidden, scratch int) {
	if p.Batch < 0 || p.Steps < 0 {
		panic(fmt.Sprintf("recurrent: batch of %d, %d steps", p.Batch, p.Steps))
	}
	if len(p.Hidden) != p.Batch*hidden {
		panic(fmt.Sprintf("recurrent: state of %d elements for a batch of %d × %d", len(p.Hidden), p.Batch, hidden))
	}
	if len(p.Scratch) < scratch {
		panic(fmt.Sprintf("recurrent: memory of %d elements, want %d", len(p.Scratch), scratch))
	}
	if p.Lengths != nil && len(p.Lengths) != p.Batch {
		panic(fmt.Sprintf("recurrent: %d lengths for a batch of %d", len(p.Lengths), p.Batch))
	}
	for b, n := range p.Lengths {
		if n < 0 || n > p.Steps {
			panic(fmt.Sprintf("recurrent: sequence %d has length %d of %d", b, n, p.Steps))
		}
	}
	p.fits("x", len(p.X), p.XBatch, p.XStep, in)
	if p.Y != nil {
		p.fits("y", len(p.Y), p.YBatch, p.YStep, hidden)
	}
}

// fits panics unless the steps of all sequences lie within n elements.
func (p *Pass) fits(name string, n, batch, step, size int) {
	if p.Batch > 0 && p.Steps > 0 && (batch < 0 || step < 0 || (p.Batch-1)*batch+(p.Steps-1)*step+size > n) {
		panic(fmt.Sprintf("recurrent: %s of %d elements for %d sequences of %d × %d at distances %d and %d",
			name, n, p.Batch, p.Steps, size, batch, step))
	}
}

// length returns that of sequence b.
func (p *Pass) length(b int) int {
	if p.Lengths == nil {
		return p.Steps
	}
	return p.Lengths[b]
}

// longest returns the length of the longest sequence.
func (p *Pass) longest() (n int) {
	for b := range p.Batch {
		n = max(n, p.length(b))
	}
	return n
}

// turns returns the range of the steps of sequence b that are computed in the turns from i to
// end: the first turn takes the first step, or with Reverse the last one.
func (p *Pass) turns(b, i, end int) (from, to int) {
	n := p.length(b)
	i, end = min(i, n), min(end, n)
	if p.Reverse {
		return n - end, n - i
	}
	return i, end
}

// products stores x·w + bias for the turns from i to end: of sequence b as many rows as it has steps in
// them, in the order of the sequence, the first at b·(end-i)·gates.
func (p *Pass) products(dst []float32, w *gemm.Packed[float32], bias []float32, gates, i, end int) {
	n := end - i
	if n < p.Batch && p.Lengths == nil {
		from, to := p.turns(0, i, end)
		for t := from; t < to; t++ {
			w.Mul(dst[(t-from)*gates:], n*gates, p.X[t*p.XStep:], p.XBatch, p.Batch, bias, gemm.None)
		}
		return
	}
	for b := range p.Batch {
		if from, to := p.turns(b, i, end); from < to {
			w.Mul(dst[b*n*gates:], gates, p.X[b*p.XBatch+from*p.XStep:], p.XStep, to-from, bias, gemm.None)
		}
	}
}

// finish clears y after the ends of the sequences.
func (p *Pass) finish(hidden int) {
	if p.Y == nil {
		return
	}
	for b := range p.Batch {
		for t := p.length(b); t < p.Steps; t++ {
			clear(p.Y[b*p.YBatch+t*p.YStep:][:hidden])
		}
	}
}

// done stores the state of sequence b after step t.
func (p *Pass) done(b, t int, state []float32) {
	if p.Y != nil {
		copy(p.Y[b*p.YBatch+t*p.YStep:], state)
	}
}
