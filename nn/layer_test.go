package nn_test

import (
	"context"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/nn"
)

var bg = context.Background()

func TestDense(t *testing.T) {
	for _, batch := range []int{0, 1, 2, 5, 33} {
		for _, size := range [][2]int{{1, 1}, {3, 2}, {17, 33}, {784, 10}} {
			d := randomDense("fc", size[0], size[1])
			x := randomTensor(3, batch, size[0])
			y := d.Forward(bg, x)
			require.Equal(t, []int{batch, size[1]}, y.Shape())
			want := denseReference(d.Parameters()[0].Value, d.Parameters()[1].Value, x)
			// A sum of k products of standard normals has an error of about
			// sqrt(k) units in the last place of its own size, sqrt(k).
			tol := 1e-6 * float64(size[0]) * 4
			for i, v := range y.Data() {
				require.InDelta(t, want[i], float64(v), tol)
			}
		}
	}
}

func TestDenseBatchAxes(t *testing.T) {
	d := randomDense("fc", 4, 3)
	x := randomTensor(3, 2, 5, 4)
	y := d.Forward(bg, x)
	require.Equal(t, []int{2, 5, 3}, y.Shape())
	require.Equal(t, d.Forward(bg, x.Reshape(10, 4)).Data(), y.Data())

	view := x.Permute(1, 0, 2) // not contiguous: copied first
	require.Equal(t, d.Forward(bg, view.Clone(bg)).Data(), d.Forward(bg, view).Data())
}

func TestDenseFollowsChangedParameters(t *testing.T) {
	d := nn.NewDense("fc", 2, 1)
	x := allocarray.Wrap([]float32{1, 2}, 1, 2)
	require.Zero(t, d.Forward(bg, x).Item())
	d.Parameters()[0].Value.Fill(3)
	d.ParametersChanged()
	require.EqualValues(t, 9, d.Forward(bg, x).Item())
}

func TestActivations(t *testing.T) {
	phi := func(x float64) float64 { return 0.5 * (1 + math.Erf(x/math.Sqrt2)) }
	cases := []struct {
		layer nn.Layer
		want  func(x float64) float64
	}{
		{nn.ReLU{}, func(x float64) float64 { return math.Max(x, 0) }},
		{nn.Tanh{}, math.Tanh},
		{nn.Sigmoid{}, func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }},
		{nn.GELU{}, func(x float64) float64 { return x * phi(x) }},
		{nn.GELU{Approximate: true}, func(x float64) float64 {
			return 0.5 * x * (1 + math.Tanh(math.Sqrt(2/math.Pi)*(x+0.044715*x*x*x)))
		}},
		{nn.Dropout{P: 0.5}, func(x float64) float64 { return x }},
	}
	x := randomTensor(5, 3, 50)
	for _, c := range cases {
		y := c.layer.Forward(bg, x)
		require.Equal(t, x.Shape(), y.Shape())
		for i, v := range x.Data() {
			// float32 functions are accurate to an ulp or two of values below 4
			require.InDelta(t, c.want(float64(v)), float64(y.Data()[i]), 2e-6, "%T of %v", c.layer, v)
		}
		shape, err := c.layer.(nn.Shaper).OutputShape([]int{3, 4})
		require.NoError(t, err)
		require.Equal(t, []int{3, 4}, shape)
	}
}

func TestSoftmax(t *testing.T) {
	x := randomTensor(6, 4, 10)
	x.Set(1000, 0, 0) // would overflow without subtracting the largest
	x.Set(float32(math.Inf(-1)), 1, 1)
	y, logs := nn.Softmax{}.Forward(bg, x), nn.LogSoftmax{}.Forward(bg, x)
	for n := range 4 {
		var row []float64
		for i := range 10 {
			row = append(row, float64(x.At(n, i)))
		}
		for i, want := range softmaxReference(row) {
			require.InDelta(t, want, float64(y.At(n, i)), 1e-5)
			if want > 1e-30 {
				require.InDelta(t, math.Log(want), float64(logs.At(n, i)), 1e-4)
			}
		}
	}
}

func TestFlatten(t *testing.T) {
	x := randomTensor(1, 2, 3, 4)
	y := nn.Flatten{}.Forward(bg, x)
	require.Equal(t, []int{2, 12}, y.Shape())
	require.Equal(t, x.Data(), y.Data())
	y = nn.Flatten{}.Forward(bg, x.Permute(0, 2, 1))
	require.Equal(t, x.At(1, 2, 0), y.At(1, 2))
	require.Equal(t, []int{0, 0}, nn.Flatten{}.Forward(bg, allocarray.New[float32](bg, 0, 3, 4)).Shape())
	shape, err := nn.Flatten{}.OutputShape([]int{3, 4})
	require.NoError(t, err)
	require.Equal(t, []int{12}, shape)
}

func TestForwardPanicsOnWrongShape(t *testing.T) {
	d := nn.NewDense("fc", 3, 2)
	require.PanicsWithValue(t, `nn: Dense "fc" 3→2: input of shape 2×4, want batch×3`,
		func() { d.Forward(bg, randomTensor(1, 2, 4)) })
	require.PanicsWithValue(t, `nn: Dense "fc" 3→2: input of shape 3, want batch×3`,
		func() { d.Forward(bg, randomTensor(1, 3)) })
	require.PanicsWithValue(t, `nn: NewDense "x": sizes 0 and 1 must be positive`, func() { nn.NewDense("x", 0, 1) })
}
