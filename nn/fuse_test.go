package nn_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/nn"
)

// oneByOne applies the layers of a chain without it.
func oneByOne(layers []nn.Layer, x nn.Tensor) nn.Tensor {
	for _, l := range layers {
		x = l.Forward(bg, x)
	}
	return x
}

// TestFusedEqualsUnfused: what a chain computes together gives what its layers give
// one by one. A rectifier gives the same bits, folded weights are rounded otherwise.
func TestFusedEqualsUnfused(t *testing.T) {
	withoutBias := nn.NewConv2DWithoutBias("c", 3, 20, nn.Square(3))
	randomize(withoutBias)
	cases := map[string]struct {
		layers []nn.Layer
		exact  bool
	}{
		"conv relu":            {[]nn.Layer{randomConv("c", 3, 20, nn.Square(3).Padded(1)), nn.ReLU{}}, true},
		"conv relu norm relu":  {[]nn.Layer{randomConv("c", 3, 20, nn.Square(3)), nn.ReLU{}, randomNorm("n", 20), nn.ReLU{}}, true},
		"norm relu relu":       {[]nn.Layer{randomNorm("n", 3), nn.ReLU{}, nn.ReLU{}}, true},
		"conv norm":            {[]nn.Layer{randomConv("c", 3, 20, nn.Square(3)), randomNorm("n", 20)}, false},
		"conv norm relu":       {[]nn.Layer{randomConv("c", 3, 20, nn.Square(3)), randomNorm("n", 20), nn.ReLU{}}, false},
		"pointwise norm relu":  {[]nn.Layer{randomConv("c", 3, 20, nn.Square(1)), randomNorm("n", 20), nn.ReLU{}}, false},
		"no bias norm":         {[]nn.Layer{withoutBias, randomNorm("n", 20)}, false},
		"conv norm norm":       {[]nn.Layer{randomConv("c", 3, 20, nn.Square(3)), randomNorm("n", 20), randomNorm("m", 20)}, false},
		"conv norm conv norm":  {[]nn.Layer{randomConv("c", 3, 9, nn.Square(3)), randomNorm("n", 9), randomConv("d", 9, 2, nn.Square(2)), randomNorm("m", 2)}, false},
		"conv dropout norm":    {[]nn.Layer{randomConv("c", 3, 20, nn.Square(3)), nn.Dropout{}, randomNorm("n", 20)}, true},
		"conv maxpool softmax": {[]nn.Layer{randomConv("c", 3, 20, nn.Square(3)), nn.MaxPool2D{Window: nn.Square(2)}, nn.Softmax{}}, true},
	}
	x := randomTensor(4, 3, 8, 7, 3)
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			chain, err := nn.NewChain([]int{8, 7, 3}, c.layers...)
			require.NoError(t, err)
			want, got := oneByOne(c.layers, x), chain.Forward(bg, x)
			require.Equal(t, want.Shape(), got.Shape())
			if c.exact {
				require.Equal(t, want.Data(), got.Data())
				return
			}
			require.InDeltaSlice(t, want.Data(), got.Data(), 2e-4)
			require.NotEqual(t, want.Data(), got.Data(), "folded weights round otherwise: nothing was folded")
		})
	}
}

// TestFoldingFollowsChangedParameters, through whatever they were changed.
func TestFoldingFollowsChangedParameters(t *testing.T) {
	c, n := randomConv("c", 2, 3, nn.Square(3)), randomNorm("n", 3)
	layers := []nn.Layer{c, n, nn.ReLU{}}
	chain, err := nn.NewChain([]int{5, 5, 2}, layers...)
	require.NoError(t, err)
	x := randomTensor(1, 2, 5, 5, 2)
	check := func(change func()) {
		change()
		require.InDeltaSlice(t, oneByOne(layers, x).Data(), chain.Forward(bg, x).Data(), 1e-4)
	}
	// The layers are folded when the first and the third change come.
	check(func() { n.Parameters()[0].Value.Fill(2); n.ParametersChanged() })
	check(func() { c.Parameters()[1].Value.Fill(3); chain.ParametersChanged() })
	check(func() { c.Parameters()[0].Value.Set(0.5, 0, 0, 0, 0); c.ParametersChanged() })
	require.Equal(t, oneByOne(layers, x).Data(), chain.Forward(bg, x).Data(), "computed one by one")
	check(func() { n.Parameters()[2].Value.Fill(-1); chain.ParametersChanged() })
	require.NotEqual(t, oneByOne(layers, x).Data(), chain.Forward(bg, x).Data(), "folded again")
}

// loud embeds a Dense and changes what it does.
type loud struct{ *nn.Dense }

func (l loud) Forward(ctx context.Context, x nn.Tensor) nn.Tensor {
	y := l.Dense.Forward(ctx, x)
	y.Fill(7)
	return y
}

// TestFusingLeavesOtherTypesAlone: a type that embeds a layer keeps its Forward.
func TestFusingLeavesOtherTypesAlone(t *testing.T) {
	chain, err := nn.NewChain([]int{2}, loud{randomDense("d", 2, 2)}, nn.ReLU{})
	require.NoError(t, err)
	require.Equal(t, []float32{7, 7}, chain.Forward(bg, randomTensor(1, 1, 2)).Data())
}

// TestFusingNeedsAgreeingChannels: behind a layer of unknown shape nothing is
// checked when the chain is built, but folding must not read beyond an end.
func TestFusingNeedsAgreeingChannels(t *testing.T) {
	chain, err := nn.NewChain([]int{5, 5, 2}, opaque{}, randomConv("c", 2, 3, nn.Square(3)), randomNorm("n", 4))
	require.NoError(t, err)
	require.PanicsWithValue(t, `nn: BatchNorm "n" of 4: input of shape 1×3×3×3: takes samples of …×4, not 3×3×3`,
		func() { chain.Forward(bg, randomTensor(1, 1, 5, 5, 2)) })
}

// TestSameLayerTwice: it has one set of weights, saved and loaded once.
func TestSameLayerTwice(t *testing.T) {
	d := randomDense("d", 4, 4)
	inner, err := nn.NewChain([]int{4}, d)
	require.NoError(t, err)
	chain, err := nn.NewChain([]int{4}, d, nn.ReLU{}, d, inner)
	require.NoError(t, err)
	require.Len(t, chain.Parameters(), 2)

	x := randomTensor(1, 3, 4)
	want := oneByOne([]nn.Layer{d, nn.ReLU{}, d, d}, x)
	require.Equal(t, want.Data(), chain.Forward(bg, x).Data())

	other := nn.NewDense("d", 4, 4)
	again, err := nn.NewChain([]int{4}, other, nn.ReLU{}, other, other)
	require.NoError(t, err)
	require.NoError(t, nn.Load("m", saved(t, chain), again))
	require.Equal(t, want.Data(), again.Forward(bg, x).Data())

	_, err = nn.NewChain([]int{4}, d, other, d)
	require.EqualError(t, err, `nn: two parameters are called "d.weight"`)
}
