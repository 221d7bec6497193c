package nn_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/internal/kernel"
	"github.com/allocarrays/allocarrays-go/nn"
)

// quantizedConvReference is the formula of QuantizedDense for each patch of an image: sums are exact, and the
// numbers they stand for are rounded as the documentation of kernel.Dequantize says.
func quantizedConvReference(c *nn.Conv2D, x nn.Tensor, static *kernel.Quantization) (y []float32) {
	w, out := c.Parameters()[0].Value, c.Out()
	scales, bytes := make([]float32, out), make([]float64, w.Len())
	k, perGroup := w.Len()/out, c.In()/c.Groups()
	for o := range out {
		most := float32(0)
		for _, v := range w.Data()[o*k:][:k] {
			most = max(most, v, -v)
		}
		if scales[o] = most / 127; most == 0 {
			scales[o] = 1
		}
		for i, v := range w.Data()[o*k:][:k] {
			bytes[o*k+i] = math.RoundToEven(float64(v / scales[o]))
		}
	}
	for n := range x.Dim(0) {
		image := x.Slice(0, n, n+1).Clone(bg)
		var by kernel.Quantization
		if by.Scale, by.Zero = 0, 0; static != nil {
			by = *static
		} else {
			scale, zero := dynamicScale(image.Data())
			by = kernel.Quantization{Scale: scale, Zero: uint8(zero)}
		}
		m := toImages(image)
		for i, v := range image.Data() {
			b := math.RoundToEven(float64(v/by.Scale)) + float64(by.Zero)
			m.v[i] = min(max(b, 0), 255) - float64(by.Zero)
		}
		m.over(c.Window(), out).pixels(func(_, i, j int) {
			for o := range out {
				sum := 0.0
				m.each(c.Window(), 0, i, j, func(r, s, ch int, v float64) {
					if ch/perGroup == o/(out/c.Groups()) {
						sum += v * bytes[((o*perGroup+ch%perGroup)*c.Window().Size[0]+r)*c.Window().Size[1]+s]
					}
				})
				product := float32(float32(sum) * float32(scales[o]*by.Scale))
				bias := float32(0)
				if p := c.Parameters(); len(p) > 1 {
					bias = p[1].Value.At(o)
				}
				y = append(y, product+bias)
			}
		})
	}
	return y
}

// TestQuantizedConv2D: all windows, groups and kinds of padding give the bits of the reference, in a batch and alone, and
// by any number of workers.
func TestQuantizedConv2D(t *testing.T) {
	rng := rand.New(rand.NewPCG(21, 22))
	for i := range 120 {
		w, groups := randomWindow(rng), 1
		if i%4 == 0 {
			groups = 1 + rng.IntN(3)
		}
		c := nn.NewGroupedConv2D("c", groups*(1+rng.IntN(9)), groups*(1+rng.IntN(20)), groups, w)
		if i%5 == 0 {
			c = nn.NewGroupedConv2DWithoutBias("c", c.In(), c.Out(), groups, w)
		}
		randomize(c)
		x := randomImages(rng, w, c.In())
		t.Run(fmt.Sprintf("%v of %v", c, x.Shape()), func(t *testing.T) {
			q := nn.QuantizeConv2D(c)
			y := q.Forward(bg, x)
			shape, err := q.OutputShape(x.Shape()[1:])
			require.NoError(t, err)
			require.Equal(t, shape, y.Shape()[1:])
			static := kernel.Quantization{Scale: 0.015, Zero: uint8(rng.Uint32())}
			z := q.Static(static.Scale, static.Zero).Forward(bg, x)
			if x.Len() == 0 {
				require.Zero(t, y.Len())
				return
			}
			require.Equal(t, quantizedConvReference(c, x, nil), y.Data())
			require.Equal(t, quantizedConvReference(c, x, &static), z.Data())
			for n := range x.Dim(0) {
				require.Equal(t, y.Slice(0, n, n+1).Data(), q.Forward(bg, x.Slice(0, n, n+1)).Data(), "image %d alone", n)
			}
		})
	}
}

// TestQuantizedConv2DDoesNotSaturate: the largest bytes of one sign, 9·2048 of them for an output.
func TestQuantizedConv2DDoesNotSaturate(t *testing.T) {
	for _, sign := range []float32{1, -1} {
		c := nn.NewConv2D("c", 2048, 3, nn.Square(3))
		c.Parameters()[0].Value.Fill(sign)
		x := randomTensor(1, 1, 4, 3, 2048)
		x.Fill(255)
		c.ParametersChanged()
		y := nn.QuantizeConv2D(c).Static(1, 0).Forward(bg, x)
		scale := float32(1) / 127
		want := float32(float32(sign*255*127*9*2048) * scale)
		for _, v := range y.Data() {
			require.Equal(t, want, v)
		}
	}
	c := nn.NewConv2D("c", 65796, 1, nn.Square(1))
	require.PanicsWithValue(t, "gemm: 65796 rows of bytes, want at most 65793", func() { nn.QuantizeConv2D(c) })
}

// TestQuantizedConv2DInBands: images of many lines, and lines of many channels.
func TestQuantizedConv2DInBands(t *testing.T) {
	for _, s := range []struct{ height, width, in, out int }{{70, 40, 4, 50}, {5, 3, 5, 1700}, {33, 200, 3, 30}} {
		c := randomConv("c", s.in, s.out, nn.Square(3).Padded(1))
		x := randomTensor(3, 2, s.height, s.width, s.in)
		require.Equal(t, quantizedConvReference(c, x, nil), nn.QuantizeConv2D(c).Forward(bg, x).Data())
	}
}

func TestQuantizedHelped(t *testing.T) {
	for _, s := range [][4]int{{1, 40, 8, 40}, {3, 40, 8, 40}, {9, 12, 30, 40}} {
		c := randomConv("c", s[2], s[3], nn.Square(3).Padded(1))
		requireHelped(t, nn.QuantizeConv2D(c), randomTensor(1, s[0], s[1], s[1], s[2]))
	}
	requireHelped(t, nn.QuantizeConv2D(grouped(64, 32, 4)), randomTensor(1, 2, 31, 30, 64))
	for _, s := range [][3]int{{1, 1024, 2048}, {3, 1000, 1001}, {128, 100, 400}, {500, 784, 10}, {97, 512, 33}, {2000, 40, 40}} {
		requireHelped(t, nn.QuantizeDense(randomDense("d", s[1], s[2])), randomTensor(1, s[0], s[1]))
	}
}

// TestQuantizedConv2DIsACopy: changed weights do not reach the quantized layer.
func TestQuantizedConv2DIsACopy(t *testing.T) {
	c := randomConv("c", 5, 7, nn.Square(3))
	q, x := nn.QuantizeConv2D(c), randomTensor(2, 2, 6, 6, 5)
	want := q.Forward(bg, x).Data()
	for _, p := range c.Parameters() {
		p.Value.Fill(3)
	}
	c.ParametersChanged()
	require.Equal(t, want, q.Forward(bg, x).Data())
}

// TestQuantizedSteps: a ReLU behind a quantized layer is computed with it, and gives the same bits.
func TestQuantizedSteps(t *testing.T) {
	x := randomTensor(1, 3, 6, 6, 5)
	q := nn.QuantizeConv2D(randomConv("c", 5, 7, nn.Square(3)))
	d := nn.QuantizeDense(randomDense("d", 7, 9))
	c, err := nn.NewChain([]int{6, 6, 5}, q, nn.ReLU{}, d, nn.ReLU{})
	require.NoError(t, err)
	y := nn.ReLU{}.Forward(bg, d.Forward(bg, nn.ReLU{}.Forward(bg, q.Forward(bg, x))))
	require.Equal(t, y.Data(), c.Forward(bg, x).Data())
}

func TestQuantizedConv2DRefuses(t *testing.T) {
	c := grouped(6, 4, 2)
	q := nn.QuantizeConv2D(c)
	require.Equal(t, `QuantizedConv2D "c" 6→4 of 3×3 padding 1×1 in 2 groups`, q.String())
	require.Equal(t, []int{6, 4, 2}, []int{q.In(), q.Out(), q.Groups()})
	require.Equal(t, c.Window(), q.Window())
	require.PanicsWithValue(t, `nn: QuantizedConv2D "c" 6→4 of 3×3 padding 1×1 in 2 groups: input of shape 1×4×4×5: takes samples of height×width×6, not 4×4×5`,
		func() { q.Forward(bg, randomTensor(1, 1, 4, 4, 5)) })
	require.Panics(t, func() { q.Forward(bg, randomTensor(1, 4, 4, 6)) })
	_, err := q.OutputShape([]int{4, 6})
	require.Error(t, err)
	for _, scale := range []float64{0, -1, math.NaN(), math.Inf(1)} {
		require.Panics(t, func() { q.Static(float32(scale), 0) })
	}
	c.Parameters()[0].Value.Set(float32(math.Inf(-1)), 3, 0, 0, 1)
	require.PanicsWithValue(t, `nn: QuantizeConv2D "c": weight 3 of output 3 is -Inf`, func() { nn.QuantizeConv2D(c) })
}
