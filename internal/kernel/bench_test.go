package kernel_test

import (
	"fmt"
	"testing"

	"github.com/tphakala/simd/f32"

	"github.com/allocarrays/allocarrays-go/internal/kernel"
)

// The benchmarks put a kernel beside the raw library call and the plain loop that it chooses between. Bytes per
// second count everything read and written.

func BenchmarkAdd(b *testing.B) {
	for _, n := range []int{8, 64, 4096, 100000} {
		x, y, dst := random[float32](1, n, false), random[float32](2, n, false), make([]float32, n)
		measure(b, "kernel", n, 12*n, func() { kernel.Binary(kernel.Add, dst, x, y) })
		measure(b, "library", n, 12*n, func() { f32.Add(dst, x, y) })
		measure(b, "max", n, 12*n, func() { kernel.Binary(kernel.Max, dst, x, y) })
		measure(b, "loop", n, 12*n, func() { addLoop(dst, x, y) })
	}
}

//go:noinline
func addLoop(dst, a, b []float32) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = a[i] + b[i]
	}
}

func BenchmarkScalar(b *testing.B) {
	for _, n := range []int{64, 4096, 100000} {
		x, dst := random[float32](1, n, false), make([]float32, n)
		measure(b, "rsub", n, 8*n, func() { kernel.ScalarBinary(kernel.Sub, dst, 2, x) })
		measure(b, "div", n, 8*n, func() { kernel.BinaryScalar(kernel.Div, dst, x, 3) })
		measure(b, "max", n, 8*n, func() { kernel.BinaryScalar(kernel.Max, dst, x, 3) })
		measure(b, "max in place", n, 8*n, func() { kernel.BinaryScalar(kernel.Max, dst, dst, 3) })
		whole, sums := make([]int64, n), make([]int64, n)
		measure(b, "add int64", n, 16*n, func() { kernel.BinaryScalar(kernel.Add, sums, whole, 3) })
		measure(b, "sum int64", n, 8*n, func() { kernel.Sum(whole) })
		measure(b, "fill", n, 4*n, func() { kernel.Fill(dst, 3) })
		measure(b, "relu", n, 8*n, func() { kernel.ReLU(dst, x) })
	}
}

func BenchmarkReduce(b *testing.B) {
	for _, n := range []int{8, 64, 4096, 100000} {
		x, y := random[float32](1, n, false), random[float32](2, n, false)
		measure(b, "sum", n, 4*n, func() { kernel.Sum(x) })
		measure(b, "sum-library", n, 4*n, func() { f32.Sum(x) })
		measure(b, "max", n, 4*n, func() { kernel.MaxOf(x) })
		measure(b, "argmax", n, 4*n, func() { kernel.ArgMax(x) })
		measure(b, "dot", n, 8*n, func() { kernel.Dot(x, y) })
	}
}

func BenchmarkFloat(b *testing.B) {
	const n = 4096
	x, dst := random[float32](1, n, false), make([]float32, n)
	for i := range x {
		x[i] /= 20
	}
	x64, dst64 := make([]float64, n), make([]float64, n)
	for i, v := range x {
		x64[i] = float64(v)
	}
	for _, op := range floatOps {
		measure(b, fmt.Sprintf("float32/op=%d", op), n, 8*n, func() { kernel.UnaryFloat(op, dst, x) })
		measure(b, fmt.Sprintf("float64/op=%d", op), n, 16*n, func() { kernel.UnaryFloat(op, dst64, x64) })
	}
	measure(b, "exp-library", n, 8*n, func() { f32.Exp(dst, x) })
}

func BenchmarkSoftmax(b *testing.B) {
	for _, n := range []int{10, 1000} {
		x, dst := random[float32](1, n, false), make([]float32, n)
		measure(b, "softmax", n, 8*n, func() { kernel.SoftmaxRow(dst, x) })
		measure(b, "logsoftmax", n, 8*n, func() { kernel.LogSoftmaxRow(dst, x) })
	}
}

func BenchmarkSelectCompare(b *testing.B) {
	const n = 4096
	x, y, dst, mask := random[float32](1, n, false), random[float32](2, n, false), make([]float32, n), make([]uint8, n)
	measure(b, "less", n, 9*n, func() { kernel.Compare(kernel.Less, mask, x, y) })
	measure(b, "select", n, 13*n, func() { kernel.Select(dst, mask, x, y) })
	measure(b, "max", n, 12*n, func() { kernel.Binary(kernel.Max, dst, x, y) })
}

// BenchmarkMatMul reports multiply-adds as bytes: MB/s is mega-multiply-adds per second.
func BenchmarkMatMul(b *testing.B) {
	for _, s := range [][3]int{{1, 784, 128}, {32, 784, 128}, {1, 128, 10}, {256, 256, 256}} {
		m, k, n := s[0], s[1], s[2]
		matMulBench[float32](b, "float32", m, k, n)
		matMulBench[float64](b, "float64", m, k, n)
	}
}

func matMulBench[T kernel.Number](b *testing.B, name string, m, k, n int) {
	x, y, dst := random[T](1, m*k, false), random[T](2, k*n, false), make([]T, m*n)
	shape := fmt.Sprintf("%s/%dx%dx%d", name, m, k, n)
	measure(b, "a·b/"+shape, n, m*k*n, func() { kernel.MatMul(dst, n, x, k, y, n, m, k, n) })
	measure(b, "a·bT/"+shape, n, m*k*n, func() { kernel.MatMulT(dst, n, x, k, y, k, m, k, n) })
}

func measure(b *testing.B, name string, n, bytes int, f func()) {
	b.Run(fmt.Sprintf("%s/n=%d", name, n), func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(bytes))
		for b.Loop() {
			f()
		}
	})
}
