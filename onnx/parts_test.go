package onnx_test

import (
	"encoding/binary"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// A graph is one that a test makes, of any operators and types.
type graph struct {
	nodes     []op
	constants []constant
	in, out   []port
	sparse    [][]byte
}

// An op is a node; its attributes are int, float32, string, []int64, constant or graph.
type op struct {
	name, domain string
	in, out      []string
	attrs        map[string]any
}

// A constant is a tensor with raw elements.
type constant struct {
	name string
	typ  int
	dims []int64
	raw  []byte
	rest []byte // more fields
}

// A port is an input or output; of no type if that is 0, of any shape if dims is nil, of any extent where one is negative.
type port struct {
	name string
	typ  int
	dims []int64
}

func names(s ...string) []string { return s }

func scalar64(name string, v int64) constant {
	return constant{name: name, typ: 7, raw: binary.LittleEndian.AppendUint64(nil, uint64(v))}
}

func int64s(name string, v ...int64) constant {
	c := constant{name: name, typ: 7, dims: []int64{int64(len(v))}}
	for _, e := range v {
		c.raw = binary.LittleEndian.AppendUint64(c.raw, uint64(e))
	}
	return c
}

func floats(name string, dims []int64, v ...float32) constant {
	c := constant{name: name, typ: 1, dims: dims}
	for _, e := range v {
		c.raw = binary.LittleEndian.AppendUint32(c.raw, math.Float32bits(e))
	}
	return c
}

// nothing is a constant without elements, if one of dims is 0.
func nothing(name string, dims ...int64) constant { return constant{name: name, typ: 1, dims: dims} }

func (c constant) encode() []byte {
	var b []byte
	for _, d := range c.dims {
		b = intField(b, 1, int(d))
	}
	b = bytesField(intField(b, 2, c.typ), 8, []byte(c.name))
	if c.rest == nil {
		b = bytesField(b, 9, c.raw)
	}
	return append(b, c.rest...)
}

func (p port) encode() []byte {
	b := bytesField(nil, 1, []byte(p.name))
	if p.typ == 0 {
		return b
	}
	t := intField(nil, 1, p.typ)
	if p.dims != nil {
		var shape []byte
		for _, d := range p.dims {
			if d < 0 {
				shape = bytesField(shape, 1, nil)
			} else {
				shape = bytesField(shape, 1, intField(nil, 1, int(d)))
			}
		}
		t = bytesField(t, 2, shape)
	}
	return bytesField(b, 2, bytesField(nil, 1, t))
}

func attribute(name string, v any) []byte {
	b := bytesField(nil, 1, []byte(name))
	switch v := v.(type) {
	case int:
		return intField(intField(b, 3, v), 20, 2)
	case float32:
		b = protowire.AppendFixed32(protowire.AppendTag(b, 2, protowire.Fixed32Type), math.Float32bits(v))
		return intField(b, 20, 1)
	case string:
		return intField(bytesField(b, 4, []byte(v)), 20, 3)
	case []int64:
		for _, e := range v {
			b = intField(b, 8, int(e))
		}
		return intField(b, 20, 7)
	case constant:
		return intField(bytesField(b, 5, v.encode()), 20, 4)
	}
	return intField(bytesField(b, 6, v.(graph).encode()), 20, 5)
}

func (o op) encode() []byte {
	var b []byte
	for _, s := range o.in {
		b = bytesField(b, 1, []byte(s))
	}
	for _, s := range o.out {
		b = bytesField(b, 2, []byte(s))
	}
	b = bytesField(b, 4, []byte(o.name))
	for name, v := range o.attrs {
		b = bytesField(b, 5, attribute(name, v))
	}
	return bytesField(b, 7, []byte(o.domain))
}

func (g graph) encode() []byte {
	var b []byte
	for _, n := range g.nodes {
		b = bytesField(b, 1, n.encode())
	}
	b = bytesField(b, 2, []byte("test"))
	for _, c := range g.constants {
		b = bytesField(b, 5, c.encode())
	}
	for _, s := range g.sparse {
		b = bytesField(b, 15, s)
	}
	for _, p := range g.in {
		b = bytesField(b, 11, p.encode())
	}
	for _, p := range g.out {
		b = bytesField(b, 12, p.encode())
	}
	return b
}

// model encodes a file. Functions are in the domain f and have one input a and one output b.
func (g graph) model(opset int, functions ...function) []byte {
	b := bytesField(intField(nil, 1, 8), 8, intField(nil, 2, opset))
	own := intField(bytesField(nil, 1, []byte("f")), 2, 1)
	b = bytesField(b, 8, own)
	for _, f := range functions {
		x := bytesField(nil, 1, []byte(f.name))
		x = bytesField(bytesField(x, 4, []byte("a")), 5, []byte("b"))
		for _, n := range f.nodes {
			x = bytesField(x, 7, n.encode())
		}
		x = bytesField(bytesField(x, 9, intField(nil, 2, opset)), 9, own)
		x = bytesField(x, 10, []byte("f"))
		b = bytesField(b, 25, append(x, f.rest...))
	}
	return bytesField(b, 7, g.encode())
}

// A function is an operator of the file.
type function struct {
	name  string
	nodes []op
	rest  []byte // more fields
}

// single is a graph of one node on constants.
func single(o op, constants ...constant) graph {
	g := graph{nodes: []op{o}, constants: constants}
	for _, name := range o.out {
		g.out = append(g.out, port{name: name})
	}
	return g
}
