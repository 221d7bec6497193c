package gemm_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/internal/gemm"
)

// TestProduct compares products without packing ahead, of operands in rows and in
// columns, with the plain loops: to the bit, as there is no bias.
func TestProduct(t *testing.T) {
	t.Run("float32", testProduct[float32])
	t.Run("float64", testProduct[float64])
}

func testProduct[T number](t *testing.T) {
	isa, turn := gemm.ISA(), 0
	try := func(p *problem[T]) {
		p.bias, p.act = nil, gemm.None
		a, b := gemm.Matrix[T]{p.a, p.lda, 1}, gemm.Matrix[T]{p.b, p.n, 1}
		if turn++; turn&1 != 0 {
			a = transposed(a, p.m, p.k)
		}
		if turn&2 != 0 {
			b = transposed(b, p.k, p.n)
		}
		require.Equal(t, isa != "generic", gemm.Product(p.c, p.ldc, a, b, p.m, p.k, p.n))
		if isa != "generic" {
			p.check(t, isa)
		}
	}
	sizes(inShort(1, 13), try)
	for _, s := range [][3]int{{7, 1001, 33}, {103, 513, 65}, {200, 800, 17}, {13, 2500, 3}, {4, 257, 16}} {
		for range 4 {
			try(newProblem[T](s[0], s[1], s[2], 5, 9, 1, false, gemm.None))
		}
	}
}

// transposed returns the matrix with its columns one after the other, and a gap.
func transposed[T number](x gemm.Matrix[T], rows, cols int) gemm.Matrix[T] {
	y := gemm.Matrix[T]{make([]T, (rows+1)*cols), 1, rows + 1}
	for r := range rows {
		for c := range cols {
			y.Data[r*y.Row+c*y.Col] = x.Data[r*x.Row+c*x.Col]
		}
	}
	return y
}

func TestProductAllocations(t *testing.T) {
	p := newProblem[float64](40, 900, 45, 0, 0, 0, false, gemm.None)
	a, b := gemm.Matrix[float64]{p.a, p.lda, 1}, gemm.Matrix[float64]{p.b, p.n, 1}
	columns := transposed(a, p.m, p.k)
	require.Zero(t, testing.AllocsPerRun(20, func() {
		gemm.Product(p.c, p.ldc, a, b, p.m, p.k, p.n)
		gemm.Product(p.c, p.ldc, a, b, p.m, 20, p.n)
		gemm.Product(p.c, p.ldc, columns, b, p.m, p.k, p.n)
	}))
}

// TestProductLeaves: operands that are interleaved are for others; too short ones are
// a mistake.
func TestProductLeaves(t *testing.T) {
	if gemm.ISA() == "generic" {
		t.Skip("there are no micro-kernels for this processor")
	}
	x, before := floats[float32](100), floats[float32](100)
	of := func(data []float32, row int) gemm.Matrix[float32] { return gemm.Matrix[float32]{data, row, 1} }
	require.False(t, gemm.Product(x[5:], 10, of(x, 10), of(x[60:], 5), 5, 5, 5), "columns of one matrix")
	require.False(t, gemm.Product(x[:25], 5, of(x[50:], 5), of(x[20:], 5), 5, 5, 5), "c meets b")
	require.Equal(t, before, x)
	require.True(t, gemm.Product(x[:25], 5, of(x[50:], 5), of(x[25:], 5), 5, 5, 5), "c ends where b begins")
	require.PanicsWithValue(t, "gemm: 9 × 9 with strides 9 and 1 does not fit 50 elements",
		func() { gemm.Product(x[:25], 5, of(x[50:], 9), of(x[50:], 9), 2, 9, 9) })
	y := []float32{1, 2, 3, 4, 5, 6, 7, 8}
	require.True(t, gemm.Product(y, 5, of(nil, 0), of(nil, 0), 2, 0, 2))
	require.Equal(t, []float32{0, 0, 3, 4, 5, 0, 0, 8}, y, "a sum of nothing")
}
