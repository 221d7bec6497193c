package recurrent_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/internal/recurrent"
)

func random(rng *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(rng.NormFloat64()) / 2
	}
	return x
}

func weights(rng *rand.Rand, gates, in, hidden int) recurrent.Weights {
	return recurrent.Weights{Input: random(rng, gates*hidden*in), Hidden: random(rng, gates*hidden*hidden),
		InputBias: random(rng, gates*hidden), HiddenBias: random(rng, gates*hidden)}
}

type layer interface {
	Scratch(batch, steps int) int
	Run(p recurrent.Pass)
}

// TestLayouts: whatever the order of batch and steps in memory, each sequence has the bits that it has alone; and
// nothing but its place in y is written. (Package nn compares the layers with their formulas.)
func TestLayouts(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 60 {
		in, hidden, batch, steps := 1+rng.IntN(9), 1+rng.IntN(20), 1+rng.IntN(20), 1+rng.IntN(20)
		layers := map[string]layer{
			"LSTM":             recurrent.NewLSTM(in, hidden, weights(rng, 4, in, hidden)),
			"GRU":              recurrent.NewGRU(in, hidden, weights(rng, 3, in, hidden), false),
			"GRU, reset first": recurrent.NewGRU(in, hidden, weights(rng, 3, in, hidden), true),
		}
		x, h, c := random(rng, batch*steps*in), random(rng, batch*hidden), random(rng, batch*hidden)
		var lengths []int
		if rng.IntN(2) == 0 {
			for range batch {
				lengths = append(lengths, rng.IntN(steps+1))
			}
		}
		reverse, gap := rng.IntN(2) == 0, rng.IntN(3)
		for name, l := range layers {
			t.Run(fmt.Sprintf("%s %d→%d of %d×%d lengths %v reverse %v", name, in, hidden, batch, steps, lengths, reverse), func(t *testing.T) {
				wide := hidden + gap
				p := recurrent.Pass{Batch: batch, Steps: steps, X: x, XBatch: in, XStep: batch * in, // steps first
					Y: make([]float32, batch*steps*wide), YBatch: wide, YStep: batch * wide, Lengths: lengths, Reverse: reverse,
					Hidden: append([]float32{}, h...), Scratch: make([]float32, l.Scratch(batch, steps))}
				for i := range p.Y {
					p.Y[i] = 99
				}
				if name == "LSTM" {
					p.Cell = append([]float32{}, c...)
				}
				l.Run(p)
				for b := range batch {
					one := recurrent.Pass{Batch: 1, Steps: steps, XBatch: 0, XStep: in, YStep: hidden, Reverse: reverse,
						Y: make([]float32, steps*hidden), Hidden: append([]float32{}, h[b*hidden:(b+1)*hidden]...), Scratch: make([]float32, l.Scratch(1, steps))}
					for s := range steps {
						one.X = append(one.X, x[(s*batch+b)*in:][:in]...)
					}
					if lengths != nil {
						one.Lengths = lengths[b : b+1]
					}
					if p.Cell != nil {
						one.Cell = append([]float32{}, c[b*hidden:(b+1)*hidden]...)
					}
					l.Run(one)
					for s := range steps {
						at := (s*batch + b) * wide
						require.Equal(t, one.Y[s*hidden:(s+1)*hidden], p.Y[at:at+hidden])
						for _, v := range p.Y[at+hidden : at+wide] {
							require.EqualValues(t, 99, v)
						}
					}
					require.Equal(t, one.Hidden, p.Hidden[b*hidden:(b+1)*hidden])
					if p.Cell != nil {
						require.Equal(t, one.Cell, p.Cell[b*hidden:(b+1)*hidden])
					}
				}
				again := p
				again.Y, again.Hidden = nil, append([]float32{}, h...)
				if p.Cell != nil {
					again.Cell = append([]float32{}, c...)
				}
				require.Zero(t, testing.AllocsPerRun(1, func() { l.Run(again) }))
			})
		}
	}
}

// TestGates brings ONNX's order into PyTorch's.
func TestGates(t *testing.T) {
	require.Equal(t, []float32{0, 1, 4, 5, 6, 7, 2, 3}, recurrent.Gates([]float32{0, 1, 2, 3, 4, 5, 6, 7}, 0, 2, 3, 1)) // i o f c
	require.Equal(t, []float32{1, 0, 2}, recurrent.Gates([]float32{0, 1, 2}, 1, 0, 2))                                  // z r h
	require.PanicsWithValue(t, "recurrent: 3 gates do not divide 4 elements", func() { recurrent.Gates(make([]float32, 4), 0, 1, 2) })
}

// TestBiases: one of them alone counts, and a GRU keeps them apart.
func TestBiases(t *testing.T) {
	run := func(l layer, x float32) float32 {
		h := []float32{0.5}
		l.Run(recurrent.Pass{Batch: 1, Steps: 1, X: []float32{x}, Hidden: h, Cell: nil, Scratch: make([]float32, l.Scratch(1, 1))})
		return h[0]
	}
	zeros := make([]float32, 3)
	n := func(input, hidden []float32, first bool) float32 {
		return run(recurrent.NewGRU(1, 1, recurrent.Weights{Input: zeros, Hidden: zeros, InputBias: input, HiddenBias: hidden}, first), 1)
	}
	b := []float32{0, 0, 2}
	// r = z = 1/2: h = (tanh(...) + 1/2) / 2
	want := func(x float64) float64 { return (math.Tanh(x) + 0.5) / 2 }
	require.InDelta(t, want(0), n(nil, nil, false), 1e-6)
	require.InDelta(t, want(2), n(b, nil, false), 1e-6)
	require.InDelta(t, want(1), n(nil, b, false), 1e-6, "times r")
	require.InDelta(t, want(2), n(nil, b, true), 1e-6)
	require.InDelta(t, want(4), n(b, b, true), 1e-6)
}

func TestRefuses(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	good := weights(rng, 4, 3, 5)
	l := recurrent.NewLSTM(3, 5, good)
	pass := func(change func(p *recurrent.Pass)) func() {
		p := recurrent.Pass{Batch: 2, Steps: 4, X: make([]float32, 24), XBatch: 12, XStep: 3, Y: make([]float32, 40), YBatch: 20, YStep: 5,
			Hidden: make([]float32, 10), Cell: make([]float32, 10), Scratch: make([]float32, l.Scratch(2, 4))}
		change(&p)
		return func() { l.Run(p) }
	}
	require.NotPanics(t, pass(func(*recurrent.Pass) {}))
	for name, change := range map[string]func(p *recurrent.Pass){
		"x":         func(p *recurrent.Pass) { p.X = p.X[1:] },
		"y":         func(p *recurrent.Pass) { p.Y = p.Y[1:] },
		"distance":  func(p *recurrent.Pass) { p.XBatch = 13 },
		"negative":  func(p *recurrent.Pass) { p.YStep = -5 },
		"state":     func(p *recurrent.Pass) { p.Hidden = p.Hidden[1:] },
		"cell":      func(p *recurrent.Pass) { p.Cell = nil },
		"scratch":   func(p *recurrent.Pass) { p.Scratch = p.Scratch[1:] },
		"lengths":   func(p *recurrent.Pass) { p.Lengths = []int{1} },
		"a length":  func(p *recurrent.Pass) { p.Lengths = []int{1, 5} },
		"no length": func(p *recurrent.Pass) { p.Lengths = []int{-1, 4} },
		"batch":     func(p *recurrent.Pass) { p.Batch = -1 },
	} {
		require.Panics(t, pass(change), name)
	}
	require.Panics(t, func() { recurrent.NewLSTM(0, 5, good) })
	require.Panics(t, func() { recurrent.NewLSTM(4, 5, good) })
	require.Panics(t, func() { recurrent.NewGRU(3, 5, good, false) })
	bad := good
	bad.HiddenBias = bad.HiddenBias[1:]
	require.Panics(t, func() { recurrent.NewLSTM(3, 5, bad) })
}
