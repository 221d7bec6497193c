// Package training generates planning problems whose lives are like those of the tensors
// of a training step of a deep network.
package training

import (
	"math"
	"math/rand/v2"

	"github.com/allocarrays/allocarrays-go/plan"
)

// Step returns a problem of n blocks; the same seed makes the same problem.
//
// A step goes forward through layers and back. A layer going forward makes an activation,
// half of which live until the layer is met again on the way back, the others until the
// next layer or the one after; a workspace, live for one step; and on its way from one to
// three small blocks, such as statistics, half of which are kept for the way back. On the
// way back it makes the gradient of its input, live until the layer below has used it; a
// workspace; and the gradient of its weights, one in eight of which lives until the end,
// the others until they are added up a few layers later. Sizes are log-normal, and rounded
// to 64 bytes; those of a stage of eight layers are one size times a small power of two, as
// images shrink and channels double from stage to stage.
func Step(n int, seed uint64) plan.Problem {
	r := rand.New(rand.NewPCG(seed, 0x7261696e))
	var p plan.Problem
	size := func(median float64) int64 {
		return max(64, int64(median*math.Exp(r.NormFloat64()))/64*64)
	}
	layers := max(n/9, 1)
	end := int64(4 * layers)
	var stage int64
	for layer := range int64(layers) {
		if layer%8 == 0 {
			stage = size(1 << 20)
		}
		scaled := func() int64 { return max(64, stage>>r.IntN(4)/64*64) }
		at, back := 2*layer, end-2*layer-2
		add := func(size, from, to int64) {
			if len(p.Blocks) < n {
				p.Blocks = append(p.Blocks, plan.Block{Size: size, Align: 64, From: from, To: min(to, end)})
			}
		}
		if r.IntN(2) == 0 {
			add(scaled(), at, back+1)
		} else {
			add(scaled(), at, at+3+2*r.Int64N(2))
		}
		add(size(1<<18), at, at+1)
		for range 1 + r.IntN(3) {
			if r.IntN(2) == 0 {
				add(size(1<<10), at, back+1)
			} else {
				add(size(1<<10), at, at+1+r.Int64N(3))
			}
		}
		add(scaled(), back, back+3)
		add(size(1<<18), back, back+1)
		if r.IntN(8) == 0 {
			add(size(1<<16), back, end)
		} else {
			add(size(1<<16), back, back+2+2*r.Int64N(8))
		}
	}
	for len(p.Blocks) < n { // the layers were smaller than expected
		p.Blocks = append(p.Blocks, plan.Block{Size: size(1 << 10), Align: 64, From: int64(len(p.Blocks)) % end, To: int64(len(p.Blocks))%end + 1})
	}
	return p
}
