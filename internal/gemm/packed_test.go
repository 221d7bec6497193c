package gemm_test

import (
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/internal/gemm"
)

// testPackStrides packs a matrix, its transpose and a part of a larger one: the
// panels must be the same, since the matrix is.
func testPackStrides[T number](t *testing.T) {
	for _, s := range [][2]int{{1, 1}, {5, 16}, {7, 37}, {3, 100}} {
		k, n := s[0], s[1]
		rows, columns, part := floats[T](k*n), make([]T, k*n), make([]T, k*n*6)
		for r := range k {
			for c := range n {
				columns[c*k+r] = rows[r*n+c]
				part[r*n*6+c*2] = rows[r*n+c]
			}
		}
		want := gemm.Pack(rows, k, n, n, 1)
		require.Equal(t, want.Panels(), gemm.Pack(columns, k, n, 1, k).Panels())
		require.Equal(t, want.Panels(), gemm.Pack(part, k, n, n*6, 2).Panels())
	}
}

// testPackInto: the memory need be neither clean nor aligned.
func testPackInto[T number](t *testing.T) {
	const k, n = 9, 21
	b := floats[T](k * n)
	want := gemm.Pack(b, k, n, n, 1)
	for skew := range 17 {
		dst := make([]T, skew+gemm.PackedLen[T](k, n))
		for i := range dst {
			dst[i] = guard
		}
		got := gemm.PackInto(dst[skew:], b, k, n, n, 1)
		require.Equal(t, want.Panels(), got.Panels())
		require.Zero(t, uintptr(unsafe.Pointer(&got.Panels()[0]))%64)
		require.Equal(t, len(got.Panels()), cap(got.Panels()))
	}
}
