package kernel_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/internal/kernel"
)

// TestNoAllocation holds the package's promise for every function, on types with and without SIMD, short and long.
func TestNoAllocation(t *testing.T) {
	t.Run("float32", func(t *testing.T) { noAllocation[float32](t); noFloatAllocation[float32](t) })
	t.Run("float64", func(t *testing.T) { noAllocation[float64](t); noFloatAllocation[float64](t) })
	t.Run("int32", noAllocation[int32])
	t.Run("int8", noAllocation[int8])
}

func noAllocation[T kernel.Number](t *testing.T) {
	for _, n := range []int{3, 64, 3000} {
		a, b, dst, mask := make([]T, n), make([]T, n), make([]T, n), make([]uint8, n)
		kernel.Fill(b, 3)
		for _, op := range binaryOps {
			zeroAllocs(t, n, "Binary", func() { kernel.Binary(op, dst, a, b) })
			zeroAllocs(t, n, "BinaryScalar", func() { kernel.BinaryScalar(op, dst, a, 3) })
			zeroAllocs(t, n, "ScalarBinary", func() { kernel.ScalarBinary(op, dst, 3, b) })
			zeroAllocs(t, n, "BinaryStrided", func() { kernel.BinaryStrided(op, dst, 2, a, 0, b, 1, n/2) })
			zeroAllocs(t, n, "BinaryStrided", func() { kernel.BinaryStrided(op, dst, 1, a, 1, b, 1, n) })
		}
		for _, op := range unaryOps {
			zeroAllocs(t, n, "Unary", func() { kernel.Unary(op, dst, a) })
		}
		for _, op := range compareOps {
			zeroAllocs(t, n, "Compare", func() { kernel.Compare(op, mask, a, b) })
			zeroAllocs(t, n, "CompareScalar", func() { kernel.CompareScalar(op, mask, a, 3) })
			zeroAllocs(t, n, "CompareStrided", func() { kernel.CompareStrided(op, mask, 1, a, 2, b, 0, n/2) })
		}
		zeroAllocs(t, n, "Select", func() { kernel.Select(dst, mask, a, b) })
		zeroAllocs(t, n, "ReLU", func() { kernel.ReLU(dst, a) })
		zeroAllocs(t, n, "Sum, Dot", func() { dst[0] = kernel.Sum(a) + kernel.Dot(a, b) })
		zeroAllocs(t, n, "MinOf, MaxOf", func() { dst[0] = kernel.MinOf(a) + kernel.MaxOf(a) })
		zeroAllocs(t, n, "ArgMin, ArgMax", func() { dst[0] = T(kernel.ArgMin(a) + kernel.ArgMax(a)) })
		zeroAllocs(t, n, "AddScaled, Fill", func() { kernel.AddScaled(dst, 3, a); kernel.Fill(dst, 0) })
		zeroAllocs(t, n, "CopyStrided", func() { kernel.CopyStrided(dst, 1, a, 2, n/2) })
		zeroAllocs(t, n, "MatMul", func() { kernel.MatMul(dst, 1, a, 1, b, n, n, 1, 1); kernel.MatMul(dst, n, a, 1, b, n, 1, 1, n) })
		zeroAllocs(t, n, "MatMulT", func() { kernel.MatMulT(dst, n, a, 1, b, 1, 1, 1, n); kernel.MatMulT(dst, 1, a, n, b, n, 1, n, 1) })
	}
}

func noFloatAllocation[T kernel.Float](t *testing.T) {
	for _, n := range []int{3, 64, 3000} {
		a, dst := make([]T, n), make([]T, n)
		for _, op := range floatOps {
			zeroAllocs(t, n, "UnaryFloat", func() { kernel.UnaryFloat(op, dst, a) })
		}
		zeroAllocs(t, n, "SoftmaxRow", func() { kernel.SoftmaxRow(dst, a) })
		zeroAllocs(t, n, "LogSoftmaxRow", func() { kernel.LogSoftmaxRow(dst, a) })
		zeroAllocs(t, n, "Pow", func() { kernel.Pow(dst, a, a); kernel.PowScalar(dst, a, 2); kernel.ScalarPow(dst, 2, a) })
	}
}

func zeroAllocs(t *testing.T, n int, name string, f func()) {
	t.Helper()
	require.Zero(t, testing.AllocsPerRun(5, f), "%s at length %d", name, n)
}
