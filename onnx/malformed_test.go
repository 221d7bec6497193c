package onnx_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/onnx"
)

func load(b []byte) (*onnx.Model, error) { return onnx.Load(bytes.NewReader(bytes.Clone(b))) }

func TestMalformed(t *testing.T) {
	tensor := func(fields ...[]byte) []byte {
		return bytesField(nil, 7, bytesField(nil, 5, bytes.Join(fields, nil)))
	}
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"empty":         {nil, "there is no graph"},
		"text":          {[]byte("hello, world"), "byte"},
		"cut off":       {relu[:len(relu)-1], "unexpected EOF"},
		"no such input": {file(17, []node{{op: "Relu", in: []string{"z"}, out: []string{"y"}}}, []string{"x"}, []string{"y"}), `node "the Relu" (Relu): input "z" is not defined before`},
		"no such output": {file(17, []node{{op: "Relu", in: []string{"x"}, out: []string{"z"}}}, []string{"x"}, []string{"y"}),
			`output "y" is not defined`},
		"twice": {file(17, []node{{op: "Relu", in: []string{"x"}, out: []string{"x"}}}, []string{"x"}, []string{"x"}),
			`"x" is defined twice`},
		"raw too short":    {tensor(intField(nil, 1, 3), intField(nil, 2, 1), bytesField(nil, 9, make([]byte, 11))), "11 bytes of elements, want 12 for float[3]"},
		"no elements":      {tensor(intField(nil, 1, 3), intField(nil, 2, 1)), "0 elements, want 3"},
		"negative extent":  {tensor(intField(nil, 1, -3), intField(nil, 2, 1)), "impossible shape [-3]"},
		"overflow":         {tensor(intField(nil, 1, int64(1<<40)), intField(nil, 1, int64(1<<40)), intField(nil, 2, 1)), "impossible shape"},
		"unknown type":     {tensor(intField(nil, 1, 3), intField(nil, 2, 99)), "unknown type 99"},
		"wrong wire type":  {bytesField(nil, 7, intField(nil, 1, 5)), "want bytes"},
		"external, no dir": {tensor(intField(nil, 1, 3), intField(nil, 2, 1), bytesField(nil, 13, bytesField(bytesField(nil, 1, []byte("location")), 2, []byte("w.bin"))), intField(nil, 14, 1)), `in the file "w.bin"`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := load(c.file)
			require.ErrorContains(t, err, c.want)
			if name != "external, no dir" {
				assert.ErrorIs(t, err, onnx.ErrMalformed)
			}
		})
	}
}

// TestUnsupported reports all nodes at once.
func TestUnsupported(t *testing.T) {
	m, err := load(file(17, []node{{op: "NoSuch", in: []string{"x"}, out: []string{"a"}}, {op: "Relu", in: []string{"a"}, out: []string{"b"}},
		{op: "NorThis", in: []string{"b"}, out: []string{"y"}}}, []string{"x"}, []string{"y"}))
	require.NoError(t, err)
	_, err = m.Compile()
	var all *onnx.UnsupportedError
	require.ErrorAs(t, err, &all)
	assert.Len(t, all.Nodes, 2)
	assert.ErrorContains(t, err, `node "the NoSuch": NoSuch of opset 17`)
	assert.ErrorContains(t, err, `node "the NorThis": NorThis of opset 17`)
}
