package nn_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/testenv"
	"github.com/allocarrays/allocarrays-go/internal/trial"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/nn"
	"github.com/allocarrays/allocarrays-go/scope"
)

// requireHelped requires the same bits with 2 to 5 workers, who must be asked.
func requireHelped(t *testing.T, l nn.Layer, x nn.Tensor) {
	t.Helper()
	want := l.Forward(bg, x)
	for _, workers := range []int{2, 5} {
		r := &trial.Helpers{Allocator: scope.Heap(), N: workers}
		got := l.Forward(scope.WithAllocator(bg, r), x)
		require.Equal(t, want.Shape(), got.Shape())
		require.Equal(t, want.Data(), got.Data(), "%d workers", workers)
		require.Positive(t, r.Used, "helpers were asked")
	}
}

// TestConvolutionsHelped: stages, in whole images and in bands, and with pooling windows that overlap.
func TestConvolutionsHelped(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	n := 30
	if testenv.Slow() {
		n = 6
	}
	for i := range n {
		in, out, height, width := 8+rng.IntN(5), 30+rng.IntN(20), 40+rng.IntN(5), 40+rng.IntN(5)
		batch := []int{1, 2, 3, 9}[i%4]
		layers := stagedLayers(rng, in, out)
		switch i % 5 {
		case 0: // small images
			height, width, batch = 9, 9, 7+rng.IntN(40)
		case 1:
			layers[0] = randomConv("c", in, out, nn.Square(5).Padded(2))
		}
		chain, err := nn.NewChain([]int{height, width, in}, layers...)
		require.NoError(t, err, "%v", layers)
		w := layers[0].(*nn.Conv2D)
		shape, err := w.OutputShape([]int{height, width, in})
		require.NoError(t, err)
		if batch*shape[0]*shape[1]*w.Parameters()[0].Value.Len() < 1<<20 {
			continue
		}
		t.Run(fmt.Sprintf("%d×%d×%d %v", batch, height, width, layers), func(t *testing.T) {
			requireHelped(t, chain, randomTensor(uint64(i), batch, height, width, in))
		})
	}
}

// TestOtherConvolutionsHelped: package conv tests the ways in which helpers share them, one of each here.
func TestOtherConvolutionsHelped(t *testing.T) {
	pool := nn.MaxPool2D{Window: nn.Square(3).Strided(2).Padded(1)}
	turned := nn.NewConvTranspose2D("t", 40, 30, nn.Square(2).Strided(2))
	randomize(turned)
	for name, c := range map[string]struct {
		layers []nn.Layer
		shape  []int
	}{
		"winograd":   {[]nn.Layer{randomConv("c", 130, 150, nn.Square(3).Padded(1)), nn.ReLU{}, randomNorm("n", 150), pool}, []int{3, 9, 7, 130}},
		"depthwise":  {[]nn.Layer{depthwise(70), nn.ReLU{}}, []int{2, 61, 60, 70}},
		"grouped":    {[]nn.Layer{grouped(64, 32, 4), nn.ReLU{}}, []int{2, 31, 30, 64}},
		"transposed": {[]nn.Layer{turned, nn.ReLU{}}, []int{2, 31, 30, 40}},
	} {
		t.Run(name, func(t *testing.T) {
			chain, err := nn.NewChain(c.shape[1:], c.layers...)
			require.NoError(t, err)
			requireHelped(t, chain, randomTensor(1, c.shape...))
		})
	}
}

func depthwise(channels int) *nn.Conv2D { return grouped(channels, channels, channels) }

func grouped(in, out, groups int) *nn.Conv2D {
	c := nn.NewGroupedConv2D("c", in, out, groups, nn.Square(3).Padded(1))
	randomize(c)
	return c
}

// TestDenseHelped: package pieces tests products of all shapes.
func TestDenseHelped(t *testing.T) {
	requireHelped(t, randomDense("d", 1000, 1001), randomTensor(1, 3, 1000))
}

// TestSmallLayersAreNotHelped: waking somebody up would take longer.
func TestSmallLayersAreNotHelped(t *testing.T) {
	r := &trial.Helpers{Allocator: scope.Heap(), N: 2}
	ctx := scope.WithAllocator(bg, r)
	randomDense("d", 784, 128).Forward(ctx, randomTensor(1, 8, 784))
	randomConv("c", 5, 20, nn.Square(3)).Forward(ctx, randomTensor(1, 8, 9, 8, 5))
	require.Zero(t, r.Used)
}

// TestHelpedAllocatesNothing on the Go heap, with the helpers of a shared buffer.
func TestHelpedAllocatesNothing(t *testing.T) {
	testenv.NeedAllocationCounts(t)
	b := locked.Share(bumper.NewSlabBuffer(), locked.Cores(3))
	defer b.Close()
	for name, c := range map[string]struct {
		layer nn.Layer
		x     nn.Tensor
	}{
		"Dense":           {randomDense("d", 512, 128), randomTensor(1, 32, 512)},
		"Conv2D":          {randomConv("c", 8, 20, nn.Square(3).Padded(1)), randomTensor(1, 2, 30, 30, 8)},
		"Winograd":        {randomConv("c", 32, 32, nn.Square(3).Padded(1)), randomTensor(1, 2, 30, 30, 32)},
		"QuantizedDense":  {nn.QuantizeDense(randomDense("d", 512, 128)), randomTensor(1, 32, 512)},
		"QuantizedConv2D": {nn.QuantizeConv2D(randomConv("c", 8, 20, nn.Square(3).Padded(1))), randomTensor(1, 2, 30, 30, 8)},
		"Filters":         {randomConv("c", 130, 130, nn.Square(3).Padded(1)), randomTensor(1, 2, 7, 7, 130)},
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, scope.NoEscape(scope.WithAllocator(bg, b), func(ctx context.Context) error {
				forward := func(ctx context.Context) error {
					c.layer.Forward(ctx, c.x)
					return nil
				}
				run := func() { _ = scope.NoEscape(ctx, forward) }
				run()
				require.Zero(t, testing.AllocsPerRun(50, run))
				return nil
			}))
		})
	}
}
