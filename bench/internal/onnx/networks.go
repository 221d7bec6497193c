package onnx

import (
	"fmt"

	"github.com/allocarrays/allocarrays-go/bench/internal/model"
)

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

// CNN returns the file of the network for batches of one size. Images have the
// channels first, as ONNX wants them; with one channel that makes no difference.
func CNN(c model.CNN, batch int) []byte {
	var m Model
	m.Input("x", int64(batch), 1, model.Side, model.Side)
	m.Output("y", int64(batch), 10)
	last := "x"
	last = m.conv(1, last, c.Convs[0])
	last = m.norm(last, c.Norm)
	last = m.conv(2, m.pool(1, last), c.Convs[1])
	last = m.conv(3, m.pool(2, last), c.Convs[2])
	m.Node("Flatten", []string{last}, "flat", Attribute{"axis", int64(1)})
	m.Weight("fc.w", c.ChannelsFirst(), 10, 90)
	m.Weight("fc.b", c.B1, 10)
	m.Weight("tied.w", c.Tied, 10, 10)
	m.Weight("tied.b", c.TiedB, 10)
	transposed := Attribute{"transB", int64(1)}
	m.Node("Gemm", []string{"flat", "fc.w", "fc.b"}, "d1", transposed)
	m.Node("Gemm", []string{"d1", "tied.w", "tied.b"}, "d2", transposed)
	m.Node("Gemm", []string{"d2", "tied.w", "tied.b"}, "d3", transposed)
	m.Node("Softmax", []string{"d3"}, "y", Attribute{"axis", int64(1)})
	return m.Bytes()
}

// conv appends a convolution without padding, rectified.
func (m *Model) conv(i int, in string, c model.Conv) string {
	name := fmt.Sprintf("conv%d", i)
	m.Weight(name+".w", c.W, int64(c.Out), int64(c.In), 3, 3)
	m.Weight(name+".b", c.B, int64(c.Out))
	m.Node("Conv", []string{in, name + ".w", name + ".b"}, name, Attribute{"kernel_shape", []int64{3, 3}})
	m.Node("Relu", []string{name}, name+".relu")
	return name + ".relu"
}

// norm appends a batch normalisation, rectified.
func (m *Model) norm(in string, n model.Norm) string {
	inputs := []string{in}
	for i, w := range [][]float32{n.Scale, n.Shift, n.Mean, n.Variance} {
		inputs = append(inputs, fmt.Sprintf("norm.%d", i))
		m.Weight(inputs[i+1], w, int64(len(w)))
	}
	m.Node("BatchNormalization", inputs, "norm", Attribute{"epsilon", float32(model.NormEpsilon)})
	m.Node("Relu", []string{"norm"}, "norm.relu")
	return "norm.relu"
}

// pool appends a maximum over 2×2 pixels.
func (m *Model) pool(i int, in string) string {
	name := fmt.Sprintf("pool%d", i)
	two := []int64{2, 2}
	m.Node("MaxPool", []string{in}, name, Attribute{"kernel_shape", two}, Attribute{"strides", two})
	return name
}
