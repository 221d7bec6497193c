package nn_test

import (
	"math"
	"math/rand/v2"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/nn"
)

// The references compute in float64, one element at a time, from the formulas in
// the documentation.

func denseReference(w, b, x nn.Tensor) []float64 {
	var y []float64
	for n := range x.Dim(0) {
		for o := range w.Dim(0) {
			sum := float64(b.At(o))
			for i := range w.Dim(1) {
				sum += float64(w.At(o, i)) * float64(x.At(n, i))
			}
			y = append(y, sum)
		}
	}
	return y
}

func softmaxReference(row []float64) []float64 {
	top, sum := math.Inf(-1), 0.0
	for _, v := range row {
		top = math.Max(top, v)
	}
	out := make([]float64, len(row))
	for i, v := range row {
		out[i] = math.Exp(v - top)
		sum += out[i]
	}
	for i := range out {
		out[i] /= sum
	}
	return out
}

// randomTensor returns normally distributed elements.
func randomTensor(seed uint64, shape ...int) nn.Tensor {
	n := 1
	for _, d := range shape {
		n *= d
	}
	data, rng := make([]float32, n), rand.New(rand.NewPCG(seed, 1))
	for i := range data {
		data[i] = float32(rng.NormFloat64())
	}
	return allocarray.Wrap(data, shape...)
}

// randomDense returns a layer with normally distributed weights.
func randomDense(name string, in, out int) *nn.Dense {
	d := nn.NewDense(name, in, out)
	randomize(d)
	return d
}

// randomize gives every parameter of m normally distributed values.
func randomize(m nn.Parametric) {
	for i, p := range m.Parameters() {
		randomTensor(uint64(7+i), p.Value.Shape()...).CopyTo(p.Value)
	}
	m.ParametersChanged()
}
