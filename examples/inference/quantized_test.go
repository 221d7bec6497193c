package main

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/examples/internal/idx"
	"github.com/allocarrays/allocarrays-go/internal/testenv"
	"github.com/allocarrays/allocarrays-go/nn"
	"github.com/allocarrays/allocarrays-go/scope"
)

// pictures returns the first n images of a set, scaled to 0…1, or all for 0.
func pictures(t *testing.T, set idx.Set, n int, shape ...int) (x nn.Tensor, labels []byte) {
	d, err := idx.Load(testenv.Data(t, "mnist"), set)
	require.NoError(t, err)
	if n == 0 {
		n = d.N
	}
	x = allocarray.Convert[float32](t.Context(), allocarray.Wrap(d.Images[:n*784], append([]int{n}, shape...)...))
	allocarray.MulScalarInto(x, x, 1.0/255)
	return x, d.Labels[:n]
}

// outputs is the model's for all images, a hundred at a time.
func outputs(t *testing.T, model nn.Layer, x nn.Tensor) (y []float32) {
	ctx := scope.WithAllocator(t.Context(), bumper.NewSlabBuffer())
	for at := 0; at < x.Dim(0); at += 100 {
		require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
			y = append(y, model.Forward(ctx, x.Slice(0, at, at+100)).Data()...)
			return nil
		}))
	}
	return y
}

// correct is how many of the labels the outputs are largest at.
func correct(y []float32, labels []byte) (n int) {
	for i, digit := range labels {
		if best(y[i*10:(i+1)*10]) == int(digit) {
			n++
		}
	}
	return n
}

func best(row []float32) (at int) {
	for i, v := range row {
		if v > row[at] {
			at = i
		}
	}
	return at
}

// requireAccuracy pins how many of MNIST's 10 000 test images the chain recognises, and both quantized ones. Sums of float32
// are rounded alike by all kernels but portable ones, so a few images at the edge may fall on the other side.
func requireAccuracy(t *testing.T, c *nn.Chain, x nn.Tensor, labels []byte, examples nn.Tensor, float, static, dynamic int) {
	q, err := nn.QuantizeChain(t.Context(), c, examples)
	require.NoError(t, err)
	d, err := nn.QuantizeChain(t.Context(), c)
	require.NoError(t, err)
	got := []int{correct(outputs(t, c, x), labels), correct(outputs(t, q, x), labels), correct(outputs(t, d, x), labels)}
	t.Logf("float32, static, dynamic: %d of %d", got, len(labels))
	for i, want := range []int{float, static, dynamic} {
		require.InDelta(t, want, got[i], 3, "float32, static, dynamic: %d", got)
	}
}

// TestQuantizedMLP is what docs/layers.md says of the demo's model.
func TestQuantizedMLP(t *testing.T) {
	x, labels := pictures(t, idx.Test, 0, 784)
	examples, _ := pictures(t, idx.Train, 1000, 784)
	c, err := options{}.loadModel(t.Context())
	require.NoError(t, err)
	requireAccuracy(t, c, x, labels, examples, 9903, 9904, 9905)
}

// TestQuantizedCNN is what docs/layers.md says of the convolutional model of the benchmark. There is no training here:
// its convolutions have random weights, and the dense layer behind them is the least-squares fit to the
// labels of 10 000 images.
func TestQuantizedCNN(t *testing.T) {
	if testenv.Slow() || testing.Short() {
		t.Skip("it takes ten seconds")
	}
	x, labels := pictures(t, idx.Test, 0, 28, 28, 1)
	train, digits := pictures(t, idx.Train, 10000, 28, 28, 1)
	rng := rand.New(rand.NewPCG(5, 6))
	conv := func(name string, in, out int) *nn.Conv2D {
		c := nn.NewConv2D(name, in, out, nn.Square(3))
		for i, w := range c.Parameters()[0].Value.Data() {
			c.Parameters()[0].Value.Data()[i] = w + float32(rng.NormFloat64()*math.Sqrt(2/float64(9*in)))
		}
		c.ParametersChanged()
		return c
	}
	norm := nn.NewBatchNorm("norm", 32, 1e-5)
	for i, v := range []float32{1, 0, 0.2, 0.3} { // scale, shift, mean, variance
		norm.Parameters()[i].Value.Fill(v)
	}
	norm.ParametersChanged()
	pool := nn.MaxPool2D{Window: nn.Square(2)}
	layers := []nn.Layer{conv("conv1", 1, 32), nn.ReLU{}, norm, nn.ReLU{}, pool, conv("conv2", 32, 16), nn.ReLU{}, pool,
		conv("conv3", 16, 10), nn.ReLU{}, nn.Flatten{}}
	features, err := nn.NewChain([]int{28, 28, 1}, layers...)
	require.NoError(t, err)
	fc := nn.NewDense("fc", 90, 10)
	fit(fc, outputs(t, features, train), digits)
	c, err := nn.NewChain([]int{28, 28, 1}, append(layers, fc)...)
	require.NoError(t, err)
	requireAccuracy(t, c, x, labels, train.Slice(0, 0, 1000), 8657, 8538, 8544)
}

// fit makes d the least-squares fit of 1 for the right digit and 0 for the others, with a little damping.
func fit(d *nn.Dense, x []float32, digits []byte) {
	n := d.In() + 1
	a, b := make([]float64, n*n), make([]float64, n*10)
	row := make([]float64, n)
	for i, digit := range digits {
		for j, v := range x[i*d.In() : (i+1)*d.In()] {
			row[j] = float64(v)
		}
		row[d.In()] = 1
		for j, v := range row {
			for k, w := range row[:j+1] {
				a[j*n+k] += v * w
			}
			b[j*10+int(digit)] += v
		}
	}
	for j := range n { // Cholesky
		a[j*n+j] += 1e-3 * float64(len(digits)) * 1e-3
		for k := range j + 1 {
			sum := a[j*n+k]
			for l := range k {
				sum -= a[j*n+l] * a[k*n+l]
			}
			if k < j {
				a[j*n+k] = sum / a[k*n+k]
			} else {
				a[j*n+j] = math.Sqrt(sum)
			}
		}
	}
	for o := range 10 {
		for j := range n {
			for k := range j {
				b[j*10+o] -= a[j*n+k] * b[k*10+o]
			}
			b[j*10+o] /= a[j*n+j]
		}
		for j := n - 1; j >= 0; j-- {
			for k := j + 1; k < n; k++ {
				b[j*10+o] -= a[k*n+j] * b[k*10+o]
			}
			b[j*10+o] /= a[j*n+j]
		}
	}
	w, bias := d.Parameters()[0].Value, d.Parameters()[1].Value
	for o := range 10 {
		for i := range d.In() {
			w.Set(float32(b[i*10+o]), o, i)
		}
		bias.Set(float32(b[d.In()*10+o]), o)
	}
	d.ParametersChanged()
}
