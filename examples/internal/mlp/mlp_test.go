package mlp_test

import (
	"bytes"
	"math"
	"math/rand/v2"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/examples/internal/mlp"
	"github.com/allocarrays/allocarrays-go/nn"
)

// random returns the content of a file of random weights.
func random(t *testing.T) []byte {
	t.Helper()
	model, err := mlp.New()
	require.NoError(t, err)
	rng := rand.New(rand.NewPCG(1, 2))
	for _, p := range model.Parameters() {
		for i := range p.Value.Data() {
			p.Value.Data()[i] = float32(rng.NormFloat64() / 8)
		}
	}
	var file bytes.Buffer
	require.NoError(t, nn.Save(&file, model, nil))
	return file.Bytes()
}

// TestClassify compares with the formula, in float64.
func TestClassify(t *testing.T) {
	model, err := mlp.Load("random", random(t))
	require.NoError(t, err)
	pixels := make([]byte, 3*mlp.Pixels)
	for i := range pixels {
		pixels[i] = byte(i * i >> 3)
	}
	out := make([]mlp.Prediction, 3)
	mlp.Classify(t.Context(), model, allocarray.Wrap(pixels, 3, mlp.Pixels), out)
	for i, p := range out {
		want := formula(model, pixels[i*mlp.Pixels:][:mlp.Pixels])
		for digit, v := range want {
			require.LessOrEqual(t, v, want[p.Digit]+1e-5, "image %d: %d is likelier than %d", i, digit, p.Digit)
		}
		require.InDelta(t, want[p.Digit], p.Probability, 1e-4)
	}
}

// formula is softmax(W₂·max(W₁·x/255 + b₁, 0) + b₂).
func formula(model *nn.Chain, pixels []byte) []float64 {
	x := make([]float64, len(pixels))
	for i, v := range pixels {
		x[i] = float64(v) / 255
	}
	p := model.Parameters()
	hidden := affine(p[0].Value, p[1].Value, x)
	for i, v := range hidden {
		hidden[i] = max(v, 0)
	}
	out := affine(p[2].Value, p[3].Value, hidden)
	sum := 0.0
	for i, v := range out {
		out[i] = math.Exp(v)
		sum += out[i]
	}
	for i := range out {
		out[i] /= sum
	}
	return out
}

func affine(weight, bias nn.Tensor, x []float64) []float64 {
	y := make([]float64, bias.Len())
	for i := range y {
		y[i] = float64(bias.At(i))
		for j, v := range x {
			y[i] += float64(weight.At(i, j)) * v
		}
	}
	return y
}

func TestClassifyPanics(t *testing.T) {
	model, err := mlp.New()
	require.NoError(t, err)
	images := allocarray.Wrap(make([]byte, 2*mlp.Pixels), 2, mlp.Pixels)
	require.PanicsWithValue(t, "mlp: Classify: 1 predictions for 2 images", func() {
		mlp.Classify(t.Context(), model, images, make([]mlp.Prediction, 1))
	})
}

func TestLoadErrors(t *testing.T) {
	_, err := mlp.Load("short", random(t)[:1000])
	require.ErrorContains(t, err, "short")
}

// TestKnowsNoAllocator is what the example is about.
func TestKnowsNoAllocator(t *testing.T) {
	list, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Skip("no go command: ", err)
	}
	require.Contains(t, string(list), "allocarrays-go/nn\n")
	for path := range strings.Lines(string(list)) {
		require.NotContains(t, path, "allocarrays-go/bumper")
		require.NotContains(t, path, "allocarrays-go/locked")
	}
}
