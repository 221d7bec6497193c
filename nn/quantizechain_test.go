package nn_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/nn"
)

// blockChain has every layer that is quantized or looked into.
func blockChain(t *testing.T) *nn.Chain {
	shared := randomDense("shared", 6, 6)
	layers := []nn.Layer{
		randomConv("first", 3, 8, nn.Square(3).Padded(1)), nn.ReLU{},
		randomConv("conv", 8, 6, nn.Square(3)), randomNorm("norm", 6), nn.ReLU{},
		nn.NewResidual(randomDense("r", 6, 6), nn.Tanh{}),
		nn.NewSum(nn.NewSequence(shared, nn.ReLU{}), nn.Identity{}),
		nn.NewProduct(shared, randomDense("p", 6, 6)),
		nn.NewConcat(-1, randomDense("q", 6, 2), nn.Identity{}),
		nn.MaxPool2D{Window: nn.Square(2)}, nn.Flatten{}, randomDense("last", 32, 5),
	}
	c, err := nn.NewChain([]int{6, 6, 3}, layers...)
	require.NoError(t, err)
	for _, p := range c.Parameters() {
		if p.Value.Rank() > 1 {
			fan := float32(p.Value.Len() / p.Value.Dim(0))
			allocarray.MulScalarInto(p.Value, p.Value, 1/float32(math.Sqrt(float64(fan))))
		}
	}
	c.ParametersChanged()
	return c
}

// TestQuantizeChain: the outputs are near those of c, and not the same; and which layers are quantized.
func TestQuantizeChain(t *testing.T) {
	c, x := blockChain(t), randomTensor(4, 20, 6, 6, 3)
	want := c.Forward(bg, x).Data()
	static, err := nn.QuantizeChain(bg, c, x.Slice(0, 0, 10), x.Slice(0, 10, 20))
	require.NoError(t, err)
	dynamic, err := nn.QuantizeChain(bg, c)
	require.NoError(t, err)
	for name, q := range map[string]*nn.Chain{"static": static, "dynamic": dynamic} {
		t.Run(name, func(t *testing.T) {
			require.Contains(t, q.String(), `QuantizedConv2D "conv" 8→6 of 3×3`)
			require.Contains(t, q.String(), ` Conv2D "first" 3→8`)
			require.NotContains(t, q.String(), "BatchNorm")
			require.Len(t, q.Layers(), len(c.Layers())-1)
			require.Len(t, q.Parameters(), 2, "those of the first layer")
			got := q.Forward(bg, x).Data()
			errors, size := 0.0, 0.0
			for i, v := range want {
				errors += float64(v-got[i]) * float64(v-got[i])
				size += float64(v) * float64(v)
			}
			require.Less(t, math.Sqrt(errors/size), 0.03)
			require.NotEqual(t, want, got)
		})
	}
	require.NotEqual(t, static.Forward(bg, x).Data(), dynamic.Forward(bg, x).Data())
}

// TestQuantizeChainCalibrates: the scale covers the examples and 0, and nothing more.
func TestQuantizeChainCalibrates(t *testing.T) {
	d := randomDense("d", 3, 2)
	c, err := nn.NewChain([]int{3}, nn.ReLU{}, d)
	require.NoError(t, err)
	one := allocarray.Wrap([]float32{1, -7, 0.5}, 1, 3)
	two := allocarray.Wrap([]float32{3, 2, 5.1, -1, 2, 1}, 2, 3)
	q, err := nn.QuantizeChain(bg, c, one, two)
	require.NoError(t, err)
	want := nn.QuantizeDense(d).Static(float32(5.1)/255, 0).Forward(bg, two.Slice(0, 0, 1))
	require.Equal(t, want.Data(), q.Forward(bg, two.Slice(0, 0, 1)).Data())
}

func TestQuantizeChainRefuses(t *testing.T) {
	c := blockChain(t)
	_, err := nn.QuantizeChain(bg, c, randomTensor(1, 1, 6, 6, 3), randomTensor(1, 2, 6, 6, 4))
	require.EqualError(t, err, "nn: QuantizeChain: example 1: nn: input of shape 2×6×6×4, want batch×6×6×3")
	_, err = nn.QuantizeChain(bg, c, randomTensor(1, 2, 6, 6, 3).Slice(0, 1, 1))
	require.EqualError(t, err, "nn: QuantizeChain: example 0: nn: no samples")
	for _, v := range []float32{float32(math.NaN()), float32(math.Inf(1))} {
		bad := randomTensor(1, 1, 6, 6, 3)
		bad.Set(v, 0, 3, 3, 1)
		_, err = nn.QuantizeChain(bg, c, bad)
		require.ErrorContains(t, err, `nn: QuantizeChain: the input of Conv2D "conv" 8→6 of 3×3 reaches from`)
	}
}
