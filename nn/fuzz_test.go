package nn_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/internal/trial"
	"github.com/allocarrays/allocarrays-go/nn"
	"github.com/allocarrays/allocarrays-go/scope"
)

// FuzzConvolution: at random sizes a convolution, plain or of bytes, and what is computed together with it give the same bits
// layer by layer, image by image, and by several workers.
func FuzzConvolution(f *testing.F) {
	f.Add(uint64(1))
	f.Fuzz(func(t *testing.T, seed uint64) {
		rng := rand.New(rand.NewPCG(seed, 7))
		in, out, height, width, batch := 1+rng.IntN(40), 1+rng.IntN(40), 18+rng.IntN(9), 18+rng.IntN(9), 1+rng.IntN(3)
		layers := stagedLayers(rng, in, out)
		if rng.IntN(3) == 0 {
			layers[0] = nn.QuantizeConv2D(layers[0].(*nn.Conv2D))
		}
		chain, err := nn.NewChain([]int{height, width, in}, layers...)
		if err != nil {
			return // a window that does not fit
		}
		x := randomTensor(seed, batch, height, width, in)
		want := oneByOne(layers, x).Data()
		require.Equal(t, want, chain.Forward(bg, x).Data())
		r := &trial.Helpers{Allocator: scope.Heap(), N: 2 + rng.IntN(3)}
		require.Equal(t, want, chain.Forward(scope.WithAllocator(bg, r), x).Data())
		alone := len(want) / batch
		for n := range batch {
			require.Equal(t, want[n*alone:(n+1)*alone], chain.Forward(bg, x.Slice(0, n, n+1)).Data())
		}
	})
}
