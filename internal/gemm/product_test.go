package gemm_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/internal/gemm"
)

// TestProduct compares products without packing ahead, of a B in rows and in columns,
// with the plain loops: to the bit, as there is no bias.
func TestProduct(t *testing.T) {
	t.Run("float32", testProduct[float32])
	t.Run("float64", testProduct[float64])
}

func testProduct[T gemm.Element](t *testing.T) {
	kernel := gemm.Kernel()
	try := func(p *problem[T]) {
		p.bias, p.act = nil, gemm.None
		b, stride, step := p.b, p.n, 1
		if p.m%2 == 0 {
			b, stride, step = transposed(p.b, p.k, p.n), 1, p.k
		}
		if kernel == "generic" {
			require.False(t, gemm.Product(p.c, p.ldc, p.a, p.lda, p.m, b, p.k, p.n, stride, step))
			return
		}
		require.True(t, gemm.Product(p.c, p.ldc, p.a, p.lda, p.m, b, p.k, p.n, stride, step))
		p.check(t, kernel)
	}
	sizes(inShort(1, 7), try)
	for _, s := range [][3]int{{7, 1001, 33}, {103, 513, 65}, {200, 800, 17}, {13, 2500, 3}, {4, 257, 16}} {
		try(newProblem[T](s[0], s[1], s[2], 5, 9, 1, false, gemm.None))
	}
}

// transposed returns the columns of a k × n matrix one after the other.
func transposed[T any](b []T, k, n int) []T {
	x := make([]T, k*n)
	for r := range k {
		for c := range n {
			x[c*k+r] = b[r*n+c]
		}
	}
	return x
}

func TestProductAllocations(t *testing.T) {
	p := newProblem[float64](40, 900, 45, 0, 0, 0, false, gemm.None)
	require.Zero(t, testing.AllocsPerRun(20, func() {
		gemm.Product(p.c, p.ldc, p.a, p.lda, p.m, p.b, p.k, p.n, p.n, 1)
	}))
}

// TestProductLeaves: operands that are interleaved are for others; too short ones are
// a mistake.
func TestProductLeaves(t *testing.T) {
	if gemm.Kernel() == "generic" {
		t.Skip("there are no micro-kernels for this processor")
	}
	x, before := floats[float32](100), floats[float32](100)
	require.False(t, gemm.Product(x[5:], 10, x, 10, 5, x[60:], 5, 5, 5, 1), "columns of one matrix")
	require.False(t, gemm.Product(x[:25], 5, x[50:], 5, 5, x[20:], 5, 5, 5, 1), "c meets b")
	require.Equal(t, before, x)
	require.True(t, gemm.Product(x[:25], 5, x[50:], 5, 5, x[25:], 5, 5, 5, 1), "c ends where b begins")
	require.PanicsWithValue(t, "gemm: 9 × 9 with strides 9 and 1 does not fit 50 elements",
		func() { gemm.Product(x[:25], 5, x[50:], 9, 2, x[50:], 9, 9, 9, 1) })
	require.True(t, gemm.Product(x[:4], 2, nil, 0, 2, nil, 0, 2, 0, 0))
	require.Equal(t, make([]float32, 4), x[:4], "a sum of nothing")
}
