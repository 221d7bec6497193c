package nn_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/nn"
)

// digitsCNN is the model of AllocArrays.jl's benchmark, for digits of 28×28×1. One
// of its layers is used twice.
func digitsCNN(t testing.TB) *nn.Chain {
	tied := nn.NewDense("tied", 10, 10)
	c, err := nn.NewChain([]int{28, 28, 1},
		nn.NewConv2D("conv1", 1, 32, nn.Square(3)), nn.ReLU{},
		nn.NewBatchNorm("norm", 32, 1e-5), nn.ReLU{},
		nn.MaxPool2D{Window: nn.Square(2)},
		nn.NewConv2D("conv2", 32, 16, nn.Square(3)), nn.ReLU{},
		nn.MaxPool2D{Window: nn.Square(2)},
		nn.NewConv2D("conv3", 16, 10, nn.Square(3)), nn.ReLU{},
		nn.Flatten{}, nn.NewDense("fc", 90, 10), tied, tied, nn.Softmax{},
	)
	require.NoError(t, err)
	// Weights of the size that keeps the numbers near 1, as after training.
	for i, p := range c.Parameters() {
		fan := 1
		for _, d := range p.Value.Shape()[1:] {
			fan *= d
		}
		w := randomTensor(uint64(i), p.Value.Shape()...)
		for j, v := range w.Data() {
			p.Value.Data()[j] = v / float32(fan)
		}
	}
	positive(c)
	return c
}

// digitsReference is the model, written out.
func digitsReference(c *nn.Chain, x nn.Tensor) (out []float64) {
	p := map[string]nn.Tensor{}
	for _, q := range c.Parameters() {
		p[q.Name] = q.Value
	}
	bias := func(name string) *nn.Tensor { b := p[name+".bias"]; return &b }
	three, two := nn.Square(3).Strided(1).Dilated(1), nn.Square(2).Strided(2).Dilated(1)
	conv := func(m images, name string) images {
		m = convReference(m, three, p[name+".weight"], bias(name))
		m.v = reluReference(m.v)
		return m
	}
	dense := func(name string, v []float64) (y []float64) {
		for o := range 10 {
			sum := float64(p[name+".bias"].At(o))
			for i := range v {
				sum += v[i] * float64(p[name+".weight"].At(o, i))
			}
			y = append(y, sum)
		}
		return y
	}
	m := conv(toImages(x), "conv1")
	norm := []nn.Parameter{{Value: p["norm.weight"]}, {Value: p["norm.bias"]}, {Value: p["norm.running_mean"]}, {Value: p["norm.running_var"]}}
	m.v = reluReference(normReference(m.v, norm, 1e-5))
	m = conv(maxPoolReference(m, two), "conv2")
	m = conv(maxPoolReference(m, two), "conv3")
	for n := range m.n {
		out = append(out, softmaxReference(dense("tied", dense("tied", dense("fc", m.v[n*90:(n+1)*90]))))...)
	}
	return out
}

func TestDigitsCNN(t *testing.T) {
	c := digitsCNN(t)
	require.Len(t, c.Parameters(), 14)
	shape, err := c.OutputShape([]int{28, 28, 1})
	require.NoError(t, err)
	require.Equal(t, []int{10}, shape)
	x := randomTensor(9, 5, 28, 28, 1)
	y := c.Forward(bg, x)
	for i, want := range digitsReference(c, x) {
		require.InDelta(t, want, float64(y.Data()[i]), 1e-5)
	}
	other := digitsCNN(t)
	other.Parameters()[0].Value.Fill(0)
	require.NoError(t, nn.Load("m", saved(t, c), other))
	require.Equal(t, y.Data(), other.Forward(bg, x).Data())
}
