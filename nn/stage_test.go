package nn_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/nn"
)

// stagedLayers returns a convolution and what can be staged with it, at random. No weights
// are folded into it, so that nothing is rounded otherwise than layer by layer.
func stagedLayers(rng *rand.Rand, in, out int) []nn.Layer {
	w := randomWindow(rng)
	layers := []nn.Layer{randomConv("c", in, out, w), nn.ReLU{}}
	if rng.IntN(2) == 0 {
		layers = append(layers, randomNorm("n", out))
		if rng.IntN(2) == 0 {
			layers = append(layers, nn.ReLU{})
		}
	}
	p := randomWindow(rng)
	p.Dilation = [2]int{1, 1}
	p.Padding = [2]int{min(p.Padding[0], p.Size[0]/2), min(p.Padding[1], p.Size[1]/2)}
	switch rng.IntN(4) {
	case 0:
		layers = append(layers, nn.MaxPool2D{Window: p})
	case 1:
		layers = append(layers, nn.AvgPool2D{Window: p, ExcludePadding: rng.IntN(2) == 0})
	case 2:
		layers = append(layers, nn.MaxPool2D{Window: nn.Square(2)})
	}
	return layers
}

// TestStaged: what is staged gives the bits of the layers one by one, and an image the same
// bits alone and in a batch, whether it is cut into bands or taken together with others.
func TestStaged(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for i := range 60 {
		in, out, height, width := 1+rng.IntN(5), 1+rng.IntN(20), 22+rng.IntN(5), 22+rng.IntN(5)
		if i%3 == 0 {
			out, height = out+50, height+30 // bands
		}
		layers := stagedLayers(rng, in, out)
		chain, err := nn.NewChain([]int{height, width, in}, layers...)
		require.NoError(t, err, "%v", layers)
		t.Run(fmt.Sprintf("%d×%d %v", height, width, layers), func(t *testing.T) {
			x := randomTensor(uint64(i), 9, height, width, in)
			want, got := oneByOne(layers, x), chain.Forward(bg, x)
			require.Equal(t, want.Shape(), got.Shape())
			require.Equal(t, want.Data(), got.Data())
			for n := range 9 {
				require.Equal(t, got.Slice(0, n, n+1).Data(), chain.Forward(bg, x.Slice(0, n, n+1)).Data(), "image %d alone", n)
			}
		})
	}
}

// TestStageFollowsChangedParameters of every layer in it, through whatever they were changed.
func TestStageFollowsChangedParameters(t *testing.T) {
	for name, joined := range map[string]bool{"joined": true, "staged": false} {
		t.Run(name, func(t *testing.T) {
			c, n, m := randomConv("c", 2, 3, nn.Square(3)), randomNorm("n", 3), randomNorm("m", 3)
			layers := []nn.Layer{c, nn.ReLU{}, m, nn.MaxPool2D{Window: nn.Square(2)}}
			if joined {
				layers = []nn.Layer{c, n, nn.ReLU{}, m, nn.ReLU{}, nn.MaxPool2D{Window: nn.Square(2)}}
			}
			chain, err := nn.NewChain([]int{6, 6, 2}, layers...)
			require.NoError(t, err)
			x := randomTensor(1, 2, 6, 6, 2)
			before := chain.Forward(bg, x).Data()
			check := func(change func()) {
				change()
				after := chain.Forward(bg, x).Data()
				require.InDeltaSlice(t, oneByOne(layers, x).Data(), after, 1e-4)
				require.NotEqual(t, before, after, "it made a difference")
				before = after
			}
			check(func() { m.Parameters()[1].Value.Fill(0.25); m.ParametersChanged() })
			check(func() { c.Parameters()[1].Value.Fill(3); c.ParametersChanged() })
			check(func() { m.Parameters()[0].Value.Fill(1.5); chain.ParametersChanged() })
			check(func() { c.Parameters()[0].Value.Fill(0.5); chain.ParametersChanged() })
		})
	}
}

// TestStageRefuses what the layers refuse, in their words, also behind a layer of unknown shape.
func TestStageRefuses(t *testing.T) {
	chain, err := nn.NewChain([]int{3, 3, 2}, opaque{}, randomConv("c", 2, 3, nn.Square(3)), nn.ReLU{}, nn.MaxPool2D{Window: nn.Square(2)})
	require.NoError(t, err)
	require.PanicsWithValue(t, `nn: MaxPool2D of 2×2: input of shape 1×1×1×3: takes samples into which its window fits, not 1×1×3`,
		func() { chain.Forward(bg, randomTensor(1, 1, 3, 3, 2)) })
	require.PanicsWithValue(t, `nn: Conv2D "c" 2→3 of 3×3: input of shape 1×3×3×1: takes samples of height×width×2, not 3×3×1`,
		func() { chain.Forward(bg, randomTensor(1, 1, 3, 3, 1)) })
}
