package nn_test

import (
	"bytes"
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/nn"
	"github.com/allocarrays/allocarrays-go/safetensors"
)

func TestBatchNorm(t *testing.T) {
	for _, channels := range []int{1, 3, 32, 33, 600} {
		for _, batch := range []int{0, 1, 3} {
			b := randomNorm("n", channels)
			x := randomTensor(2, batch, 5, channels, 7)
			for _, x := range []nn.Tensor{x.Index(3, 0).Clone(bg), x.Permute(0, 1, 3, 2)} {
				t.Run(fmt.Sprint(x.Shape()), func(t *testing.T) {
					before := x.Heap().Data()
					y := b.Forward(bg, x)
					require.Equal(t, x.Shape(), y.Shape())
					require.Equal(t, before, x.Heap().Data(), "the input is not changed")
					for i, want := range normReference(float64s(x), b.Parameters(), 1e-5) {
						require.InDelta(t, want, float64(y.Data()[i]), 1e-5)
					}
				})
			}
		}
	}
}

func TestBatchNormUntrained(t *testing.T) {
	x := randomTensor(2, 3, 4)
	y := nn.NewBatchNorm("n", 4, 1e-5).Forward(bg, x)
	for i, v := range x.Data() {
		require.InDelta(t, float64(v)/math.Sqrt(1+1e-5), float64(y.Data()[i]), 1e-6)
	}
}

func TestBatchNormRefuses(t *testing.T) {
	b := nn.NewBatchNorm("n", 4, 1e-5)
	require.PanicsWithValue(t, `nn: BatchNorm "n" of 4: input of shape 2×3: takes samples of …×4, not 3`,
		func() { b.Forward(bg, randomTensor(1, 2, 3)) })
	require.PanicsWithValue(t, `nn: NewBatchNorm "n": 0 channels and eps 1e-05 must be positive`,
		func() { nn.NewBatchNorm("n", 0, 1e-5) })
	for _, eps := range []float64{0, -1, math.NaN(), math.Inf(1)} {
		require.Panics(t, func() { nn.NewBatchNorm("n", 1, eps) })
	}
	_, err := nn.NewChain([]int{5, 3}, b)
	require.EqualError(t, err, `nn: layer 0, BatchNorm "n" of 4: takes samples of …×4, not 5×3`)
}

// TestLoadRefusesVariances: a model with one of these would give NaN, or the same for
// every input, without a word. The layer may be anywhere in the model.
func TestLoadRefusesVariances(t *testing.T) {
	for value, text := range map[float64]string{
		-0.5: "-0.5", math.Inf(1): "+Inf", math.Inf(-1): "-Inf", math.NaN(): "NaN", -math.SmallestNonzeroFloat32: "-1e-45",
	} {
		bad, good := randomNorm("n", 3), randomNorm("n", 3)
		bad.Parameters()[3].Value.Set(float32(value), 1)
		inner, err := nn.NewChain([]int{3}, nn.ReLU{}, good)
		require.NoError(t, err)
		outer, err := nn.NewChain([]int{3}, inner)
		require.NoError(t, err)
		for _, m := range []nn.Parametric{good, outer} {
			before := saved(t, m)
			require.EqualError(t, nn.Load("m", saved(t, bad), m), `safetensors: m: tensor "n.running_var": element 1 is `+text+
				`, a variance must be finite and not negative`)
			require.Equal(t, before, saved(t, m))
		}
	}
	zero := randomNorm("n", 3)
	zero.Parameters()[3].Value.Fill(0)
	require.NoError(t, nn.Load("m", saved(t, zero), nn.NewBatchNorm("n", 3, 1e-5)))
}

// TestLoadIgnoresTheBatchCount: PyTorch saves one integer more than inference needs.
func TestLoadIgnoresTheBatchCount(t *testing.T) {
	from, to := randomNorm("layer.n", 3), nn.NewBatchNorm("layer.n", 3, 1e-5)
	encode := func(extra string) []byte {
		count := safetensors.NewTensor(extra, safetensors.I64, nil, make([]byte, 8))
		tensors := []safetensors.Tensor{count}
		for _, p := range from.Parameters() {
			tensors = append(tensors, safetensors.From(p.Name, p.Value.Shape(), p.Value.Data()))
		}
		var b bytes.Buffer
		require.NoError(t, safetensors.Encode(&b, tensors, nil))
		return b.Bytes()
	}
	require.NoError(t, nn.Load("m", encode("layer.n.num_batches_tracked"), to))
	x := randomTensor(1, 2, 3)
	require.Equal(t, from.Forward(bg, x).Data(), to.Forward(bg, x).Data())

	for _, other := range []string{"other.num_batches_tracked", "num_batches_tracked", "layer.n.num_batches"} {
		require.EqualError(t, nn.Load("m", encode(other), to), `safetensors: m: the model has no "`+other+`"`)
	}
	dense := nn.NewDense("layer.n", 1, 1)
	require.Error(t, nn.Load("m", encode("layer.n.num_batches_tracked"), dense))
}
