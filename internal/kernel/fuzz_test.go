package kernel_test

import (
	"encoding/binary"
	"math"
	"testing"

	"github.com/allocarrays/allocarrays-go/internal/kernel"
)

// floats reads the bytes as float32 bit patterns, NaN and all.
func floats(raw []byte) []float32 {
	out := make([]float32, len(raw)/4)
	for i := range out {
		out[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
	}
	return out
}

// FuzzBinary runs every operation on arbitrary bit patterns, as float32 and as int32, against the definitions.
func FuzzBinary(f *testing.F) {
	f.Add(uint8(0), []byte{0, 0, 0x80, 0x7f, 0, 0, 0xc0, 0x7f})
	f.Fuzz(func(t *testing.T, which uint8, raw []byte) {
		op := binaryOps[int(which)%len(binaryOps)]
		x := floats(raw)
		n := len(x) / 2
		fuzzBinary(t, op, x[:n], x[n:2*n])
		ints := make([]int32, 2*n)
		for i := range ints {
			ints[i] = int32(math.Float32bits(x[i]))
			if op == kernel.Div && ints[i] == 0 {
				ints[i] = -1
			}
		}
		fuzzBinary(t, op, ints[:n], ints[n:])
	})
}

func fuzzBinary[T kernel.Number](t *testing.T, op kernel.BinaryOp, a, b []T) {
	n := len(a)
	want := make([]T, n)
	for i := range want {
		want[i] = refBinary(op, a[i], b[i])
	}
	loose := op == kernel.Min || op == kernel.Max
	dst, intact := guarded[T](t, n, 1)
	kernel.Binary(op, dst, a, b)
	requireSame(t, want, dst, loose, "Binary", op)
	kernel.BinaryStrided(op, dst, 1, a, 1, b, 1, n)
	requireSame(t, want, dst, loose, "BinaryStrided", op)
	intact()
}

// FuzzMatMul runs both products on arbitrary shapes and small integers, where floats are exact too, padded or not.
func FuzzMatMul(f *testing.F) {
	f.Add(uint8(2), uint8(3), uint8(4), uint8(1), int64(1))
	f.Fuzz(func(t *testing.T, m, k, n, pad uint8, seed int64) {
		rows, depth, cols, extra := int(m%9), int(k), int(n), int(pad%5)
		fuzzMatMul[float32](t, uint64(seed), rows, depth, cols, extra)
		fuzzMatMul[float64](t, uint64(seed), rows, depth, cols, extra)
		fuzzMatMul[int16](t, uint64(seed), rows, depth, cols, extra)
	})
}

func fuzzMatMul[T kernel.Number](t *testing.T, seed uint64, m, k, n, pad int) {
	lda, ldb, ldt := k+pad, n+pad, k+pad
	a, b, bt := smallInts[T](seed, m*lda), smallInts[T](seed+1, k*ldb), make([]T, n*ldt)
	for j := range n {
		kernel.CopyStrided(bt[j*ldt:], 1, b[min(j, len(b)):], ldb, k)
	}
	want, _ := refMatMul(m, k, n, func(i, p int) T { return a[i*lda+p] }, func(p, j int) T { return b[p*ldb+j] })
	dst, intact := guarded[T](t, m*n, 3)
	kernel.MatMul(dst, n, a, lda, b, ldb, m, k, n)
	requireSame(t, want, dst, true, "MatMul", m, k, n)
	kernel.MatMulT(dst, n, a, lda, bt, ldt, m, k, n)
	requireSame(t, want, dst, true, "MatMulT", m, k, n)
	intact()
}

// smallInts are whole numbers in [-8, 8): sums of 255 products stay exact in every type used.
func smallInts[T kernel.Number](seed uint64, n int) []T {
	out := random[int](seed, n, false)
	small := make([]T, n)
	for i, v := range out {
		small[i] = T(v & 15)
		small[i] -= 8
	}
	return small
}

// FuzzVectors runs a vector function on arbitrary bit patterns, with every instruction set, against its loops.
func FuzzVectors(f *testing.F) {
	f.Add(uint16(0), uint16(17), []byte{0, 0, 0x80, 0x7f, 0, 0, 0xc0, 0x7f, 1, 0, 0, 0, 0, 0, 0x80, 0x3f})
	f.Fuzz(func(t *testing.T, which, length uint16, raw []byte) {
		cases := vectorCases(1+int(length)%150, false)
		c, patterns := cases[int(which)%len(cases)], floats(raw)
		results := map[string][]float32{}
		for _, set := range append(kernel.Sets(), "generic") {
			var operands [][]float32
			call, result := c.make(func(n int) []float32 {
				operands = append(operands, make([]float32, n))
				return operands[len(operands)-1]
			})
			for i, x := range operands {
				if len(patterns) == 0 || len(x) == 0 || len(result) > 0 && len(operands) > 1 && &x[0] == &result[0] {
					continue
				}
				for j := range x {
					x[j] = patterns[(i*7+j)%len(patterns)]
				}
			}
			restore := kernel.Use(set)
			call()
			restore()
			results[set] = result
		}
		for set, got := range results {
			requireBits(t, results["generic"], got, set+": "+c.name)
		}
	})
}
