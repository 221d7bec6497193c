package nn_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/nn"
)

func model(t testing.TB) *nn.Chain {
	c, err := nn.NewChain([]int{3}, nn.NewDense("fc1", 3, 2), nn.ReLU{}, nn.NewDense("fc2", 2, 1))
	require.NoError(t, err)
	return c
}

func saved(t testing.TB, m nn.Parametric) []byte {
	var b bytes.Buffer
	require.NoError(t, nn.Save(&b, m, map[string]string{"k": "v"}))
	return b.Bytes()
}

func TestSaveAndLoad(t *testing.T) {
	from, to := model(t), model(t)
	randomize(from)
	file := saved(t, from)
	require.Equal(t, file, saved(t, from), "the same weights give the same bytes")
	require.NoError(t, nn.Load("m", file, to))
	x := randomTensor(4, 5, 3)
	require.Equal(t, from.Forward(bg, x).Data(), to.Forward(bg, x).Data())

	path := filepath.Join(t.TempDir(), "m.safetensors")
	require.NoError(t, nn.SaveFile(path, from, nil))
	again := model(t)
	require.NoError(t, nn.LoadFile(path, again))
	require.Equal(t, from.Forward(bg, x).Data(), again.Forward(bg, x).Data())
	entries, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, entries, 1, "no temporary file stays behind")
}

// file assembles a safetensors file from its parts.
func file(header string, data int) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(b, header...), make([]byte, data)...)
}

func TestLoadErrors(t *testing.T) {
	good := `{"fc1.weight":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},` +
		`"fc1.bias":{"dtype":"F32","shape":[2],"data_offsets":[24,32]},` +
		`"fc2.weight":{"dtype":"F32","shape":[1,2],"data_offsets":[32,40]},` +
		`"fc2.bias":{"dtype":"%s","shape":%s,"data_offsets":[%d,%d]}%s}`
	cases := []struct {
		name string
		data []byte
		want string // what the error must say besides the file
	}{
		{"empty", nil, ""},
		{"truncated header", file(good, 0)[:20], "header"},
		{"absurd length", binary.LittleEndian.AppendUint64(nil, 1<<62), "header"},
		{"overlap", file(fmt.Sprintf(good, "F32", "[1]", 36, 40, ""), 40), "fc2"},
		{"out of range", file(fmt.Sprintf(good, "F32", "[1]", 40, 44, ""), 40), "fc2.bias"},
		{"unknown dtype", file(fmt.Sprintf(good, "F33", "[1]", 40, 44, ""), 44), "fc2.bias"},
		{"wrong type", file(fmt.Sprintf(good, "I32", "[1]", 40, 44, ""), 44), "fc2.bias"},
		{"wrong shape", file(fmt.Sprintf(good, "F16", "[2]", 40, 44, ""), 44), `"fc2.bias": shape 2, the model wants 1`},
		{"missing", file(`{"fc1.weight":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}}`, 24),
			`bad.safetensors: no tensor for the model's "fc1.bias", "fc2.weight", "fc2.bias"`},
		{"unexpected", file(fmt.Sprintf(good, "F32", "[1]", 40, 44, `,"x":{"dtype":"U8","shape":[1],"data_offsets":[44,45]}`), 45),
			`bad.safetensors: the model has no "x"`},
		{"another model", file(`{"fc.weight":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"fc.bias":{"dtype":"F32","shape":[],"data_offsets":[8,12]}}`, 12),
			`no tensor for the model's "fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"; the model has no "fc.bias", "fc.weight"`},
		{"a zip archive", append([]byte("PK\x03\x04\x00\x00\x08\x08"), make([]byte, 99)...), `a zip archive, as PyTorch writes to .pt and .pth files`},
		{"long shape", file(fmt.Sprintf(good, "F32", "[1"+strings.Repeat(",1", 99)+"]", 40, 44, ""), 44), `"fc2.bias": shape of 100 axes, the model wants 1`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			m := model(t)
			randomize(m)
			before := saved(t, m)
			err := nn.Load("bad.safetensors", c.data, m)
			require.ErrorContains(t, err, "bad.safetensors")
			require.ErrorContains(t, err, c.want)
			require.Equal(t, before, saved(t, m), "a failed load changes nothing")
		})
	}
}

// TestLoadListsAreBounded: neither the names in a file nor their number make a long
// error.
func TestLoadListsAreBounded(t *testing.T) {
	var header strings.Builder
	for i := range 500 {
		fmt.Fprintf(&header, `,"%d%s":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}`, i, strings.Repeat("x", 10_000))
	}
	err := nn.Load("m", file("{"+header.String()[1:]+"}", 0), model(t))
	require.ErrorContains(t, err, "… (10001 bytes)")
	require.ErrorContains(t, err, " and 400 more")
	require.Less(t, len(err.Error()), 20_000)
}

func TestFileErrors(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "no", "file")
	require.ErrorIs(t, nn.LoadFile(missing, model(t)), fs.ErrNotExist)
	require.ErrorIs(t, nn.SaveFile(missing, model(t), nil), fs.ErrNotExist)
	dir := t.TempDir()
	require.Error(t, nn.SaveFile(dir, model(t), nil), "a folder is not replaced")
}

// FuzzLoad: no file makes Load panic or leaves the model half loaded.
func FuzzLoad(f *testing.F) {
	f.Add(saved(f, model(f)))
	f.Add(file(`{}`, 0))
	f.Fuzz(func(t *testing.T, data []byte) {
		m := model(t)
		before := saved(t, m)
		if err := nn.Load("fuzz", data, m); err != nil {
			require.Equal(t, before, saved(t, m))
		}
	})
}
