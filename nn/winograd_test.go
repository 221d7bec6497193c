package nn_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/nn"
)

// TestConv2DWinograd: convolutions of 3×3 between many channels are computed by Winograd's
// algorithm. It is near the definition, and gives an image the same bits alone and in a batch. Package conv
// tests more sizes.
func TestConv2DWinograd(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	sizes := [][2]int{{90, 41}, {33, 64}}
	for range 4 {
		sizes = append(sizes, [2]int{1 + rng.IntN(12), 1 + rng.IntN(12)})
	}
	for i, size := range sizes {
		w := nn.Window{Size: [2]int{3, 3}, Padding: [2]int{rng.IntN(4), rng.IntN(4)}}
		in, out := 32+rng.IntN(20), 32+rng.IntN(20)
		c := randomConv("c", in, out, w)
		if size[0]+2*w.Padding[0] < 3 || size[1]+2*w.Padding[1] < 3 {
			continue
		}
		t.Run(fmt.Sprintf("%v of %v", c, size), func(t *testing.T) {
			batch := 9
			if i < 2 {
				batch = 2
			}
			x := randomTensor(uint64(i), batch, size[0], size[1], in)
			y := c.Forward(bg, x)
			p := c.Parameters()
			want, most := convReference(toImages(x.Slice(0, 0, 1)), c.Window(), p[0].Value, &p[1].Value), 0.0
			for _, v := range want.v {
				most = math.Max(most, math.Abs(v))
			}
			require.InDeltaSlice(t, want.v, float64s(y.Slice(0, 0, 1)), 2e-6*most)
			for n := range batch {
				require.Equal(t, c.Forward(bg, x.Slice(0, n, n+1)).Data(), y.Slice(0, n, n+1).Data(), "image %d alone", n)
			}
		})
	}
}

// TestWinogradStaged: what is behind such a convolution is computed with it, and changes no bit.
func TestWinogradStaged(t *testing.T) {
	layers := []nn.Layer{randomConv("c", 33, 70, nn.Square(3).Padded(1)), nn.ReLU{}, randomNorm("n", 70),
		nn.MaxPool2D{Window: nn.Square(3).Strided(2).Padded(1)}}
	chain, err := nn.NewChain([]int{61, 60, 33}, layers...)
	require.NoError(t, err)
	x := randomTensor(1, 2, 61, 60, 33)
	want := oneByOne(layers, x).Data()
	require.Equal(t, want, chain.Forward(bg, x).Data())
	require.Equal(t, want[:len(want)/2], chain.Forward(bg, x.Slice(0, 0, 1)).Data())
}

// TestWinogradWithoutBias, and with a normalisation folded into it.
func TestWinogradWithoutBias(t *testing.T) {
	c := nn.NewConv2DWithoutBias("c", 32, 32, nn.Square(3))
	randomize(c)
	x := randomTensor(1, 2, 6, 7, 32)
	requireClose(t, convReference(toImages(x), c.Window(), c.Parameters()[0].Value, nil), c.Forward(bg, x), 3*288)
	layers := []nn.Layer{c, randomNorm("n", 32)}
	chain, err := nn.NewChain([]int{6, 7, 32}, layers...)
	require.NoError(t, err)
	require.InDeltaSlice(t, oneByOne(layers, x).Data(), chain.Forward(bg, x).Data(), 1e-3)
}
