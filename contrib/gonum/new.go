package scopegonum

import (
	"context"

	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"

	"github.com/allocarrays/allocarrays-go/scope"
)

// NewDense returns a matrix of zeros with r rows and c columns, with memory from ctx. It panics
// if either is not positive, as mat.NewDense does if one is negative, and if memory is exhausted.
func NewDense(ctx context.Context, r, c int) *mat.Dense {
	return mat.NewDense(r, c, elements(ctx, r, c))
}

// NewVecDense returns a vector of n zeros, with memory from ctx. It panics as [NewDense] does.
func NewVecDense(ctx context.Context, n int) *mat.VecDense {
	return mat.NewVecDense(n, elements(ctx, n, 1))
}

// NewSymDense returns a symmetric matrix of n×n zeros, with memory from ctx. It panics as
// [NewDense] does.
func NewSymDense(ctx context.Context, n int) *mat.SymDense {
	return mat.NewSymDense(n, elements(ctx, n, n))
}

// NewTriDense returns a triangular matrix of n×n zeros, with memory from ctx. It panics as
// [NewDense] does.
func NewTriDense(ctx context.Context, n int, kind mat.TriKind) *mat.TriDense {
	return mat.NewTriDense(n, kind, elements(ctx, n, n))
}

// NewGeneral returns a matrix of zeros for package blas64 or lapack64, with memory from ctx, and
// nothing on the Go heap. It panics as [NewDense] does.
func NewGeneral(ctx context.Context, r, c int) blas64.General {
	return blas64.General{Rows: r, Cols: c, Stride: c, Data: elements(ctx, r, c)}
}

// elements returns zeros for a matrix.
func elements(ctx context.Context, r, c int) []float64 {
	if r <= 0 || c <= 0 || r > int(^uint(0)>>4)/c {
		panic(misuse("a matrix of %d×%d", r, c))
	}
	return scope.Make[float64](ctx, r*c)
}
