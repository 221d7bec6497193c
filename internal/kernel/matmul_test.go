package kernel_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/internal/kernel"
)

// testMatMul covers empty shapes, tails, columns, padded rows, and shapes past the panel sizes.
func testMatMul[T kernel.Number](t *testing.T) {
	shapes := [][3]int{{0, 3, 3}, {3, 0, 3}, {3, 3, 0}, {1, 1, 1}, {2, 3, 4}, {5, 17, 9}, {4, 64, 8}, {3, 70, 33}, {7, 100, 1}, {1, 130, 20},
		{2, 65, 515}, {2, 1100, 70}, {1, 2100, 66}}
	for _, s := range shapes {
		for _, pad := range []int{0, 3} {
			m, k, n := s[0], s[1], s[2]
			matMulCase[T](t, m, k, n, pad)
			matMulTCase[T](t, m, k, n, pad)
		}
	}
}

func matMulCase[T kernel.Number](t *testing.T, m, k, n, pad int) {
	lda, ldb := k+pad, n+pad
	a, b := random[T](12, m*lda, false), random[T](13, k*ldb, false)
	want, size := refMatMul(m, k, n, func(i, p int) T { return a[i*lda+p] }, func(p, j int) T { return b[p*ldb+j] })
	checkMatMul(t, want, size, m, k, n, n+pad, "MatMul", func(dst []T, ldd int) {
		kernel.MatMul(dst, ldd, a, lda, b, ldb, m, k, n)
	})
}

func matMulTCase[T kernel.Number](t *testing.T, m, k, n, pad int) {
	lda, ldb := k+pad, k+2*pad
	a, bt := random[T](14, m*lda, false), random[T](15, n*ldb, false)
	want, size := refMatMul(m, k, n, func(i, p int) T { return a[i*lda+p] }, func(p, j int) T { return bt[j*ldb+p] })
	checkMatMul(t, want, size, m, k, n, n+pad, "MatMulT", func(dst []T, ldd int) {
		kernel.MatMulT(dst, ldd, a, lda, bt, ldb, m, k, n)
	})
}

func checkMatMul[T kernel.Number](t *testing.T, want []T, size []float64, m, k, n, ldd int, msg string, run func(dst []T, ldd int)) {
	dst, intact := guarded[T](t, m*ldd, 5)
	before := append([]T{}, dst...)
	run(dst, ldd)
	for i := range m {
		for j := range n {
			requireClose(t, want[i*n+j], dst[i*ldd+j], size[i*n+j], k, msg)
		}
		require.Equal(t, before[i*ldd+n:(i+1)*ldd], dst[i*ldd+n:(i+1)*ldd], "%s: padding between rows", msg)
	}
	intact()
}

// TestMatMulNaN: a zero in a must not hide a NaN or infinity in b.
func TestMatMulNaN(t *testing.T) {
	a, b, dst := make([]float32, 20), make([]float32, 20*20), make([]float32, 20)
	kernel.Fill(b, 1)
	b[3*20+7], b[11*20+9] = float32(math.NaN()), float32(math.Inf(1))
	kernel.MatMul(dst, 20, a, 20, b, 20, 1, 20, 20)
	for j, v := range dst {
		require.Equal(t, j == 7 || j == 9, v != v, "column %d is %v", j, v)
	}
}

// TestColumnsAgree: equal columns of b give bit-equal columns of the product, wherever they lie.
func TestColumnsAgree(t *testing.T) {
	const k, n = 90, 517
	a, col := random[float32](1, k, false), random[float32](2, k, false)
	b, dst := make([]float32, k*n), make([]float32, n)
	for p := range k {
		kernel.Fill(b[p*n:][:n], col[p])
	}
	kernel.MatMul(dst, n, a, k, b, n, 1, k, n)
	for j, v := range dst {
		require.Equal(t, dst[0], v, "column %d", j)
	}
}
