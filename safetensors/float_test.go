package safetensors_test

import (
	"encoding/binary"
	"math"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/internal/testenv"
	"github.com/allocarrays/allocarrays-go/safetensors"
)

// half is the definition of binary16 in IEEE 754-2019, section 3.4.
func half(h uint16) float64 {
	sign := math.Copysign(1, -float64(h>>15&1)+0.5)
	exponent, fraction := int(h>>10&31), float64(h&1023)
	switch exponent {
	case 0:
		return sign * math.Ldexp(fraction, -24)
	case 31:
		if fraction != 0 {
			return math.NaN()
		}
		return math.Inf(int(sign))
	}
	return sign * math.Ldexp(1024+fraction, exponent-25)
}

// TestHalves converts all 65536 values of both 16-bit types.
func TestHalves(t *testing.T) {
	var stored []byte
	for i := range 1 << 16 {
		stored = binary.LittleEndian.AppendUint16(stored, uint16(i))
	}
	f16, err := safetensors.NewTensor("a", safetensors.F16, []int{256, 256}, stored).Float32s()
	require.NoError(t, err)
	bf16, err := safetensors.NewTensor("a", safetensors.BF16, []int{256, 256}, stored).Float32s()
	require.NoError(t, err)
	for i := range 1 << 16 {
		want := float32(half(uint16(i)))
		if want != want {
			require.True(t, f16[i] != f16[i], "F16 %#04x is not NaN", i)
		} else {
			require.Equal(t, math.Float32bits(want), math.Float32bits(f16[i]), "F16 %#04x", i)
		}
		require.Equal(t, uint32(i)<<16, math.Float32bits(bf16[i]), "BF16 %#04x", i)
	}
}

func TestFloat64(t *testing.T) {
	values := []float64{0, math.Copysign(0, -1), 1, -0.1, 1e300, -1e300, 1e-300, math.Inf(1), math.Inf(-1)}
	var stored []byte
	for _, v := range values {
		stored = binary.LittleEndian.AppendUint64(stored, math.Float64bits(v))
	}
	got, err := safetensors.NewTensor("a", safetensors.F64, []int{len(values)}, stored).Float32s()
	require.NoError(t, err)
	inf := float32(math.Inf(1))
	want := []float32{0, float32(math.Copysign(0, -1)), 1, -0.1, inf, -inf, 0, inf, -inf}
	require.Equal(t, want, got)
}

// TestChunks reads tensors longer than the internal buffer, at lengths about
// its multiples, and from several goroutines at once.
func TestChunks(t *testing.T) {
	for _, n := range []int{0, 1, 4095, 4096, 4097, 3*4096 + 1} {
		values := make([]float32, n)
		for i := range values {
			values[i] = float32(i) - 7.5
		}
		tensor := safetensors.From("a", []int{n}, values)
		var group sync.WaitGroup
		for range 3 {
			group.Go(func() {
				got, err := tensor.Float32s()
				if err != nil || len(got) != n || (n > 0 && (got[0] != values[0] || got[n-1] != values[n-1])) {
					t.Errorf("%d values: got %d, %v", n, len(got), err)
				}
			})
		}
		group.Wait()
		got, err := tensor.Float32s()
		require.NoError(t, err)
		require.Equal(t, values, got)
	}
}

func TestFloatErrors(t *testing.T) {
	for _, dtype := range []safetensors.DType{"I64", "I32", "I16", "I8", "U64", "U32", "U16", "U8", "BOOL"} {
		b := safetensors.NewTensor("b", dtype, nil, make([]byte, dtype.Size()))
		_, err := b.Float32s()
		require.EqualError(t, err, `safetensors: tensor "b": `+string(dtype)+` cannot be read as float32`)
	}
	var zero safetensors.Tensor
	_, err := zero.Float32s()
	require.Error(t, err)
}

// TestFloat32sAllocs: the result and one small buffer, however long the tensor is.
func TestFloat32sAllocs(t *testing.T) {
	testenv.NeedAllocationCounts(t)
	tensor := safetensors.From("a", []int{1 << 18}, make([]float32, 1<<18))
	before := allocated()
	allocs := testing.AllocsPerRun(5, func() {
		if _, err := tensor.Float32s(); err != nil {
			t.Fatal(err)
		}
	})
	require.LessOrEqual(t, allocs, 2.0)
	require.Less(t, allocated()-before, uint64(6*(4<<18+32<<10)+1<<20))
}
