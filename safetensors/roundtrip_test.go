package safetensors_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/safetensors"
)

// all returns every tensor of f with its data, by name.
func all(t *testing.T, f *safetensors.File) map[string]content {
	t.Helper()
	m := make(map[string]content)
	for _, name := range f.Names() {
		tensor, err := f.Tensor(name)
		require.NoError(t, err)
		data, err := tensor.Bytes()
		require.NoError(t, err)
		m[name] = content{tensor.Name, tensor.DType, tensor.Shape, data}
	}
	return m
}

type content struct {
	name  string
	dtype safetensors.DType
	shape []int
	data  []byte
}

func TestRoundTrip(t *testing.T) {
	rising := func(n int) []byte {
		data := make([]byte, n)
		for i := range data {
			data[i] = byte(i + n)
		}
		return data
	}
	tests := []content{
		{"f64", safetensors.F64, []int{3}, rising(24)},
		{"f32", safetensors.F32, []int{2, 3}, rising(24)},
		{"f16", safetensors.F16, []int{1, 1, 5}, rising(10)},
		{"bf16", safetensors.BF16, []int{3}, rising(6)},
		{"i64", safetensors.I64, []int{1}, rising(8)},
		{"i32", safetensors.I32, []int{1}, rising(4)},
		{"i16", safetensors.I16, []int{1}, rising(2)},
		{"i8", safetensors.I8, []int{7}, rising(7)},
		{"u64", safetensors.U64, []int{2}, rising(16)},
		{"u32", safetensors.U32, []int{2}, rising(8)},
		{"u16", safetensors.U16, []int{2}, rising(4)},
		{"u8", safetensors.U8, []int{2}, rising(2)},
		{"bool", safetensors.Bool, []int{2}, []byte{0, 1}},
		{"scalar", safetensors.F32, []int{}, rising(4)},
		{"empty", safetensors.F32, []int{4, 0, 2}, []byte{}},
		{"a \"quoted\" <name>\n\\ ü 数", safetensors.U8, []int{1}, rising(1)},
	}
	metadata := map[string]string{"format": "go", "": "", "ü": "\"\n"}
	var tensors []safetensors.Tensor
	want := make(map[string]content)
	for _, c := range tests {
		tensors = append(tensors, safetensors.NewTensor(c.name, c.dtype, c.shape, c.data))
		want[c.name] = c
	}
	var file bytes.Buffer
	require.NoError(t, safetensors.Encode(&file, tensors, metadata))

	path := filepath.Join(t.TempDir(), "m.safetensors")
	require.NoError(t, os.WriteFile(path, file.Bytes(), 0o600))
	f, err := safetensors.Open(path)
	require.NoError(t, err)
	defer func() { require.NoError(t, f.Close()) }()
	require.Equal(t, slices.Sorted(maps.Keys(want)), f.Names())
	require.Equal(t, metadata, f.Metadata())
	require.Equal(t, want, all(t, f))

	// What was read can be written again, to the same bytes in any order.
	var again []safetensors.Tensor
	for _, name := range slices.Backward(f.Names()) {
		tensor, err := f.Tensor(name)
		require.NoError(t, err)
		again = append(again, tensor)
	}
	var copied bytes.Buffer
	require.NoError(t, safetensors.Encode(&copied, again, f.Metadata()))
	require.Equal(t, file.Bytes(), copied.Bytes())
}

// TestEncodeBytes spells out a whole file, so that writer and reader cannot
// agree on the same mistake. The layout is the one in the format's README.
func TestEncodeBytes(t *testing.T) {
	var file bytes.Buffer
	err := safetensors.Encode(&file, []safetensors.Tensor{
		safetensors.NewTensor("b", safetensors.U8, []int{3}, []byte{7, 8, 9}),
		safetensors.From("w", []int{2, 1}, []float32{1, -2}),
		safetensors.From("s", nil, []float32{0.5}),
	}, map[string]string{"k": "v", "a": "b"})
	require.NoError(t, err)
	header := `{"__metadata__":{"a":"b","k":"v"},` +
		`"s":{"dtype":"F32","shape":[],"data_offsets":[0,4]},` +
		`"w":{"dtype":"F32","shape":[2,1],"data_offsets":[4,12]},` +
		`"b":{"dtype":"U8","shape":[3],"data_offsets":[12,15]}}`
	header += strings.Repeat(" ", 7-(len(header)+7)%8) // to a multiple of 8
	require.Zero(t, len(header)%8)
	want := "" + string([]byte{byte(len(header)), 0, 0, 0, 0, 0, 0, 0}) + header +
		"\x00\x00\x00\x3f" + "\x00\x00\x80\x3f\x00\x00\x00\xc0" + "\x07\x08\x09"
	require.Equal(t, want, file.String())
}

func TestEncodeNothing(t *testing.T) {
	var file bytes.Buffer
	require.NoError(t, safetensors.Encode(&file, nil, nil))
	require.Equal(t, "\x08\x00\x00\x00\x00\x00\x00\x00{}      ", file.String())
	f, err := decode(file.Bytes())
	require.NoError(t, err)
	require.Empty(t, f.Names())
	require.Empty(t, f.Metadata())
}

// TestAligned checks, for names of many lengths, that the data start at a
// multiple of 8 and every tensor at a multiple of its element size.
func TestAligned(t *testing.T) {
	for n := 1; n < 20; n++ {
		name := strings.Repeat("n", n)
		var file bytes.Buffer
		require.NoError(t, safetensors.Encode(&file, []safetensors.Tensor{
			safetensors.NewTensor("a"+name, safetensors.U8, []int{n}, make([]byte, n)),
			safetensors.NewTensor("b"+name, safetensors.F16, []int{1}, make([]byte, 2)),
			safetensors.NewTensor("c"+name, safetensors.F64, []int{1}, make([]byte, 8)),
		}, nil))
		header := int(binary.LittleEndian.Uint64(file.Bytes()))
		require.Zero(t, (8+header)%8)
		text := file.String()[8 : 8+header]
		require.Contains(t, text, `"c`+name+`":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}`)
		require.Contains(t, text, `"b`+name+`":{"dtype":"F16","shape":[1],"data_offsets":[8,10]}`)
	}
}

func TestEncodeErrors(t *testing.T) {
	u8 := func(name string) safetensors.Tensor {
		return safetensors.NewTensor(name, safetensors.U8, []int{1}, []byte{1})
	}
	tests := []struct {
		name     string
		tensors  []safetensors.Tensor
		metadata map[string]string
		want     string
	}{
		{"twice", []safetensors.Tensor{u8("a"), u8("a")}, nil, `safetensors: tensor "a": given twice`},
		{"reserved", []safetensors.Tensor{u8("__metadata__")}, nil, `safetensors: a tensor cannot be called "__metadata__"`},
		{"empty name", []safetensors.Tensor{u8("")}, nil, `safetensors: a tensor cannot be called ""`},
		{"name not UTF-8", []safetensors.Tensor{u8("\xff")}, nil, `safetensors: tensor "\xff": the name is not UTF-8`},
		{"dtype", []safetensors.Tensor{safetensors.NewTensor("a", "F4", nil, nil)}, nil, `safetensors: tensor "a": unknown dtype "F4"`},
		{"negative", []safetensors.Tensor{safetensors.NewTensor("a", "U8", []int{-1, -1}, []byte{1})}, nil,
			`safetensors: tensor "a": shape -1x-1 of U8 is negative or overflows`},
		{"size", []safetensors.Tensor{safetensors.From("a", []int{2, 2}, []float32{1, 2, 3})}, nil,
			`safetensors: tensor "a": 12 bytes of data do not match 2x2 F32 (16 bytes)`},
		{"zero tensor", []safetensors.Tensor{{Name: "a", DType: "U8", Shape: []int{0}}}, nil,
			`safetensors: tensor "a": 0 bytes of data do not match 0 U8 (0 bytes)`},
		{"metadata", nil, map[string]string{"k": "\xff"}, `safetensors: __metadata__: "k": "\xff" is not UTF-8`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var file bytes.Buffer
			require.EqualError(t, safetensors.Encode(&file, tt.tensors, tt.metadata), tt.want)
			require.Zero(t, file.Len(), "bytes written before the error")
		})
	}
}

// limited fails once more than n bytes were written.
type limited struct{ n int }

var errFull = errors.New("disk full")

func (l *limited) Write(p []byte) (int, error) {
	if l.n -= len(p); l.n < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestEncodeWriteError(t *testing.T) {
	tensors := []safetensors.Tensor{safetensors.From("a", []int{1}, []float32{1})}
	require.ErrorIs(t, safetensors.Encode(&limited{10}, tensors, nil), errFull)
	err := safetensors.Encode(&limited{66}, tensors, nil)
	require.EqualError(t, err, `safetensors: tensor "a": copying the data: disk full`)
	require.NoError(t, safetensors.Encode(io.Discard, tensors, nil))
}

// TestShapeIsTheCallers: changing it changes nothing in the file.
func TestShapeIsTheCallers(t *testing.T) {
	f, err := decode(build(`{"fc1.weight":{"dtype":"U8","shape":[2,1],"data_offsets":[0,2]}}`, 2))
	require.NoError(t, err)
	w, err := f.Tensor("fc1.weight")
	require.NoError(t, err)
	w.Shape[0] = 100
	w, err = f.Tensor("fc1.weight")
	require.NoError(t, err)
	require.Equal(t, []int{2, 1}, w.Shape)
}
