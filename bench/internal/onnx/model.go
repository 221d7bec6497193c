// Package onnx writes small models in the ONNX format, so that onnxruntime can run
// the same network with the same weights as everybody else.
//
// The format is that of onnx.proto (ONNX 1.13, IR version 8), encoded as Protocol
// Buffers; the field numbers in this package are from there.
package onnx

import (
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// The versions that models declare: every operator used here means the same since.
const (
	irVersion = 8
	opset     = 17
)

// A Model is a graph under construction: nodes in the order in which they run,
// the weights they refer to by name, one input and one output.
type Model struct {
	nodes, weights message
	input, output  message
}

// An Attribute of a node is an int64, a float32 or an []int64.
type Attribute struct {
	Name  string
	Value any
}

// Node appends an operator that computes output from inputs.
func (m *Model) Node(operator string, inputs []string, output string, attributes ...Attribute) {
	m.nodeOf(operator, inputs, []string{output}, attributes...)
}

// nodeOf is Node for several outputs, of which the first names the node.
func (m *Model) nodeOf(operator string, inputs, outputs []string, attributes ...Attribute) {
	var n message
	for _, in := range inputs {
		n.string(1, in)
	}
	for _, out := range outputs {
		n.string(2, out)
	}
	n.string(3, outputs[0])
	n.string(4, operator)
	for _, a := range attributes {
		n.bytes(5, a.encode())
	}
	m.nodes.bytes(1, n)
}

// encode returns an AttributeProto. It panics on a value of another type.
func (a Attribute) encode() message {
	const typeFloat, typeInt, typeInts = 1, 2, 7
	var p message
	p.string(1, a.Name)
	switch v := a.Value.(type) {
	case float32:
		p.float(2, v)
		p.ints(20, typeFloat)
	case int64:
		p.ints(3, v)
		p.ints(20, typeInt)
	case []int64:
		p.ints(8, v...)
		p.ints(20, typeInts)
	default:
		panic("onnx: attribute " + a.Name + " is not an int64, a float32 or an []int64")
	}
	return p
}

// Values of TensorProto.DataType.
const (
	float = 1
	int8s = 3
)

// Weight adds a constant tensor of float32, row-major.
func (m *Model) Weight(name string, data []float32, dims ...int64) {
	raw := make([]byte, 0, 4*len(data))
	for _, v := range data {
		raw = protowire.AppendFixed32(raw, math.Float32bits(v))
	}
	m.tensor(name, float, raw, dims)
}

// bytes adds a constant tensor of signed bytes, row-major.
func (m *Model) bytes(name string, data []byte, dims ...int64) { m.tensor(name, int8s, data, dims) }

func (m *Model) tensor(name string, kind int64, raw []byte, dims []int64) {
	var t message
	t.ints(1, dims...)
	t.ints(2, kind)
	t.string(8, name)
	t.bytes(9, raw)
	m.weights.bytes(5, t)
}

// Input declares the input and its shape.
func (m *Model) Input(name string, dims ...int64) { m.input = value(name, dims) }

// Output declares the output and its shape.
func (m *Model) Output(name string, dims ...int64) { m.output = value(name, dims) }

// value returns a ValueInfoProto of a float tensor.
func value(name string, dims []int64) message {
	var shape, tensor, kind, v message
	for _, d := range dims {
		var dim message
		dim.ints(1, d)
		shape.bytes(1, dim)
	}
	tensor.ints(1, float)
	tensor.bytes(2, shape)
	kind.bytes(1, tensor)
	v.string(1, name)
	v.bytes(2, kind)
	return v
}

// Bytes returns the file.
func (m *Model) Bytes() []byte {
	var graph, set, file message
	graph = append(graph, m.nodes...)
	graph.string(2, "graph")
	graph = append(graph, m.weights...)
	graph.bytes(11, m.input)
	graph.bytes(12, m.output)
	set.string(1, "")
	set.ints(2, opset)
	file.ints(1, irVersion)
	file.string(2, "allocarrays-go/bench")
	file.bytes(7, graph)
	file.bytes(8, set)
	return file
}

// message is an encoded Protocol Buffers message. Fields are appended to it.
type message []byte

// ints appends an integer field for each value: a repeated one as proto2 encodes it.
func (m *message) ints(field protowire.Number, values ...int64) {
	for _, v := range values {
		*m = protowire.AppendVarint(protowire.AppendTag(*m, field, protowire.VarintType), uint64(v))
	}
}

// float appends a float field.
func (m *message) float(field protowire.Number, v float32) {
	*m = protowire.AppendFixed32(protowire.AppendTag(*m, field, protowire.Fixed32Type), math.Float32bits(v))
}

// bytes appends a field of bytes or a message.
func (m *message) bytes(field protowire.Number, v []byte) {
	*m = protowire.AppendBytes(protowire.AppendTag(*m, field, protowire.BytesType), v)
}

// string appends a string field.
func (m *message) string(field protowire.Number, v string) { m.bytes(field, []byte(v)) }
