package nn_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/nn"
)

func isVariance(name string) bool { return strings.HasSuffix(name, ".running_var") }

// requireClose compares a result with its reference. terms is how many products of
// normally distributed numbers an element is the sum of: its error is of the order
// of an ulp of √terms for each of them.
func requireClose(t *testing.T, want images, got nn.Tensor, terms int) {
	t.Helper()
	require.Equal(t, []int{want.n, want.h, want.w, want.c}, got.Shape())
	tol := 4e-7 * float64(terms+4)
	for i, v := range got.Data() {
		if d := want.v[i] - float64(v); !(d <= tol && d >= -tol) {
			require.InDelta(t, want.v[i], float64(v), tol, "element %d of %v", i, got.Shape())
		}
	}
}

// randomWindow returns one of 32400 windows.
func randomWindow(rng *rand.Rand) nn.Window {
	pair := func(from, to int) [2]int { return [2]int{from + rng.IntN(to-from+1), from + rng.IntN(to-from+1)} }
	return nn.Window{Size: pair(1, 5), Stride: pair(1, 3), Padding: pair(0, 2), Dilation: pair(1, 2)}
}

// randomImages returns images into which w fits, and sometimes not contiguous.
func randomImages(rng *rand.Rand, w nn.Window, channels int) nn.Tensor {
	size := func(axis int) int { return max(1, (w.Size[axis]-1)*w.Dilation[axis]+1+rng.IntN(7)-w.Padding[axis]) }
	n, h, wd := rng.IntN(4), size(0), size(1)
	switch rng.IntN(4) {
	case 0:
		return randomTensor(rng.Uint64(), n, channels, h, wd).Permute(0, 2, 3, 1)
	case 1:
		return randomTensor(rng.Uint64(), n, h, 2*wd, channels).SliceStep(2, 0, 2*wd, 2)
	}
	return randomTensor(rng.Uint64(), n, h, wd, channels)
}

func TestConv2D(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range 400 {
		w, in, out := randomWindow(rng), 1+rng.IntN(33), 1+rng.IntN(33)
		if i%8 == 0 {
			w.Size, w.Padding = [2]int{1, 1}, [2]int{} // a product of matrices, if not strided
		}
		x := randomImages(rng, w, in)
		c := randomConv("c", in, out, w)
		p := c.Parameters()
		t.Run(fmt.Sprintf("%v of %v", c, x.Shape()), func(t *testing.T) {
			want := convReference(toImages(x), w, p[0].Value, &p[1].Value)
			requireClose(t, want, c.Forward(bg, x), in*w.Size[0]*w.Size[1])
			shape, err := c.OutputShape(x.Shape()[1:])
			require.NoError(t, err)
			require.Equal(t, []int{want.h, want.w, want.c}, shape)
		})
	}
}

func TestConv2DWithoutBias(t *testing.T) {
	c := nn.NewConv2DWithoutBias("c", 3, 5, nn.Square(3))
	randomize(c)
	require.Len(t, c.Parameters(), 1)
	x := randomTensor(1, 2, 6, 7, 3)
	requireClose(t, convReference(toImages(x), c.Window(), c.Parameters()[0].Value, nil), c.Forward(bg, x), 27)
}

// TestConv2DIsPyTorchs checks layouts and the direction of the filter against
// numbers worked out by hand.
func TestConv2DIsPyTorchs(t *testing.T) {
	c := nn.NewConv2D("c", 2, 1, nn.Window{Size: [2]int{1, 2}})
	w := c.Parameters()[0].Value
	require.Equal(t, []int{1, 2, 1, 2}, w.Shape())
	allocarray.Wrap([]float32{1, 10, 100, 1000}, 1, 2, 1, 2).CopyTo(w) // [channel][column]
	c.Parameters()[1].Value.Fill(0.5)
	c.ParametersChanged()
	// Two pixels: channels 1, 2 and 3, 4.
	x := allocarray.Wrap([]float32{1, 2, 3, 4}, 1, 1, 2, 2)
	require.EqualValues(t, 1*1+3*10+2*100+4*1000+0.5, c.Forward(bg, x).Item())
}

// TestConv2DDoesNotDependOnTheBatch: an image gives the same bits in every company,
// also when images are taken in groups.
func TestConv2DDoesNotDependOnTheBatch(t *testing.T) {
	c := randomConv("c", 5, 9, nn.Square(3).Padded(1))
	x := randomTensor(3, 61, 3, 4, 5) // 21 images of 12 pixels are a group
	y := c.Forward(bg, x)
	for n := range 61 {
		require.Equal(t, c.Forward(bg, x.Slice(0, n, n+1)).Data(), y.Slice(0, n, n+1).Data())
	}
}

func TestConv2DIsSafeForConcurrentUse(t *testing.T) {
	c, err := nn.NewChain([]int{9, 9, 3}, randomConv("c", 3, 8, nn.Square(3).Padded(1)), randomNorm("n", 8), nn.ReLU{},
		nn.MaxPool2D{Window: nn.Square(3)}, nn.AvgPool2D{Window: nn.Square(2).Strided(1)})
	require.NoError(t, err)
	x := randomTensor(3, 2, 9, 9, 3)
	want := c.Forward(bg, x).Data()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 20 {
				if got := c.Forward(bg, x).Data(); fmt.Sprint(got) != fmt.Sprint(want) {
					t.Errorf("%v, want %v", got, want)
				}
			}
		})
	}
	wg.Wait()
}

func TestConv2DPanics(t *testing.T) {
	c := nn.NewConv2D("c", 1, 2, nn.Square(3))
	require.PanicsWithValue(t, `nn: Conv2D "c" 1→2 of 3×3: input of shape 2×5×5×3: takes samples of height×width×1, not 5×5×3`,
		func() { c.Forward(bg, randomTensor(1, 2, 5, 5, 3)) })
	require.PanicsWithValue(t, `nn: Conv2D "c" 1→2 of 3×3: input of shape 2×5: takes samples of height×width×1, not 5`,
		func() { c.Forward(bg, randomTensor(1, 2, 5)) })
	require.PanicsWithValue(t, `nn: Conv2D "c" 1→2 of 3×3: input of shape 2×2×5×1: takes samples into which its window fits, not 2×5×1`,
		func() { c.Forward(bg, randomTensor(1, 2, 2, 5, 1)) })
	require.PanicsWithValue(t, `nn: Conv2D "c" 1→2 of 3×3: input of shape (): no batch`,
		func() { c.Forward(bg, allocarray.New[float32](bg)) })
	padded := nn.NewConv2D("c", 1, 2, nn.Square(1).Padded(1))
	require.Panics(t, func() { padded.Forward(bg, randomTensor(1, 2, 0, 5, 1)) }, "an image of no pixels")
	if strconv.IntSize == 64 {
		require.PanicsWithValue(t, `nn: Conv2D "c" 1→2 of 3×3: image of 4294967296 elements, padding included, want at most 2147483647`,
			func() { c.Forward(bg, allocarray.Wrap([]float32{}, 0, 1<<16, 1<<16, 1)) })
	}
	for _, w := range []nn.Window{{}, nn.Square(-1), nn.Square(1).Strided(-1), nn.Square(1).Padded(-1), nn.Square(1).Dilated(-1)} {
		require.Panics(t, func() { nn.NewConv2D("c", 1, 1, w) }, "%v", w)
	}
	require.PanicsWithValue(t, `nn: NewConv2D "c": invalid window 0×0 stride 1×1: size, stride and dilation must be positive, padding not negative`,
		func() { nn.NewConv2D("c", 1, 1, nn.Window{}) })
	require.PanicsWithValue(t, `nn: NewConv2D "c": 0 and 1 channels must be positive`,
		func() { nn.NewConv2D("c", 0, 1, nn.Square(1)) })
}
