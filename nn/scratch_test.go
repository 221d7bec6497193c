package nn_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/internal/trial"
	"github.com/allocarrays/allocarrays-go/nn"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/guard"
)

// held runs f on a list that counts bytes, and returns how many it held at most and in the end.
func held(t *testing.T, f func(ctx context.Context)) (peak, live int) {
	list := trial.NewFreeList()
	f(scope.WithAllocator(t.Context(), list))
	return list.Peak, list.Live
}

// TestLayersReleaseTheirScratch: when a layer returns, its output alone is left of what it took.
func TestLayersReleaseTheirScratch(t *testing.T) {
	defer guard.Set(guard.Set(guard.Off))
	for name, c := range allocCases(t) {
		if name == "LSTMState" || name == "Lookup" {
			continue // they return more than the output, or convert their input
		}
		for shape, x := range map[string]nn.Tensor{"whole": c.whole, "view": c.view} {
			want := 0
			_, live := held(t, func(ctx context.Context) {
				if y := c.layer.Forward(ctx, x); y.Stamp() != x.Stamp() {
					want = 4 * y.Len()
				}
			})
			require.Equal(t, want, live, "%s of the %s", name, shape)
		}
	}
}

// TestScratch: what layers need beside their input, to the byte.
func TestScratch(t *testing.T) {
	defer guard.Set(guard.Set(guard.Off))
	const batch, steps = 8, 5
	pictures, sequences := randomTensor(1, batch, 5, 6, 6), randomTensor(1, batch, steps, 6)
	ids := randomTensor(1, batch, steps)
	ids.Fill(1)
	// States of hidden 9 after each step, the state of the whole batch, and the products with the weights
	// of all steps and of one. A GRU keeps one state more.
	const states, state, products = batch * steps * 9, batch * 9, (steps + 1) * batch * 9
	for name, c := range map[string]struct {
		layer           nn.Layer
		x               nn.Tensor
		scratch, output int // elements of 4 bytes
	}{
		"Conv1D of one":       {nn.NewConv1D("c", 6, 4, nn.Span{Size: 1}), sequences, 0, batch * steps * 4},
		"ConvTranspose2D":     {nn.NewConvTranspose2D("c", 6, 4, nn.Square(3).Strided(2)), pictures, 8*8*6 + 4*2, batch * 11 * 13 * 4},
		"LSTM":                {nn.NewLSTM("l", 6, 9, nn.Recurrence{}), sequences, 2*state + 4*products, states},
		"GRU":                 {nn.NewGRU("g", 6, 9, nn.Recurrence{}), sequences, 2*state + 3*products, states},
		"GRU of two layers":   {nn.NewGRU("g", 6, 9, nn.Recurrence{Layers: 2}), sequences, 3*state + 3*products + states, states},
		"GRU of five layers":  {nn.NewGRU("g", 6, 9, nn.Recurrence{Layers: 5}), sequences, 6*state + 3*products + states, states},
		"LSTM of four layers": {nn.NewLSTM("l", 6, 9, nn.Recurrence{Layers: 4}), sequences, 8*state + 4*products + states, states},
		"Embedding":           {nn.NewEmbedding("e", 3, 9), ids, 0, batch * steps * 9},
	} {
		t.Run(name, func(t *testing.T) {
			peak, live := held(t, func(ctx context.Context) { c.layer.Forward(ctx, c.x) })
			require.Equal(t, []int{4 * (c.scratch + c.output), 4 * c.output}, []int{peak, live}, "bytes at most and in the end")
		})
	}
	// A copy of a view goes too; one of the first of several layers, before the others run.
	view := sequences.SliceStep(0, 0, batch, 2)
	for name, c := range map[string]struct {
		layer          nn.Layer
		peak, inTheEnd int
	}{
		"Conv1D of one":     {nn.NewConv1D("c", 6, 4, nn.Span{Size: 1}), view.Len() + 4*steps*4, 4 * steps * 4},
		"GRU of one layer":  {nn.NewGRU("g", 6, 9, nn.Recurrence{}), view.Len() + (2*state+3*products+states)/2, states / 2},
		"GRU of two layers": {nn.NewGRU("g", 6, 9, nn.Recurrence{Layers: 2}), (3*state + 3*products + 2*states) / 2, states / 2},
	} {
		t.Run(name+", of a view", func(t *testing.T) {
			peak, live := held(t, func(ctx context.Context) { c.layer.Forward(ctx, view) })
			require.Equal(t, []int{4 * c.peak, 4 * c.inTheEnd}, []int{peak, live}, "bytes at most and in the end")
		})
	}
}

// TestQuantizedScratch: what quantized layers need depends on the processor. Two of them, one after
// the other, need no more of it than one at a time.
func TestQuantizedScratch(t *testing.T) {
	defer guard.Set(guard.Set(guard.Off))
	rows, images := randomTensor(1, 200, 16), randomTensor(1, 3, 9, 8, 5)
	for name, c := range map[string]struct {
		x      nn.Tensor
		layer  func() nn.Layer
		output int
	}{
		"QuantizedDense":  {rows, func() nn.Layer { return nn.QuantizeDense(randomDense("d", 16, 16)) }, rows.Len()},
		"QuantizedConv2D": {images, func() nn.Layer { return nn.QuantizeConv2D(randomConv("c", 5, 5, nn.Square(3).Padded(1))) }, images.Len()},
	} {
		t.Run(name, func(t *testing.T) {
			one, live := held(t, func(ctx context.Context) { c.layer().Forward(ctx, c.x) })
			require.Equal(t, 4*c.output, live)
			require.Greater(t, one, live+4*16, "it has scratch")
			chain := nn.NewSequence(c.layer(), c.layer(), nn.ReLU{}, c.layer())
			three, live := held(t, func(ctx context.Context) { chain.Forward(ctx, c.x) })
			require.Equal(t, []int{one + 4*c.output, 4 * c.output}, []int{three, live}, "bytes at most and in the end")
		})
	}
}
