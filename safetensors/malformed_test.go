package safetensors_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/safetensors"
)

// build puts a file together from its parts, right or wrong.
func build(header string, data int) []byte {
	file := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	file = append(file, header...)
	for i := range data {
		file = append(file, byte(i))
	}
	return file
}

func decode(file []byte) (*safetensors.File, error) {
	return safetensors.Decode(bytes.NewReader(file), int64(len(file)), "m.safetensors")
}

// length is a file of a header length and n further bytes.
func length(header uint64, n int) []byte {
	return append(binary.LittleEndian.AppendUint64(nil, header), make([]byte, n)...)
}

// notInt is what is wrong with a number that this machine's int cannot hold.
var notInt = fmt.Sprintf("which is not an integer from 0 to %d", math.MaxInt)

// on64 is a message on machines of 64 bits; on others the number that they cannot
// hold, in the given field, comes first.
func on64(want, field, number string) string {
	if math.MaxInt > math.MaxInt32 {
		return want
	}
	return `tensor "a": ` + field + " has the value " + number + ", " + notInt
}

// convert is what to do with a file of PyTorch's.
const convert = `not a safetensors file; in Python, load it with PyTorch and ` +
	`write it again with safetensors.torch.save_file(model.state_dict(), "model.safetensors")`

// TestMalformed has one row for each way a file can be wrong, with the message.
func TestMalformed(t *testing.T) {
	tests := []struct {
		name string
		file []byte
		want string // after "safetensors: m.safetensors: "
	}{
		{"empty file", nil, `truncated: 0 bytes, shorter than the 8 of the header length`},
		{"truncated length", []byte{1, 2, 3}, `truncated: 3 bytes, shorter than the 8 of the header length`},
		{"header longer than file", length(11, 10), `header length 11 is more than the 10 bytes that follow it`},
		{"header over the cap", length(16<<20+1, 10), `header length 16777217 is over the limit of 16777216 bytes`},
		{"header length negative as int64", length(1<<63, 10), `header length 9223372036854775808 is over the limit of 16777216 bytes`},
		{"header length all ones", length(1<<64-1, 10), `header length 18446744073709551615 is over the limit of 16777216 bytes`},
		{"PyTorch's zip", append([]byte("PK\x03\x04\x00\x00\x08\x08\x00\x00"), make([]byte, 500)...), `a zip archive, as PyTorch writes to .pt and .pth files, ` + convert},
		{"short zip", []byte("PK\x03\x04\x00\x00\x08\x08"), `a zip archive, as PyTorch writes to .pt and .pth files, ` + convert},
		{"PyTorch's pickle", append([]byte("\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."), make([]byte, 500)...),
			`a pickle, as older versions of PyTorch write to .pt and .pth files, ` + convert},
		{"no header", length(0, 4), `header is empty`},
		{"header begins with space", build(` {}`, 0), `header begins with ' ', not with '{'`},
		{"header is an array", build(`[]`, 0), `header begins with '[', not with '{'`},
		{"header is zeros", length(10, 10), `header begins with '\x00', not with '{'`},
		{"not UTF-8", build("{\"a\xff\":1}", 0), `header is not UTF-8`},
		{"not JSON", build(`{"a":}`, 0), `header is not JSON: invalid character '}' looking for beginning of value`},
		{"cut JSON", build(`{"a":{"dtype":"F32"`, 0), `header is not JSON: unexpected end of JSON input`},
		{"text after the object", build(`{} {}`, 0), `header is not JSON: invalid character '{' after top-level value`},
		{"padded with NUL", build("{}\x00", 0), `header is not JSON: invalid character '\x00' after top-level value`},
		{"nested too deep", build(`{"a":`+strings.Repeat("[", 20_000), 0), `header is not JSON: invalid character '[' exceeded max depth`},

		{"duplicate tensor", build(
			`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}`, 1),
			`header has the key "a" twice`},
		{"duplicate tensor, spelled with an escape", build(
			`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"\u0061":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}`, 1),
			`header has the key "a" twice`},
		{"duplicate metadata", build(`{"__metadata__":{},"__metadata__":{}}`, 0), `header has the key "__metadata__" twice`},
		{"duplicate metadata key", build(`{"__metadata__":{"k":"v","k":"w"}}`, 0), `__metadata__ has the key "k" twice`},
		{"duplicate field", build(`{"a":{"dtype":"U8","dtype":"U8","shape":[1],"data_offsets":[0,1]}}`, 1),
			`tensor "a": description has the key "dtype" twice`},
		{"metadata not an object", build(`{"__metadata__":"pt"}`, 0), `__metadata__ is not an object`},
		{"metadata null", build(`{"__metadata__":null}`, 0), `__metadata__ is not an object`},
		{"metadata not strings", build(`{"__metadata__":{"epoch":3}}`, 0), `__metadata__: value of "epoch" is not a string`},
		{"metadata nested", build(`{"__metadata__":{"a":{}}}`, 0), `__metadata__: value of "a" is not a string`},

		{"empty name", build(`{"":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}`, 1), `a tensor has an empty name`},
		{"not an object", build(`{"a":7}`, 0), `tensor "a": description is not an object`},
		{"null", build(`{"a":null}`, 0), `tensor "a": description is not an object`},
		{"no dtype", build(`{"a":{"shape":[1],"data_offsets":[0,1]}}`, 1), `tensor "a": no dtype`},
		{"no shape", build(`{"a":{"dtype":"U8","data_offsets":[0,1]}}`, 1), `tensor "a": no shape`},
		{"no offsets", build(`{"a":{"dtype":"U8","shape":[1]}}`, 1), `tensor "a": no data_offsets`},
		{"unknown field", build(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"x":1}}`, 1), `tensor "a": unknown field "x"`},
		{"field of another case", build(`{"a":{"DType":"U8","shape":[1],"data_offsets":[0,1]}}`, 1), `tensor "a": unknown field "DType"`},

		{"unknown dtype", build(`{"a":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[0,1]}}`, 1), `tensor "a": unknown dtype "F8_E4M3"`},
		{"dtype of another case", build(`{"a":{"dtype":"f32","shape":[1],"data_offsets":[0,4]}}`, 4), `tensor "a": unknown dtype "f32"`},
		{"dtype not a string", build(`{"a":{"dtype":8,"shape":[1],"data_offsets":[0,1]}}`, 1), `tensor "a": dtype is not a string`},
		{"shape not an array", build(`{"a":{"dtype":"U8","shape":1,"data_offsets":[0,1]}}`, 1), `tensor "a": shape is not an array`},
		{"shape null", build(`{"a":{"dtype":"U8","shape":null,"data_offsets":[0,1]}}`, 1), `tensor "a": shape is not an array`},
		{"shape of strings", build(`{"a":{"dtype":"U8","shape":["1"],"data_offsets":[0,1]}}`, 1), `tensor "a": shape has a value that is not a number`},
		{"shape nested", build(`{"a":{"dtype":"U8","shape":[[1]],"data_offsets":[0,1]}}`, 1), `tensor "a": shape has a value that is not a number`},
		{"negative dimension", build(`{"a":{"dtype":"U8","shape":[-1,-1],"data_offsets":[0,1]}}`, 1),
			`tensor "a": shape has the value -1, ` + notInt},
		{"fractional dimension", build(`{"a":{"dtype":"U8","shape":[1.0],"data_offsets":[0,1]}}`, 1),
			`tensor "a": shape has the value 1.0, ` + notInt},
		{"exponent", build(`{"a":{"dtype":"U8","shape":[1e0],"data_offsets":[0,1]}}`, 1),
			`tensor "a": shape has the value 1e0, ` + notInt},
		{"dimension over int64", build(`{"a":{"dtype":"U8","shape":[9223372036854775808],"data_offsets":[0,1]}}`, 1),
			`tensor "a": shape has the value 9223372036854775808, ` + notInt},
		{"product wraps to the size", build(`{"a":{"dtype":"U8","shape":[4294967297,4294967296],"data_offsets":[0,0]}}`, 0),
			on64(`tensor "a": shape 4294967297x4294967296 of U8 overflows`, "shape", "4294967297")},
		{"product of bytes wraps to zero", build(`{"a":{"dtype":"F64","shape":[4611686018427387904],"data_offsets":[0,0]}}`, 0),
			on64(`tensor "a": shape 4611686018427387904 of F64 overflows`, "shape", "4611686018427387904")},
		{"overflow behind a zero", build(`{"a":{"dtype":"U8","shape":[0,4294967296,4294967296],"data_offsets":[0,0]}}`, 0),
			on64(`tensor "a": shape 0x4294967296x4294967296 of U8 overflows`, "shape", "4294967296")},

		{"shape too long to print", build(`{"a":{"dtype":"U8","shape":[1`+strings.Repeat(",1", 99)+`],"data_offsets":[0,2]}}`, 2),
			`tensor "a": data offsets [0, 2) do not match 100-dimensional U8 (1 bytes)`},

		{"one offset", build(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0]}}`, 1), `tensor "a": data_offsets has 1 values, want 2`},
		{"three offsets", build(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1,2]}}`, 2), `tensor "a": data_offsets has 3 values, want 2`},
		{"negative offset", build(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[-1,0]}}`, 1),
			`tensor "a": data_offsets has the value -1, ` + notInt},
		{"offsets reversed", build(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,0]}}`, 1), `tensor "a": data offsets [1, 0) are reversed`},
		{"offsets too long for the shape", build(`{"fc1.weight":{"dtype":"F32","shape":[2,1],"data_offsets":[0,9]}}`, 9),
			`tensor "fc1.weight": data offsets [0, 9) do not match 2x1 F32 (8 bytes)`},
		{"offsets too short for a scalar", build(`{"a":{"dtype":"F16","shape":[],"data_offsets":[0,1]}}`, 1),
			`tensor "a": data offsets [0, 1) do not match scalar F16 (2 bytes)`},
		{"data missing", build(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`, 7), `tensor "a": data offsets [0, 8) end beyond the 7 bytes of data`},
		{"huge tensor in a small file", build(`{"a":{"dtype":"F32","shape":[1000000000000],"data_offsets":[0,4000000000000]}}`, 8),
			on64(`tensor "a": data offsets [0, 4000000000000) end beyond the 8 bytes of data`, "shape", "1000000000000")},
		{"offsets at the end of int64", build(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[9223372036854775806,9223372036854775807]}}`, 1),
			on64(`tensor "a": data offsets [9223372036854775806, 9223372036854775807) end beyond the 1 bytes of data`, "data_offsets", "9223372036854775806")},
		{"overlap", build(`{"b":{"dtype":"U8","shape":[4],"data_offsets":[2,6]},"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}`, 6),
			`tensor "b": data offsets [2, 6) overlap tensor "a" at [0, 4)`},
		{"two names for the same bytes", build(`{"b":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}`, 4),
			`tensor "b": data offsets [0, 4) overlap tensor "a" at [0, 4)`},
		{"empty tensor inside another", build(`{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[0],"data_offsets":[2,2]}}`, 4),
			`tensor "b": data offsets [2, 2) overlap tensor "a" at [0, 4)`},
		{"hole at the start", build(`{"a":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}}`, 6),
			`tensor "a": data offsets [2, 6) leave a hole: 2 bytes before them belong to no tensor`},
		{"hole between", build(`{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[5,7]}}`, 7),
			`tensor "b": data offsets [5, 7) leave a hole: 3 bytes before them belong to no tensor`},
		{"trailing bytes", build(`{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}`, 5), `3 bytes at the end belong to no tensor`},
		{"data without tensors", build(`{}`, 5), `5 bytes at the end belong to no tensor`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, err := decode(tt.file)
			require.Nil(t, f)
			require.EqualError(t, err, "safetensors: m.safetensors: "+tt.want)
			var e *safetensors.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, "m.safetensors", e.File)
			if rest, ok := strings.CutPrefix(tt.want, `tensor "`); ok {
				require.Equal(t, rest[:strings.Index(rest, `"`)], e.Tensor)
			}
		})
	}
}

// TestTruncated cuts a good file at every byte: none of the prefixes decodes.
func TestTruncated(t *testing.T) {
	whole := build(`{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}`, 4)
	_, err := decode(whole)
	require.NoError(t, err)
	for n := range whole {
		_, err := decode(whole[:n])
		require.Error(t, err, "first %d bytes", n)
	}
}

func TestTensorMissing(t *testing.T) {
	f, err := decode(build(`{"b":{"dtype":"U8","shape":[1],"data_offsets":[1,2]},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}`, 2))
	require.NoError(t, err)
	_, err = f.Tensor("c")
	require.EqualError(t, err, `safetensors: m.safetensors: tensor "c": not in the file, which has "a", "b"`)

	f, err = decode(build(`{"__metadata__":{}}`, 0))
	require.NoError(t, err)
	_, err = f.Tensor("__metadata__")
	require.EqualError(t, err, `safetensors: m.safetensors: tensor "__metadata__": not in the file, which has no tensors`)
}

func TestOpenErrors(t *testing.T) {
	dir := t.TempDir()
	missing := filepath.Join(dir, "none.safetensors")
	_, err := safetensors.Open(missing)
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.EqualError(t, err, "safetensors: "+missing+": open: no such file or directory")

	_, err = safetensors.Open(dir)
	require.EqualError(t, err, "safetensors: "+dir+": not a regular file")

	bad := filepath.Join(dir, "bad.safetensors")
	require.NoError(t, os.WriteFile(bad, []byte("12345"), 0o600))
	_, err = safetensors.Open(bad)
	require.EqualError(t, err, "safetensors: "+bad+": truncated: 5 bytes, shorter than the 8 of the header length")
}

// TestShrunk is about a file that is cut, or closed, after it was opened.
func TestShrunk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.safetensors")
	require.NoError(t, os.WriteFile(path, build(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`, 8), 0o600))
	f, err := safetensors.Open(path)
	require.NoError(t, err)
	a, err := f.Tensor("a")
	require.NoError(t, err)
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.NoError(t, os.Truncate(path, info.Size()-1))

	_, err = a.Float32s()
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.EqualError(t, err, "safetensors: "+path+`: tensor "a": reading the data: unexpected EOF`)
	require.ErrorIs(t, safetensors.Encode(io.Discard, []safetensors.Tensor{a}, nil), io.ErrUnexpectedEOF)

	require.NoError(t, f.Close())
	require.NoError(t, f.Close(), "a second Close")
	_, err = a.Float32s()
	require.ErrorIs(t, err, fs.ErrClosed)
}

// TestSizeTooLarge gives Decode more bytes than the reader has.
func TestSizeTooLarge(t *testing.T) {
	_, err := safetensors.Decode(bytes.NewReader(length(64, 10)), 1000, "m")
	require.EqualError(t, err, "safetensors: m: reading the header: unexpected EOF")
	_, err = safetensors.Decode(bytes.NewReader(nil), 1000, "m")
	require.EqualError(t, err, "safetensors: m: reading the header length: unexpected EOF")
	_, err = safetensors.Decode(bytes.NewReader(nil), -1, "m")
	require.Error(t, err)
}
