package nn_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/nn"
)

// TestGroupedConv2D compares with the convolutions of the groups, depthwise ones among them.
func TestGroupedConv2D(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	for i := range 150 {
		w, groups := randomWindow(rng), 1+rng.IntN(20)
		in, out := groups*(1+rng.IntN(3)), groups*(1+rng.IntN(3))
		if i%2 == 0 {
			in, out = groups, groups
		}
		if i%6 == 0 {
			w = nn.Square(3).Strided(1).Padded(rng.IntN(3)).Dilated(1)
		}
		x := randomImages(rng, w, in)
		c := nn.NewGroupedConv2D("c", in, out, groups, w)
		randomize(c)
		t.Run(fmt.Sprintf("%v of %v", c, x.Shape()), func(t *testing.T) {
			y, p := c.Forward(bg, x), c.Parameters()
			for g := range groups {
				a, b := in/groups, out/groups
				bias := p[1].Value.Slice(0, g*b, (g+1)*b)
				want := convReference(toImages(x.Slice(3, g*a, (g+1)*a)), w, p[0].Value.Slice(0, g*b, (g+1)*b), &bias)
				requireClose(t, want, y.Slice(3, g*b, (g+1)*b).Heap(), a*w.Size[0]*w.Size[1])
			}
			for n := range x.Dim(0) {
				require.Equal(t, y.Slice(0, n, n+1).Data(), c.Forward(bg, x.Slice(0, n, n+1)).Data(), "image %d alone", n)
			}
		})
	}
}

// TestDepthwiseStaged: a ReLU and what is behind it change no bit.
func TestDepthwiseStaged(t *testing.T) {
	c := nn.NewGroupedConv2DWithoutBias("c", 20, 20, 20, nn.Square(3).Padded(3))
	randomize(c)
	layers := []nn.Layer{c, nn.ReLU{}, randomNorm("n", 20), nn.MaxPool2D{Window: nn.Square(2)}}
	chain, err := nn.NewChain([]int{9, 12, 20}, layers...)
	require.NoError(t, err)
	x := randomTensor(1, 3, 9, 12, 20)
	require.Equal(t, oneByOne(layers, x).Data(), chain.Forward(bg, x).Data())
	folded, err := nn.NewChain([]int{9, 12, 20}, c, layers[2])
	require.NoError(t, err)
	require.InDeltaSlice(t, oneByOne([]nn.Layer{c, layers[2]}, x).Data(), folded.Forward(bg, x).Data(), 1e-4)
}

func TestGroupedConv2DRefuses(t *testing.T) {
	require.PanicsWithValue(t, `nn: NewGroupedConv2D "c": 3 groups do not divide 6 and 4 channels`,
		func() { nn.NewGroupedConv2D("c", 6, 4, 3, nn.Square(1)) })
	require.Panics(t, func() { nn.NewGroupedConv2DWithoutBias("c", 6, 4, 0, nn.Square(1)) })
	c := nn.NewGroupedConv2D("c", 6, 4, 2, nn.Square(1))
	require.Equal(t, 2, c.Groups())
	require.Equal(t, `Conv2D "c" 6→4 of 1×1 in 2 groups`, c.String())
}

// TestConv1D compares with images of one line.
func TestConv1D(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	for range 60 {
		s := nn.Span{Size: 1 + rng.IntN(5), Stride: rng.IntN(4), Padding: rng.IntN(3), Dilation: rng.IntN(3)}
		w := nn.Window{Size: [2]int{1, s.Size}, Stride: [2]int{1, max(1, s.Stride)}, Padding: [2]int{0, s.Padding}, Dilation: [2]int{1, max(1, s.Dilation)}}
		in, out := 1+rng.IntN(20), 1+rng.IntN(20)
		c := nn.NewConv1D("c", in, out, s)
		randomize(c)
		x := randomTensor(rng.Uint64(), 3, 9+rng.IntN(9), in)
		p := c.Parameters()
		require.Equal(t, []int{out, in, s.Size}, p[0].Value.Shape())
		bias := p[1].Value
		want := convReference(toImages(x.Reshape(3, 1, x.Dim(1), in)), w, p[0].Value.Reshape(out, in, 1, s.Size), &bias)
		for _, x := range []nn.Tensor{x, x.Permute(0, 2, 1).Clone(bg).Permute(0, 2, 1)} {
			y := c.Forward(bg, x)
			requireClose(t, want, y.Reshape(3, 1, y.Dim(1), out), in*s.Size)
		}
		shape, err := c.OutputShape(x.Shape()[1:])
		require.NoError(t, err)
		require.Equal(t, []int{want.w, out}, shape)
	}
	c := nn.NewConv1D("c", 2, 3, nn.Span{Size: 4})
	require.Equal(t, `Conv1D "c" 2→3 of 4`, c.String())
	require.PanicsWithValue(t, `nn: Conv1D "c" 2→3 of 4: input of shape 1×3×2: takes samples into which its span fits, not 3×2`,
		func() { c.Forward(bg, randomTensor(1, 1, 3, 2)) })
	require.PanicsWithValue(t, `nn: Conv1D "c" 2→3 of 4: input of shape 1×5×3: takes samples of length×2, not 5×3`,
		func() { c.Forward(bg, randomTensor(1, 1, 5, 3)) })
	require.Panics(t, func() { c.Forward(bg, randomTensor(1, 5, 2)) })
	require.Panics(t, func() { nn.NewConv1D("c", 1, 1, nn.Span{}) })
}

// TestConvTranspose2D compares with the definition: each pixel adds its multiple of the window. Package conv tests more windows.
func TestConvTranspose2D(t *testing.T) {
	rng := rand.New(rand.NewPCG(13, 14))
	for turn := range 40 {
		w := randomWindow(rng)
		w.Dilation = [2]int{1, 1}
		groups := 1
		if turn%2 == 0 {
			groups += rng.IntN(4)
		}
		in, out := groups*(1+rng.IntN(6)), groups*(1+rng.IntN(9))
		c := nn.NewGroupedConvTranspose2D("c", in, out, groups, w)
		if turn%3 == 0 {
			c = nn.NewGroupedConvTranspose2DWithoutBias("c", in, out, groups, w)
		}
		if stride := min(w.Stride[0], w.Stride[1]); stride > 1 {
			c = c.OutputPadded(rng.IntN(stride))
		}
		randomize(c)
		x := randomTensor(rng.Uint64(), 2, 3+rng.IntN(4), 3+rng.IntN(4), in)
		shape, err := c.OutputShape(x.Shape()[1:])
		if err != nil {
			require.Panics(t, func() { c.Forward(bg, x) })
			continue
		}
		t.Run(fmt.Sprintf("%v of %v", c, x.Shape()), func(t *testing.T) {
			p := c.Parameters()
			want := newImages(2, shape[0], shape[1], shape[2])
			want.pixels(func(n, i, j int) {
				for o := range out {
					if len(p) > 1 {
						*want.at(n, i, j, o) = float64(p[1].Value.At(o))
					}
				}
			})
			m := toImages(x)
			m.pixels(func(n, a, b int) {
				for r := range w.Size[0] {
					for s := range w.Size[1] {
						i, j := a*w.Stride[0]+r-w.Padding[0], b*w.Stride[1]+s-w.Padding[1]
						if i < 0 || j < 0 || i >= want.h || j >= want.w {
							continue
						}
						for ch := range in {
							for o := range out / groups {
								*want.at(n, i, j, ch/(in/groups)*(out/groups)+o) += *m.at(n, a, b, ch) * float64(p[0].Value.At(ch, o, r, s))
							}
						}
					}
				}
			})
			for _, x := range []nn.Tensor{x, x.Permute(0, 3, 1, 2).Clone(bg).Permute(0, 2, 3, 1)} {
				requireClose(t, want, c.Forward(bg, x), in*w.Size[0]*w.Size[1])
			}
			require.Equal(t, c.Forward(bg, x).Slice(0, 1, 2).Data(), c.Forward(bg, x.Slice(0, 1, 2)).Data())
		})
	}
}

// TestOutputPadded has the size of the image that a strided convolution had.
func TestOutputPadded(t *testing.T) {
	w := nn.Square(3).Strided(2).Padded(1)
	down, up := nn.NewConv2D("d", 1, 2, w), nn.NewConvTranspose2D("u", 2, 1, w).OutputPadded(1)
	require.Equal(t, `ConvTranspose2D "u" 2→1 of 3×3 stride 2×2 padding 1×1 output padding 1`, up.String())
	c, err := nn.NewChain([]int{8, 10, 1}, down, up)
	require.NoError(t, err)
	shape, err := c.OutputShape([]int{8, 10, 1})
	require.NoError(t, err)
	require.Equal(t, []int{8, 10, 1}, shape)
	require.Panics(t, func() { up.OutputPadded(2) })
	require.Panics(t, func() { up.OutputPadded(-1) })
}

func TestConvTranspose2DRefuses(t *testing.T) {
	require.PanicsWithValue(t, `nn: NewGroupedConvTranspose2D "c": 2 groups do not divide 4 and 3 channels`,
		func() { nn.NewGroupedConvTranspose2D("c", 4, 3, 2, nn.Square(2)) })
	require.Equal(t, `ConvTranspose2D "c" 4→6 of 2×2 stride 1×1 in 2 groups`, nn.NewGroupedConvTranspose2D("c", 4, 6, 2, nn.Square(2)).String())
	require.Equal(t, 2, nn.NewGroupedConvTranspose2D("c", 4, 6, 2, nn.Square(2)).Groups())
	require.Len(t, nn.NewConvTranspose2DWithoutBias("c", 4, 6, nn.Square(2)).Parameters(), 1)
	c := nn.NewConvTranspose2D("c", 2, 3, nn.Square(2).Strided(2))
	require.Equal(t, `ConvTranspose2D "c" 2→3 of 2×2 stride 2×2`, c.String())
	require.PanicsWithValue(t, `nn: ConvTranspose2D "c" 2→3 of 2×2 stride 2×2: input of shape 1×4×4×3: takes samples of height×width×2, not 4×4×3`,
		func() { c.Forward(bg, randomTensor(1, 1, 4, 4, 3)) })
	require.Panics(t, func() { c.Forward(bg, randomTensor(1, 4, 4, 2)) })
	require.Panics(t, func() { nn.NewConvTranspose2D("c", 0, 3, nn.Square(2)) })
	require.Panics(t, func() { nn.NewConvTranspose2D("c", 1, 3, nn.Window{}) })
	require.PanicsWithValue(t, `nn: NewConvTranspose2D "c": 3×3 stride 1×1 dilation 2×2: a transposed convolution has no dilation here`,
		func() { nn.NewConvTranspose2D("c", 1, 3, nn.Square(3).Dilated(2)) })
}
