package safetensors_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/safetensors"
)

// TestNumbers writes and reads slices of every type, and compares the stored bytes with
// those of encoding/binary.
func TestNumbers(t *testing.T) {
	testNumbers(t, safetensors.F64, []float64{0, -1.5, 1e300, math.Inf(1)})
	testNumbers(t, safetensors.F32, []float32{0, -1.5, 1e30, float32(math.Inf(-1))})
	testNumbers(t, safetensors.I64, []int64{0, -1, math.MinInt64, math.MaxInt64})
	testNumbers(t, safetensors.I32, []int32{0, -1, math.MinInt32, math.MaxInt32})
	testNumbers(t, safetensors.I16, []int16{0, -1, math.MinInt16, math.MaxInt16})
	testNumbers(t, safetensors.I8, []int8{0, -1, math.MinInt8, math.MaxInt8})
	testNumbers(t, safetensors.U64, []uint64{0, 1, math.MaxUint64})
	testNumbers(t, safetensors.U32, []uint32{0, 1, math.MaxUint32})
	testNumbers(t, safetensors.U16, []uint16{0, 1, math.MaxUint16})
	testNumbers(t, safetensors.U8, []uint8{0, 1, math.MaxUint8})
	testNumbers(t, safetensors.Bool, []bool{true, false, true})
}

func testNumbers[T safetensors.Number](t *testing.T, want safetensors.DType, some []T) {
	for _, n := range []int{0, 1, len(some), 16<<10/want.Size() + 1} {
		values := make([]T, n)
		for i := range values {
			values[i] = some[i%len(some)]
		}
		tensor := safetensors.From("a", []int{n, 1}, values)
		require.Equal(t, want, tensor.DType)
		stored, err := tensor.Bytes()
		require.NoError(t, err)
		bytes, err := binary.Append([]byte{}, binary.LittleEndian, values)
		require.NoError(t, err)
		require.Equal(t, bytes, stored)
		got, err := safetensors.Values[T](decoded(t, tensor))
		require.NoError(t, err)
		require.Equal(t, values, got)
	}
}

// decoded returns a tensor that was written and read.
func decoded(t testing.TB, tensor safetensors.Tensor) safetensors.Tensor {
	var file bytes.Buffer
	require.NoError(t, safetensors.Encode(&file, []safetensors.Tensor{tensor}, nil))
	f, err := decode(file.Bytes())
	require.NoError(t, err)
	tensor, err = f.Tensor(tensor.Name)
	require.NoError(t, err)
	return tensor
}

func TestValuesErrors(t *testing.T) {
	_, err := safetensors.Values[float64](safetensors.From("a", []int{1}, []float32{1}))
	require.EqualError(t, err, `safetensors: tensor "a": elements are F32, not F64`)
	_, err = safetensors.Values[bool](safetensors.NewTensor("a", safetensors.Bool, []int{3}, []byte{0, 1, 2}))
	require.EqualError(t, err, `safetensors: tensor "a": element 2 is 2, no BOOL`)
	_, err = safetensors.Values[float32](safetensors.Tensor{Name: "a"})
	require.EqualError(t, err, `safetensors: tensor "a": elements are , not F32`)
	f32 := safetensors.From("a", []int{2}, []float32{1, 2})
	require.EqualError(t, f32.ReadFloat32s(make([]float32, 3)), `safetensors: tensor "a": 2 elements do not fit 3`)
	require.EqualError(t, safetensors.From("a", nil, []int8{1}).ReadFloat32s(make([]float32, 1)),
		`safetensors: tensor "a": I8 cannot be read as float32`)
	broken := safetensors.NewTensorAt("a", safetensors.U8, []int{4}, strings.NewReader("abc"), 4)
	_, err = safetensors.Values[uint8](broken)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.ErrorIs(t, safetensors.Encode(io.Discard, []safetensors.Tensor{broken}, nil), io.ErrUnexpectedEOF)
}

// odd reads at most n bytes at a time into its own buffer, as a writer that is an
// io.ReaderFrom may.
type odd struct {
	bytes.Buffer
	n int
}

func (o *odd) ReadFrom(r io.Reader) (total int64, err error) {
	for p := make([]byte, o.n); ; {
		n, err := r.Read(p)
		o.Write(p[:n])
		total += int64(n)
		if err == io.EOF {
			return total, nil
		} else if err != nil {
			return total, err
		}
	}
}

// TestEncodePieces: a writer that takes pieces of any length gets the same bytes.
func TestEncodePieces(t *testing.T) {
	tensors := []safetensors.Tensor{safetensors.From("a", []int{5}, []float64{1, 2, 3, 4, 5}),
		safetensors.From("b", []int{7}, []int16{1, 2, 3, 4, 5, 6, 7})}
	var want bytes.Buffer
	require.NoError(t, safetensors.Encode(struct{ io.Writer }{&want}, tensors, nil))
	for n := 1; n < 20; n++ {
		got := odd{n: n}
		require.NoError(t, safetensors.Encode(&got, tensors, nil))
		require.Equal(t, want.Bytes(), got.Bytes(), "pieces of %d", n)
	}
}

// TestEncodeStreams: a tensor larger than memory takes none.
func TestEncodeStreams(t *testing.T) {
	const size = 1 << 30
	tensors := []safetensors.Tensor{safetensors.NewTensorAt("a", safetensors.F32, []int{size / 4}, zeros{}, size)}
	before := allocated()
	require.NoError(t, safetensors.Encode(io.Discard, tensors, nil))
	require.Less(t, allocated()-before, uint64(4<<20))
}

type zeros struct{}

func (zeros) ReadAt(p []byte, _ int64) (int, error) { return len(p), nil }

func TestWriteFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.safetensors")
	tensors := []safetensors.Tensor{safetensors.From("a", []int{2}, []uint8{1, 2})}
	require.NoError(t, os.WriteFile(path, []byte("old"), 0o600))
	bad := safetensors.NewTensorAt("a", safetensors.U8, []int{1}, failing{}, 1)
	require.ErrorIs(t, safetensors.WriteFile(path, []safetensors.Tensor{bad}, nil), errFull)
	old, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "old", string(old), "a failed write replaces nothing")

	require.NoError(t, safetensors.WriteFile(path, tensors, map[string]string{"k": "v"}))
	entries, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, entries, 1, "no temporary file stays behind")
	if runtime.GOOS != "windows" {
		for file, want := range map[string]os.FileMode{path: 0o600, path + "2": 0o644} {
			require.NoError(t, safetensors.WriteFile(file, tensors, nil))
			info, err := os.Stat(file)
			require.NoError(t, err)
			require.Equal(t, want, info.Mode().Perm(), "a private file stays private, and a new one can be read")
		}
	}
	f, err := safetensors.Open(path)
	require.NoError(t, err)
	require.Equal(t, []string{"a"}, f.Names())
	require.NoError(t, f.Close())
}

type failing struct{}

func (failing) ReadAt([]byte, int64) (int, error) { return 0, errors.Join(errFull) }

// FuzzRoundTrip: what is written is read, whatever the names, shapes and metadata, and does not
// depend on the order in which tensors are given.
func FuzzRoundTrip(f *testing.F) {
	f.Add("a", "b", "k", "v", uint64(1), uint8(3))
	f.Add("", "__metadata__", "", "\xff", uint64(2), uint8(0))
	f.Add("a\"\\\n", "數", "\u2028", "<>&", uint64(3), uint8(200))
	f.Fuzz(func(t *testing.T, name1, name2, key, value string, seed uint64, count uint8) {
		rng := rand.New(rand.NewPCG(seed, 0))
		values := make([]float32, count)
		for i := range values {
			values[i] = math.Float32frombits(rng.Uint32())
		}
		ints := make([]int16, count)
		for i := range ints {
			ints[i] = int16(rng.Uint32())
		}
		n := int(count)
		tensors := []safetensors.Tensor{safetensors.From(name1, []int{1, n}, values), safetensors.From(name2, []int{n, 1, 1}, ints)}
		metadata := map[string]string{key: value}
		var file, other bytes.Buffer
		err := safetensors.Encode(&file, tensors, metadata)
		require.Equal(t, fmt.Sprint(err == nil), fmt.Sprint(safetensors.Encode(&other, []safetensors.Tensor{tensors[1], tensors[0]}, metadata) == nil))
		if err != nil {
			require.Zero(t, file.Len())
			return
		}
		require.Equal(t, file.Bytes(), other.Bytes())
		got, err := decode(file.Bytes())
		require.NoError(t, err)
		require.Equal(t, metadata, got.Metadata())
		for _, want := range tensors {
			tensor, err := got.Tensor(want.Name)
			require.NoError(t, err)
			require.Equal(t, want.Shape, tensor.Shape)
			a, err := want.Bytes()
			require.NoError(t, err)
			b, err := tensor.Bytes()
			require.NoError(t, err)
			require.Equal(t, a, b)
		}
	})
}
