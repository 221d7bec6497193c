package gemm_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/internal/gemm"
)

// TestColumns: parts of B give parts of the product, with the same bits.
func TestColumns(t *testing.T) {
	t.Run("float32", testColumns[float32])
	t.Run("float64", testColumns[float64])
}

func testColumns[T float32 | float64](t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	normal := func(n int) []T {
		x := make([]T, n)
		for i := range x {
			x[i] = T(rng.NormFloat64())
		}
		return x
	}
	for _, isa := range gemm.Supported() {
		for _, s := range [][3]int{{1, 20, 150}, {14, 37, 150}, {3, 5, 33}, {30, 1100, 70}, {2, 0, 40}} {
			t.Run(fmt.Sprint(isa, s), func(t *testing.T) {
				m, k, n := s[0], s[1], s[2]
				a, bias, want, got := normal(m*k), normal(n), make([]T, m*n), make([]T, m*n)
				b := gemm.PackWith(isa, normal(k*n), k, n, n, 1)
				b.Mul(want, n, a, k, m, bias, gemm.ReLU)
				for from := 0; from < n; from += 2 * b.ColumnStep() {
					to := min(n, from+2*b.ColumnStep())
					b.MulColumns(got[from:], n, a, k, m, from, to, bias[from:to], gemm.ReLU)
				}
				require.Equal(t, want, got)
				some := make([]T, m*(n-7)) // the end may be anywhere
				b.MulColumns(some, n-7, a, k, m, 0, n-7, bias[:n-7], gemm.ReLU)
				for r := range m {
					require.Equal(t, want[r*n:(r+1)*n-7], some[r*(n-7):(r+1)*(n-7)])
				}
				b.MulColumns(got, n, a, k, m, 0, 0, nil, gemm.None)
				require.Panics(t, func() { b.MulColumns(got, n, a, k, m, 0, n+1, nil, gemm.None) })
				require.Panics(t, func() { b.MulColumns(got, n, a, k, m, 0, n, bias[1:], gemm.None) })
				if b.ColumnStep() > 1 {
					require.Panics(t, func() { b.MulColumns(got, n, a, k, m, 1, 2, nil, gemm.None) })
				}
			})
		}
	}
}
