package onnx

import "github.com/allocarrays/allocarrays-go/bench/internal/model"

// Layer returns the file of a single layer. An image has the channels first.
func Layer(l model.Layer) []byte {
	var m Model
	w, b := l.Weights()
	in, out := LayerShapes(l)
	m.Input("x", in...)
	m.Output("y", out...)
	last := Attribute{"axis", int64(-1)}
	switch l.Kind {
	case "conv", "depthwise":
		group := int64(1)
		if l.Kind == "depthwise" {
			group = int64(l.In)
		}
		m.Weight("w", w, int64(l.Out), int64(l.In)/group, 3, 3)
		m.Weight("b", b, int64(l.Out))
		m.Node("Conv", []string{"x", "w", "b"}, "y", Attribute{"kernel_shape", []int64{3, 3}},
			Attribute{"pads", []int64{1, 1, 1, 1}}, Attribute{"group", group})
	case "dense":
		m.Weight("w", w, int64(l.Out), int64(l.In))
		m.Weight("b", b, int64(l.Out))
		m.Node("Gemm", []string{"x", "w", "b"}, "y", Attribute{"transB", int64(1)})
	case "int8":
		bytes, scales := l.Bytes()
		m.bytes("w", bytes, int64(l.In), int64(l.Out))
		m.Weight("s", scales, int64(l.Out))
		m.Weight("b", b, int64(l.Out))
		m.nodeOf("DynamicQuantizeLinear", []string{"x"}, []string{"x8", "scale", "zero"})
		m.Node("MatMulInteger", []string{"x8", "w", "zero"}, "sums")
		m.Node("Cast", []string{"sums"}, "numbers", Attribute{"to", int64(float)})
		m.Node("Mul", []string{"scale", "s"}, "factors")
		m.Node("Mul", []string{"numbers", "factors"}, "product")
		m.Node("Add", []string{"product", "b"}, "y")
	case "softmax":
		m.Node("Softmax", []string{"x"}, "y", last)
	case "logsoftmax":
		m.Node("LogSoftmax", []string{"x"}, "y", last)
	case "layernorm":
		m.Weight("w", w, int64(l.In))
		m.Weight("b", b, int64(l.In))
		m.Node("LayerNormalization", []string{"x", "w", "b"}, "y", last, Attribute{"epsilon", float32(model.LayerNormEpsilon)})
	}
	return m.Bytes()
}

// LayerShapes returns the shapes of input and output.
func LayerShapes(l model.Layer) (in, out []int64) {
	if l.IsImage() {
		side := int64(l.Side)
		return []int64{1, int64(l.In), side, side}, []int64{1, int64(l.Out), side, side}
	}
	in = []int64{int64(l.Side), int64(l.In)}
	if l.IsDense() {
		return in, []int64{int64(l.Side), int64(l.Out)}
	}
	return in, in
}
