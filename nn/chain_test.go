package nn_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/nn"
)

// opaque is a layer that does not tell its output shape.
type opaque struct{ _ []float32 } // not comparable

func (opaque) Forward(_ context.Context, x nn.Tensor) nn.Tensor { return x }

func TestChainAppliesLayersInOrder(t *testing.T) {
	a, b := randomDense("a", 6, 5), randomDense("b", 5, 4)
	c, err := nn.NewChain([]int{2, 3}, nn.Flatten{}, a, nn.ReLU{}, opaque{}, b, nn.Tanh{}, nn.Dropout{})
	require.NoError(t, err)
	x := randomTensor(2, 7, 2, 3)
	want := nn.Tanh{}.Forward(bg, b.Forward(bg, nn.ReLU{}.Forward(bg, a.Forward(bg, x.Reshape(7, 6)))))
	require.Equal(t, want.Data(), c.Forward(bg, x).Data(), "a fused rectifier gives the same bits")
	require.Len(t, c.Layers(), 7)
	require.Len(t, c.Parameters(), 4)
}

func TestChainsNest(t *testing.T) {
	inner, err := nn.NewChain([]int{6}, randomDense("a", 6, 5), nn.ReLU{})
	require.NoError(t, err)
	outer, err := nn.NewChain([]int{6}, inner, randomDense("b", 5, 2))
	require.NoError(t, err)
	require.Len(t, outer.Parameters(), 4)
	require.Equal(t, []int{3, 2}, outer.Forward(bg, randomTensor(1, 3, 6)).Shape())
	shape, err := outer.OutputShape([]int{6})
	require.NoError(t, err)
	require.Equal(t, []int{2}, shape)
}

func TestNewChainErrors(t *testing.T) {
	inner, err := nn.NewChain([]int{4}, opaque{})
	require.NoError(t, err)
	cases := []struct {
		in     []int
		layers []nn.Layer
		want   string
	}{
		{[]int{0}, nil, `nn: NewChain: sample shape 0: lengths must be positive`},
		{[]int{4}, []nn.Layer{nn.NewDense("a", 5, 1)}, `nn: layer 0, Dense "a" 5→1: takes samples of …×5, not 4`},
		{nil, []nn.Layer{nn.NewDense("a", 5, 1)}, `nn: layer 0, Dense "a" 5→1: takes samples of …×5, not ()`},
		{[]int{4}, []nn.Layer{nn.ReLU{}, nil}, `nn: NewChain: layer 1 is nil`},
		{[]int{4}, []nn.Layer{opaque{}, nil}, `nn: NewChain: layer 1 is nil`},
		{[]int{4}, []nn.Layer{nn.NewDense("a", 4, 4), nn.NewDense("a", 4, 4)}, `nn: two parameters are called "a.weight"`},
		{[]int{5}, []nn.Layer{inner}, `nn: layer 0, Chain 4→?: takes samples of 4, not 5`},
		{[]int{4}, []nn.Layer{inner}, `nn: layer 0, Chain 4→?: does not know the shape of its output`},
	}
	for _, c := range cases {
		_, err := nn.NewChain(c.in, c.layers...)
		require.EqualError(t, err, c.want)
	}
}

func TestChainString(t *testing.T) {
	conv, tail := nn.NewConv2D("conv", 1, 4, nn.Square(3)), nn.NewDense("tail", 10, 10)
	head, err := nn.NewChain([]int{676}, nn.NewDense("fc", 676, 10), nn.ReLU{})
	require.NoError(t, err)
	c, err := nn.NewChain([]int{28, 28, 1}, conv, nn.NewBatchNorm("norm", 4, 1e-5), nn.MaxPool2D{Window: nn.Square(2)},
		nn.Flatten{}, head, tail, tail, opaque{}, nn.Softmax{})
	require.NoError(t, err)
	require.Equal(t, strings.Join([]string{
		`Chain 28×28×1→?`,
		`   layer                     output   parameters  bytes`,
		`0  Conv2D "conv" 1→4 of 3×3  26×26×4  40          160`,
		`1  BatchNorm "norm" of 4     26×26×4  16          64`,
		`2  MaxPool2D of 2×2          13×13×4  0           0`,
		`3  nn.Flatten                676      0           0`,
		`4  Chain 676→10              10       6770        27080`,
		`5  Dense "tail" 10→10        10       110         440`,
		`6  Dense "tail" 10→10        10       110         440`,
		`7  nn_test.opaque            ?        0           0`,
		`8  nn.Softmax                ?        0           0`,
		`   all                       ?        6936        27744`,
	}, "\n"), c.String())
}

func TestCheckInput(t *testing.T) {
	c, err := nn.NewChain([]int{28, 28}, nn.Flatten{})
	require.NoError(t, err)
	require.NoError(t, c.CheckInput(randomTensor(1, 5, 28, 28)))
	require.EqualError(t, c.CheckInput(randomTensor(1, 5, 784)), "nn: input of shape 5×784, want batch×28×28")
	require.Error(t, c.CheckInput(allocarray.New[float32](bg)))
}
