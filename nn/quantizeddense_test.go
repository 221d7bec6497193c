package nn_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/nn"
)

// quantizedReference is the formula in the documentation, in float64 but for what has to be rounded
// alike: the scales and the bytes.
func quantizedReference(d *nn.Dense, row []float32, scale float32, zero int) (y []float64) {
	w, b := d.Parameters()[0].Value.Data(), d.Parameters()[1].Value.Data()
	for o := range d.Out() {
		most := float32(0)
		for _, v := range w[o*d.In():][:d.In()] {
			most = max(most, v, -v)
		}
		weightScale := most / 127
		sum := 0
		for i, v := range row {
			x8 := min(max(int(math.RoundToEven(float64(v/scale)))+zero, 0), 255)
			sum += (x8 - zero) * int(math.RoundToEven(float64(w[o*d.In()+i]/weightScale)))
		}
		y = append(y, float64(sum)*float64(scale)*float64(weightScale)+float64(b[o]))
	}
	return y
}

// dynamicScale is ONNX's DynamicQuantizeLinear for a row.
func dynamicScale(row []float32) (scale float32, zero int) {
	low, high := float32(0), float32(0)
	for _, v := range row {
		low, high = min(low, v), max(high, v)
	}
	scale = (high - low) / 255
	return scale, int(min(max(math.RoundToEven(float64(-low/scale)), 0), 255))
}

func TestQuantizedDense(t *testing.T) {
	for _, s := range [][3]int{{1, 1, 1}, {3, 5, 7}, {9, 784, 128}, {100, 37, 10}, {200, 64, 33}, {2, 2000, 3}, {3, 20, 1100}} {
		batch, in, out := s[0], s[1], s[2]
		t.Run(fmt.Sprint(s), func(t *testing.T) {
			d, x := randomDense("d", in, out), randomTensor(5, batch, in)
			dynamic := nn.QuantizeDense(d)
			static := dynamic.Static(0.03, 120)
			y, z := dynamic.Forward(bg, x), static.Forward(bg, x)
			require.Equal(t, []int{batch, out}, y.Shape())
			for n := range batch {
				row := x.Data()[n*in:][:in]
				scale, zero := dynamicScale(row)
				near := 1e-5 * math.Sqrt(float64(in))
				require.InDeltaSlice(t, quantizedReference(d, row, scale, zero), float64s(y.Slice(0, n, n+1)), near)
				require.InDeltaSlice(t, quantizedReference(d, row, 0.03, 120), float64s(z.Slice(0, n, n+1)), near)
			}
			for _, l := range []nn.Layer{dynamic, static} {
				all := l.Forward(bg, x)
				for n := range min(batch, 9) {
					require.Equal(t, all.Slice(0, n, n+1).Data(), l.Forward(bg, x.Slice(0, n, n+1)).Data(), "row %d alone", n)
				}
				view := x.Permute(1, 0).Clone(bg).Permute(1, 0)
				require.Equal(t, all.Data(), l.Forward(bg, view).Data())
			}
		})
	}
}

// TestQuantizedDenseIsNear: of normally distributed numbers, the error is that of a byte.
func TestQuantizedDenseIsNear(t *testing.T) {
	d, x := randomDense("d", 500, 40), randomTensor(5, 20, 500)
	want, got := d.Forward(bg, x).Data(), nn.QuantizeDense(d).Forward(bg, x).Data()
	errors, size := 0.0, 0.0
	for i, v := range want {
		errors += float64(v-got[i]) * float64(v-got[i])
		size += float64(v) * float64(v)
	}
	require.Less(t, math.Sqrt(errors/size), 0.02)
	require.NotEqual(t, want, got)
}

func TestQuantizedDenseSpecialValues(t *testing.T) {
	d := randomDense("d", 3, 2)
	q := nn.QuantizeDense(d)
	zeros := q.Forward(bg, randomTensor(1, 2, 3).Clone(bg).Slice(0, 0, 0))
	require.Equal(t, []int{0, 2}, zeros.Shape())
	x := randomTensor(1, 3, 3)
	x.Set(float32(math.NaN()), 0, 1)
	x.Set(float32(math.Inf(1)), 1, 1)
	y := q.Forward(bg, x)
	require.Equal(t, q.Forward(bg, x.Slice(0, 2, 3)).Data(), y.Slice(0, 2, 3).Data(), "other rows do not suffer")
	x.Fill(0)
	require.Equal(t, d.Parameters()[1].Value.Data(), q.Forward(bg, x).Slice(0, 0, 1).Data(), "the bias")
}

func TestQuantizedDenseRefuses(t *testing.T) {
	d := randomDense("d", 3, 2)
	q := nn.QuantizeDense(d)
	require.Equal(t, `QuantizedDense "d" 3→2`, q.String())
	require.Equal(t, 3, q.In())
	_, err := nn.NewChain([]int{3}, q, nn.ReLU{}, randomDense("e", 2, 1))
	require.NoError(t, err)
	_, err = nn.NewChain([]int{4}, q)
	require.EqualError(t, err, `nn: layer 0, QuantizedDense "d" 3→2: takes samples of …×3, not 4`)
	require.PanicsWithValue(t, `nn: QuantizedDense "d" 3→2: input of shape 1×4: takes samples of …×3, not 4`,
		func() { q.Forward(bg, randomTensor(1, 1, 4)) })
	for _, scale := range []float64{0, -1, math.NaN(), math.Inf(1)} {
		require.Panics(t, func() { q.Static(float32(scale), 0) })
	}
	d.Parameters()[0].Value.Set(float32(math.NaN()), 1, 2)
	require.PanicsWithValue(t, `nn: QuantizeDense "d": weight 2 of output 1 is NaN`, func() { nn.QuantizeDense(d) })
}
