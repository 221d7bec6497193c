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
	return in, in
}
