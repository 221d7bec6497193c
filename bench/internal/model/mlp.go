package model

import "math"

// The MLP's sizes: that of a network for handwritten digits.
const (
	In     = 784
	Hidden = 128
	Out    = 10
)

// MLP are the weights of a network with one hidden layer, rectified, and a softmax:
// W1 is Hidden×In and W2 Out×Hidden, both row-major.
type MLP struct{ W1, B1, W2, B2 []float32 }

// NewMLP returns the weights that every candidate uses.
func NewMLP() MLP {
	return MLP{
		W1: Random(1, Hidden*In, 1/math.Sqrt(In)),
		B1: Random(2, Hidden, 0.1),
		W2: Random(3, Out*Hidden, 1/math.Sqrt(Hidden)),
		B2: Random(4, Out, 0.1),
	}
}

// Input returns a batch of samples.
func Input(batch int) []float32 { return Random(5, batch*In, 1) }

// Forward computes the network in float64, plainly.
func (m MLP) Forward(x []float32) []float32 {
	var y []float32
	for ; len(x) > 0; x = x[In:] {
		h := dense(x[:In], m.W1, m.B1)
		for i := range h {
			h[i] = max(h[i], 0)
		}
		y = append(y, dense(h, m.W2, m.B2)...)
		Softmax(y[len(y)-Out:])
	}
	return y
}

func dense(x, w, b []float32) []float32 {
	y := make([]float32, len(b))
	for i := range y {
		sum := float64(b[i])
		for j, v := range x {
			sum += float64(v) * float64(w[i*len(x)+j])
		}
		y[i] = float32(sum)
	}
	return y
}

// AddBias adds b to each row of x, and rectifies the result if relu is set: what a
// user of a library without such operations writes.
func AddBias(x, b []float32, relu bool) {
	for ; len(x) > 0; x = x[len(b):] {
		row := x[:len(b)]
		for i, v := range b {
			s := row[i] + v
			if relu && s < 0 {
				s = 0
			}
			row[i] = s
		}
	}
}

// SoftmaxRows applies Softmax to each row of n numbers.
func SoftmaxRows(x []float32, n int) {
	for ; len(x) > 0; x = x[n:] {
		Softmax(x[:n])
	}
}

// Softmax replaces x by e^x / Σ e^x.
func Softmax(x []float32) {
	top := x[0]
	for _, v := range x {
		top = max(top, v)
	}
	var sum float32
	for i, v := range x {
		x[i] = float32(math.Exp(float64(v - top)))
		sum += x[i]
	}
	for i := range x {
		x[i] /= sum
	}
}
