package gemm_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/internal/gemm"
)

// TestSmall compares small products with the plain loops: to the bit, and with nothing
// written beside them.
func TestSmall(t *testing.T) {
	t.Run("float32", testSmall[float32])
	t.Run("float64", testSmall[float64])
}

func testSmall[T number](t *testing.T) {
	isa := gemm.ISA()
	for m := 1; m <= 9; m++ {
		for k := 1; k <= 9; k++ {
			for n := 1; n <= 16; n++ {
				p := newProblem[T](m, k, n, m%3, k%4, 1, false, gemm.None)
				if n%3 == 0 {
					p.a[0], p.b[0] = T(math.Inf(1)), T(math.Copysign(0, -1)) // whose product is NaN
				}
				a := gemm.Matrix[T]{p.a, p.lda, 1}
				if k%2 == 0 {
					a = transposed(a, m, k)
				}
				done := gemm.Small(&p.c[0], p.ldc, &a.Data[0], a.Row, a.Col, &p.b[0], n, m, k, n)
				require.Equal(t, isa != "generic" && n%gemm.SmallColumns == 0, done, "%d × %d × %d", m, k, n)
				if !done {
					for i, v := range p.c {
						require.Equal(t, T(guard), v, "c[%d] of what it does not do", i)
					}
					continue
				}
				p.check(t, isa)
			}
		}
	}
}

// TestSmallRefuses: no matrix of these sizes has elements to begin with.
func TestSmallRefuses(t *testing.T) {
	x := float32(7)
	for _, s := range [][3]int{{0, 1, 4}, {1, 0, 4}, {1, 1, 0}, {-1, 1, 4}, {1, -1, 4}, {1, 1, -4}} {
		require.False(t, gemm.Small(&x, 4, &x, 1, 1, &x, 4, s[0], s[1], s[2]))
	}
	require.Equal(t, float32(7), x)
}
