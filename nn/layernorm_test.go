package nn_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/nn"
)

func TestLayerNorm(t *testing.T) {
	for _, features := range []int{1, 3, 16, 33, 600, 1500} {
		l := nn.NewLayerNorm("n", features, 1e-5)
		randomize(l)
		for _, batch := range []int{0, 1, 3} {
			x := randomTensor(2, batch, 5, features, 7)
			for _, x := range []nn.Tensor{x.Index(3, 0).Clone(bg), x.Permute(0, 1, 3, 2)} {
				t.Run(fmt.Sprint(x.Shape()), func(t *testing.T) {
					before := x.Heap().Data()
					y := l.Forward(bg, x)
					require.Equal(t, x.Shape(), y.Shape())
					require.Equal(t, before, x.Heap().Data(), "the input is not changed")
					require.InDeltaSlice(t, layerNormReference(before, l.Parameters(), 1e-5), float64s(y), 1e-4)
				})
			}
		}
	}
}

// layerNormReference is LayerNorm over the last axis.
func layerNormReference(x []float32, p []nn.Parameter, eps float64) (y []float64) {
	weight, bias := p[0].Value.Data(), p[1].Value.Data()
	n := len(weight)
	for ; len(x) > 0; x = x[n:] {
		mean, variance := 0.0, 0.0
		for _, v := range x[:n] {
			mean += float64(v) / float64(n)
		}
		for _, v := range x[:n] {
			variance += (float64(v) - mean) * (float64(v) - mean) / float64(n)
		}
		for i, v := range x[:n] {
			y = append(y, (float64(v)-mean)/math.Sqrt(variance+eps)*float64(weight[i])+float64(bias[i]))
		}
	}
	return y
}

func TestLayerNormRefuses(t *testing.T) {
	l := nn.NewLayerNorm("n", 4, 1e-5)
	require.Equal(t, `LayerNorm "n" of 4`, l.String())
	require.PanicsWithValue(t, `nn: LayerNorm "n" of 4: input of shape 2×3: takes samples of …×4, not 3`,
		func() { l.Forward(bg, randomTensor(1, 2, 3)) })
	require.PanicsWithValue(t, `nn: NewLayerNorm "n": 0 features and eps 1e-05 must be positive`,
		func() { nn.NewLayerNorm("n", 0, 1e-5) })
	for _, eps := range []float64{0, -1, math.NaN(), math.Inf(1)} {
		require.Panics(t, func() { nn.NewLayerNorm("n", 1, eps) })
	}
	_, err := nn.NewChain([]int{5, 3}, l)
	require.EqualError(t, err, `nn: layer 0, LayerNorm "n" of 4: takes samples of …×4, not 5×3`)
}

// TestRowsDoNotDependOnTheBatch: a row gives the same bits in every company.
func TestRowsDoNotDependOnTheBatch(t *testing.T) {
	norm := nn.NewLayerNorm("n", 37, 1e-5)
	randomize(norm)
	x := randomTensor(3, 9, 37)
	for _, l := range []nn.Layer{norm, nn.Softmax{}, nn.LogSoftmax{}} {
		y := l.Forward(bg, x)
		for n := range 9 {
			require.Equal(t, l.Forward(bg, x.Slice(0, n, n+1)).Data(), y.Slice(0, n, n+1).Data())
		}
	}
}
