package program

import (
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
)

// mul sets c to a·b.
func mul(a, b, c blas64.General) { blas64.Gemm(blas.NoTrans, blas.NoTrans, 1, a, b, 0, c) }

// mulT sets c to a·bᵀ.
func mulT(a, b, c blas64.General) { blas64.Gemm(blas.NoTrans, blas.Trans, 1, a, b, 0, c) }

// tMul sets c to aᵀ·b.
func tMul(a, b, c blas64.General) { blas64.Gemm(blas.Trans, blas.NoTrans, 1, a, b, 0, c) }

// add adds b to a, which have no gaps.
func add(a, b blas64.General) {
	for i, v := range b.Data {
		a.Data[i] += v
	}
}

// copyOf copies from src to dst, which has no gaps.
func copyOf(dst, src blas64.General) {
	for i := range src.Rows {
		copy(dst.Data[i*dst.Stride:][:src.Cols], src.Data[i*src.Stride:])
	}
}
