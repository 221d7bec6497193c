package onnx_test

import "google.golang.org/protobuf/encoding/protowire"

// A node of a model that a test makes; its attributes are encoded already.
type node struct {
	op      string
	in, out []string
	attrs   [][]byte
}

// bytesField appends a field of bytes.
func bytesField(b []byte, num protowire.Number, v []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, num, protowire.BytesType), v)
}

func intField[N int | int64](b []byte, num protowire.Number, v N) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, num, protowire.VarintType), uint64(v))
}

// value encodes an input or output: a vector of floats of any length.
func value(name string) []byte {
	dim := bytesField(nil, 2, []byte("n"))
	typ := bytesField(intField(nil, 1, 1), 2, bytesField(nil, 1, dim))
	return bytesField(bytesField(nil, 1, []byte(name)), 2, bytesField(nil, 1, typ))
}

// file encodes a model whose inputs and outputs are vectors of floats.
func file(opset int, nodes []node, in, out []string) []byte {
	var g []byte
	for _, n := range nodes {
		var b []byte
		for _, v := range n.in {
			b = bytesField(b, 1, []byte(v))
		}
		for _, v := range n.out {
			b = bytesField(b, 2, []byte(v))
		}
		b = bytesField(b, 3, []byte("the "+n.op))
		b = bytesField(b, 4, []byte(n.op))
		for _, a := range n.attrs {
			b = bytesField(b, 5, a)
		}
		g = bytesField(g, 1, b)
	}
	g = bytesField(g, 2, []byte("test"))
	for _, v := range in {
		g = bytesField(g, 11, value(v))
	}
	for _, v := range out {
		g = bytesField(g, 12, value(v))
	}
	b := intField(nil, 1, 8)
	b = bytesField(b, 8, intField(nil, 2, opset))
	return bytesField(b, 7, g)
}
