package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
)

// A node of a model that a test makes; its attributes are encoded already.
type node struct {
	name, domain, op string
	in, out          []string
	attrs            [][]byte
}

// A port is an input or an output; an extent of -1 is unknown.
type port struct {
	name  string
	typ   tensor.Type
	shape []int
}

func field(b []byte, num protowire.Number, v []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, num, protowire.BytesType), v)
}

func number(b []byte, num protowire.Number, v int) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, num, protowire.VarintType), uint64(v))
}

// initializer encodes a tensor.
func initializer(name string, typ tensor.Type, shape []int, raw []byte) (b []byte) {
	for _, d := range shape {
		b = number(b, 1, d)
	}
	b = number(b, 2, int(typ))
	b = field(b, 8, []byte(name))
	return field(b, 9, raw)
}

func floats(v ...float32) []byte {
	b, _ := binary.Append(nil, binary.LittleEndian, v)
	return b
}

// file encodes a model of opset 21.
func file(nodes []node, constants [][]byte, in, out []port) []byte {
	var g []byte
	for _, n := range nodes {
		var b []byte
		for _, v := range n.in {
			b = field(b, 1, []byte(v))
		}
		for _, v := range n.out {
			b = field(b, 2, []byte(v))
		}
		b = field(b, 3, []byte(n.name))
		b = field(b, 4, []byte(n.op))
		for _, a := range n.attrs {
			b = field(b, 5, a)
		}
		g = field(g, 1, field(b, 7, []byte(n.domain)))
	}
	g = field(g, 2, []byte("test"))
	for _, c := range constants {
		g = field(g, 5, c)
	}
	for num, list := range [][]port{in, out} {
		for _, p := range list {
			var shape []byte
			for _, d := range p.shape {
				dim := number(nil, 1, d)
				if d < 0 {
					dim = field(nil, 2, []byte("n"))
				}
				shape = field(shape, 1, dim)
			}
			typ := field(number(nil, 1, int(p.typ)), 2, shape)
			g = field(g, protowire.Number(11+num), field(field(nil, 1, []byte(p.name)), 2, field(nil, 1, typ)))
		}
	}
	b := number(nil, 1, 10)
	b = field(b, 8, number(nil, 2, 21))
	return field(b, 7, g)
}

// identity is a model that gives what it gets.
func identity(typ tensor.Type, shape ...int) []byte {
	return file([]node{{name: "n", op: "Identity", in: []string{"x"}, out: []string{"y"}}}, nil, []port{{"x", typ, shape}}, []port{{"y", typ, shape}})
}

// sum is a model of two inputs and two outputs.
func sum() []byte {
	return file([]node{
		{name: "add", op: "Add", in: []string{"a", "b"}, out: []string{"sum"}},
		{name: "sub", op: "Sub", in: []string{"a", "b"}, out: []string{"difference"}},
	}, nil, []port{{"a", tensor.Float, []int{-1}}, {"b", tensor.Float, []int{-1}}},
		[]port{{"sum", tensor.Float, []int{-1}}, {"difference", tensor.Float, []int{-1}}})
}

// put writes a file into a folder of the test.
func put(t testing.TB, dir, name string, b []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, b, 0o644))
	return path
}

// onnx runs the command as a user does.
func onnx(t testing.TB, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, problems bytes.Buffer
	status = command(context.Background(), args, &out, &problems)
	return status, out.String(), problems.String()
}

// listed returns the names in a folder.
func listed(t testing.TB, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}
