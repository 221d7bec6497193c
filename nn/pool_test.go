package nn_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/nn"
)

func TestPooling(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 400 {
		w, channels := randomWindow(rng), 1+rng.IntN(33)
		w.Dilation = [2]int{1, 1}
		w.Padding = [2]int{min(w.Padding[0], w.Size[0]/2), min(w.Padding[1], w.Size[1]/2)}
		x := randomImages(rng, w, channels)
		m := toImages(x)
		layers := []struct {
			layer nn.Layer
			want  images
		}{
			{nn.MaxPool2D{Window: w}, maxPoolReference(m, w)},
			{nn.AvgPool2D{Window: w}, avgPoolReference(m, w, false)},
			{nn.AvgPool2D{Window: w, ExcludePadding: true}, avgPoolReference(m, w, true)},
		}
		for _, l := range layers {
			t.Run(fmt.Sprintf("%v of %v", l.layer, x.Shape()), func(t *testing.T) {
				requireClose(t, l.want, l.layer.Forward(bg, x), 1)
				shape, err := l.layer.(nn.Shaper).OutputShape(x.Shape()[1:])
				require.NoError(t, err)
				require.Equal(t, []int{l.want.h, l.want.w, l.want.c}, shape)
			})
		}
	}
}

// TestPoolingMovesByItsSize, as PyTorch's, unless told otherwise.
func TestPoolingMovesByItsSize(t *testing.T) {
	x := randomTensor(1, 1, 7, 6, 2)
	w := nn.Window{Size: [2]int{2, 3}}
	require.Equal(t, []int{1, 3, 2, 2}, nn.MaxPool2D{Window: w}.Forward(bg, x).Shape())
	require.Equal(t, []int{1, 3, 2, 2}, nn.AvgPool2D{Window: w}.Forward(bg, x).Shape())
}

// TestMaxPoolSpecialValues: NaN wins, padding never does.
func TestMaxPoolSpecialValues(t *testing.T) {
	inf, nan := math.Inf(-1), math.NaN()
	for _, channels := range []int{1, 3, 40} {
		x := allocarray.Full[float32](bg, float32(inf), 1, 3, 3, channels)
		pool := nn.MaxPool2D{Window: nn.Square(2).Strided(1).Padded(1)}
		for _, v := range pool.Forward(bg, x).Data() {
			require.Equal(t, inf, float64(v))
		}
		x.Set(float32(nan), 0, 1, 1, channels-1)
		y := pool.Forward(bg, x)
		for i := range 4 {
			for j := range 4 {
				covers := (i == 1 || i == 2) && (j == 1 || j == 2)
				require.Equal(t, covers, math.IsNaN(float64(y.At(0, i, j, channels-1))), "%d %d", i, j)
			}
		}
	}
}

func TestPoolingRefusesWindows(t *testing.T) {
	cases := []struct {
		layer nn.Layer
		in    []int
		want  string
	}{
		{nn.MaxPool2D{Window: nn.Square(2).Padded(2)}, []int{8, 8, 3}, "nn: layer 0, MaxPool2D of 2×2 padding 2×2: padding is more than half of the window"},
		{nn.MaxPool2D{Window: nn.Window{Size: [2]int{2, 2}, Padding: [2]int{2, 0}}}, []int{8, 8, 3}, "nn: layer 0, MaxPool2D of 2×2 padding 2×0: padding is more than half of the window"},
		{nn.MaxPool2D{Window: nn.Window{Size: [2]int{2, 2}, Padding: [2]int{0, 2}}}, []int{8, 8, 3}, "nn: layer 0, MaxPool2D of 2×2 padding 0×2: padding is more than half of the window"},
		{nn.AvgPool2D{Window: nn.Square(2).Dilated(2)}, []int{8, 8, 3}, "nn: layer 0, AvgPool2D of 2×2 dilation 2×2: pooling has no dilation"},
		{nn.AvgPool2D{}, []int{8, 8, 3}, "nn: layer 0, AvgPool2D of 0×0: invalid window 0×0: size, stride and dilation must be positive, padding not negative"},
		{nn.MaxPool2D{Window: nn.Square(9)}, []int{8, 8, 3}, "nn: layer 0, MaxPool2D of 9×9: takes samples into which its window fits, not 8×8×3"},
		{nn.MaxPool2D{Window: nn.Square(2)}, []int{8}, "nn: layer 0, MaxPool2D of 2×2: takes samples of height×width×channels, not 8"},
	}
	for _, c := range cases {
		_, err := nn.NewChain(c.in, c.layer)
		require.EqualError(t, err, c.want)
		require.Panics(t, func() { c.layer.Forward(bg, randomTensor(1, append([]int{2}, c.in...)...)) })
	}
	require.PanicsWithValue(t, "nn: AvgPool2D of 2×2: input of shape 2×3: takes samples of height×width×channels, not 3",
		func() { nn.AvgPool2D{Window: nn.Square(2)}.Forward(bg, randomTensor(1, 2, 3)) })
}
