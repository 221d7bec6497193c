package onnx_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bench/internal/model"
	"github.com/allocarrays/allocarrays-go/bench/internal/onnx"
)

// sub is a length-delimited field, put together by hand.
func sub(field byte, parts ...[]byte) []byte {
	var body []byte
	for _, p := range parts {
		body = append(body, p...)
	}
	return append([]byte{field<<3 | 2, byte(len(body))}, body...)
}

func str(field byte, s string) []byte { return sub(field, []byte(s)) }

// tensorType is a ValueInfoProto: name, type { tensor_type { elem_type, shape } }.
func tensorType(field byte, name string, dims ...byte) []byte {
	var shape [][]byte
	for _, d := range dims {
		shape = append(shape, sub(1, []byte{1 << 3, d}))
	}
	return sub(field, str(1, name), sub(2, sub(1, []byte{1 << 3, 1}, sub(2, shape...))))
}

func TestModelBytes(t *testing.T) {
	var m onnx.Model
	m.Input("x", 1, 2)
	m.Output("y", 1, 2)
	m.Weight("weights", []float32{1, -2}, 2)
	m.Node("Op", []string{"x", "weights"}, "y",
		onnx.Attribute{Name: "i", Value: int64(300)},
		onnx.Attribute{Name: "f", Value: float32(0.5)},
		onnx.Attribute{Name: "s", Value: []int64{3, 4}})

	node := sub(1, str(1, "x"), str(1, "weights"), str(2, "y"), str(3, "y"), str(4, "Op"),
		sub(5, str(1, "i"), []byte{3 << 3, 0xAC, 0x02}, []byte{0xA0, 0x01, 2}),
		sub(5, str(1, "f"), []byte{2<<3 | 5, 0, 0, 0, 0x3F}, []byte{0xA0, 0x01, 1}),
		sub(5, str(1, "s"), []byte{8 << 3, 3, 8 << 3, 4}, []byte{0xA0, 0x01, 7}))
	weight := sub(5, []byte{1 << 3, 2}, []byte{2 << 3, 1}, str(8, "weights"),
		sub(9, []byte{0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0}))
	graph := [][]byte{node, str(2, "graph"), weight, tensorType(11, "x", 1, 2), tensorType(12, "y", 1, 2)}
	var body []byte
	for _, g := range graph {
		body = append(body, g...)
	}
	want := append([]byte{1 << 3, 8}, str(2, "allocarrays-go/bench")...)
	require.GreaterOrEqual(t, len(body), 128, "the length takes two bytes")
	want = append(want, 7<<3|2, byte(len(body)&0x7F|0x80), byte(len(body)>>7))
	want = append(want, body...)
	want = append(want, sub(8, str(1, ""), []byte{2 << 3, 17})...)
	require.Equal(t, want, m.Bytes())
}

func TestAttributeOfAnotherType(t *testing.T) {
	var m onnx.Model
	require.PanicsWithValue(t, "onnx: attribute a is not an int64, a float32 or an []int64", func() {
		m.Node("Op", nil, "y", onnx.Attribute{Name: "a", Value: 1})
	})
}

func TestModelsContainTheirWeights(t *testing.T) {
	mlp := onnx.MLP(model.NewMLP(), 32)
	require.Greater(t, len(mlp), 4*(model.In*model.Hidden+model.Hidden*model.Out))
	cnn := onnx.CNN(model.NewCNN(), 32)
	require.Greater(t, len(cnn), 4*(32*9+16*32*9+10*16*9+900))
	require.Equal(t, mlp, onnx.MLP(model.NewMLP(), 32), "the same every time")
}
