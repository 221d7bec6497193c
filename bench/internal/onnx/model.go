package onnx

import (
	"encoding/binary"
	"math"
)

// The versions that models declare: every operator used here means the same since.
const (
	irVersion = 8
	opset     = 13
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
	var n message
	for _, in := range inputs {
		n.string(1, in)
	}
	n.string(2, output)
	n.string(3, output)
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
		p.int(20, typeFloat)
	case int64:
		p.int(3, v)
		p.int(20, typeInt)
	case []int64:
		p.ints(8, v)
		p.int(20, typeInts)
	default:
		panic("onnx: attribute " + a.Name + " is not an int64, a float32 or an []int64")
	}
	return p
}

const float = 1 // TensorProto.DataType.FLOAT

// Weight adds a constant tensor of float32, row-major.
func (m *Model) Weight(name string, data []float32, dims ...int64) {
	var t message
	t.ints(1, dims)
	t.int(2, float)
	t.string(8, name)
	raw := make([]byte, 0, 4*len(data))
	for _, v := range data {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
	}
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
		dim.int(1, d)
		shape.bytes(1, dim)
	}
	tensor.int(1, float)
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
	set.int(2, opset)
	file.int(1, irVersion)
	file.string(2, "allocarrays-go/bench")
	file.bytes(7, graph)
	file.bytes(8, set)
	return file
}
