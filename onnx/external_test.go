package onnx_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/onnx"
)

// outside is a constant whose elements are in a file.
func outside(name, location string, offset int, dims ...int64) constant {
	entry := func(key, value string) []byte {
		return bytesField(nil, 13, bytesField(bytesField(nil, 1, []byte(key)), 2, []byte(value)))
	}
	return constant{name: name, typ: 1, dims: dims, rest: append(append(entry("location", location), entry("offset", fmt.Sprint(offset))...), intField(nil, 14, 1)...)}
}

// TestExternal loads weights from files: those that are shared, those that overlap, those that are no files, and one that is
// the default of a function's attribute.
func TestExternal(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "w.bin"), floats("", nil, 1, -2, 3, 4).raw, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "mb.bin"), make([]byte, 1<<20), 0o600))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "folder"), 0o700))
	loadFile := func(b []byte) (*onnx.Model, error) {
		name := filepath.Join(dir, "m.onnx")
		require.NoError(t, os.WriteFile(name, b, 0o600))
		return onnx.LoadFile(name)
	}
	copies := func(step int) graph {
		g := single(op{name: "Relu", in: names("w0"), out: names("y")})
		for i := range 300 {
			g.constants = append(g.constants, outside(fmt.Sprint("w", i), "mb.bin", i*step, 1<<17))
		}
		return g
	}
	peak := watchHeap()
	_, err := loadFile(copies(0).model(17))
	require.NoError(t, err)
	assert.Less(t, peak(), uint64(64<<20), "one copy for all")
	_, err = loadFile(copies(4).model(17))
	require.ErrorContains(t, err, "more than twice the 1048576 bytes")
	_, err = loadFile(single(op{name: "Relu", in: names("w"), out: names("y")}, outside("w", "folder", 0, 4)).model(17))
	require.ErrorContains(t, err, "no regular file")

	value := outside("", "w.bin", 0, 4)
	reference := bytesField(intField(bytesField(nil, 1, []byte("value")), 20, 4), 21, []byte("value"))
	// The nodes are fields of their own here: an attribute that refers to one of the function is not one that op encodes.
	use := function{name: "k", rest: bytesField(nil, 11, attribute("value", value))}
	use.rest = bytesField(use.rest, 7, bytesField(op{name: "Constant", out: names("c")}.encode(), 5, reference))
	use.rest = bytesField(use.rest, 7, op{name: "Neg", in: names("c"), out: names("b")}.encode())
	m, err := loadFile(single(op{name: "k", domain: "f", out: names("y")}).model(17, use))
	require.NoError(t, err)
	p, err := m.Compile()
	require.NoError(t, err)
	out, err := p.Run(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []float32{-1, 2, -3, -4}, onnx.Data[float32](out.At(0)))
}
