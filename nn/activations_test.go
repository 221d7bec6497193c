package nn_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/nn"
)

// TestMoreActivations compares with the formulas in PyTorch's documentation.
func TestMoreActivations(t *testing.T) {
	cases := []struct {
		layer nn.Layer
		want  func(x float64) float64
		text  string
	}{
		{nn.LeakyReLU{Slope: 0.25}, func(x float64) float64 { return math.Max(0, x) + 0.25*math.Min(0, x) }, "LeakyReLU of slope 0.25"},
		{nn.LeakyReLU{}, func(x float64) float64 { return math.Max(0, x) }, "LeakyReLU of slope 0"},
		{nn.SiLU{}, func(x float64) float64 { return x / (1 + math.Exp(-x)) }, "nn.SiLU"},
		{nn.ELU{Alpha: 1.5}, func(x float64) float64 { return math.Max(0, x) + math.Min(0, 1.5*(math.Exp(x)-1)) }, "ELU of alpha 1.5"},
		{nn.Softplus{}, func(x float64) float64 {
			if x > 20 {
				return x
			}
			return math.Log(1 + math.Exp(x))
		}, "nn.Softplus"},
		{nn.HardSwish{}, func(x float64) float64 { return x * math.Min(math.Max(x+3, 0), 6) / 6 }, "nn.HardSwish"},
		{nn.HardSigmoid{}, func(x float64) float64 { return math.Min(math.Max(x+3, 0), 6) / 6 }, "nn.HardSigmoid"},
		{nn.ReLU6{}, func(x float64) float64 { return math.Min(math.Max(x, 0), 6) }, "nn.ReLU6"},
		{nn.Identity{}, func(x float64) float64 { return x }, "nn.Identity"},
	}
	x := randomTensor(5, 7, 50)
	for i, v := range []float32{0, 3, -3, 6, -6, 20, 20.5, 100, -100, 0.5, -0.5} {
		x.Set(v, 0, i)
	}
	for _, c := range cases {
		for _, x := range []nn.Tensor{x, x.Transpose(), x.Index(0, 0), x.Slice(0, 0, 0)} {
			before := x.Heap().Data()
			y := c.layer.Forward(bg, x)
			require.Equal(t, x.Shape(), y.Shape())
			require.Equal(t, before, x.Heap().Data(), "the input is not changed")
			for i, v := range y.Heap().Data() {
				want := c.want(float64(before[i]))
				require.InDelta(t, want, float64(v), 2e-7*(1+math.Abs(want)), "%T of %v", c.layer, before[i])
			}
		}
		chain, err := nn.NewChain([]int{50}, c.layer)
		require.NoError(t, err)
		require.Contains(t, chain.String(), "0  "+c.text+"  ")
		for n := range x.Dim(0) {
			require.Equal(t, chain.Forward(bg, x).Slice(0, n, n+1).Data(), chain.Forward(bg, x.Slice(0, n, n+1)).Data(), "row %d alone", n)
		}
	}
}
