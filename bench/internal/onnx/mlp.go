package onnx

import "github.com/allocarrays/allocarrays-go/bench/internal/model"

// MLP returns the file of the network for batches of one size, with the operators
// that PyTorch exports for it. Input and output are called x and y.
func MLP(w model.MLP, batch int) []byte {
	var m Model
	n := int64(batch)
	m.Input("x", n, model.In)
	m.Output("y", n, model.Out)
	m.Weight("w1", w.W1, model.Hidden, model.In)
	m.Weight("b1", w.B1, model.Hidden)
	m.Weight("w2", w.W2, model.Out, model.Hidden)
	m.Weight("b2", w.B2, model.Out)
	transposed := Attribute{"transB", int64(1)}
	m.Node("Gemm", []string{"x", "w1", "b1"}, "h", transposed)
	m.Node("Relu", []string{"h"}, "r")
	m.Node("Gemm", []string{"r", "w2", "b2"}, "z", transposed)
	m.Node("Softmax", []string{"z"}, "y", Attribute{"axis", int64(1)})
	return m.Bytes()
}
