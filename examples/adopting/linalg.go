package adopting

import (
	"context"
	"errors"
	"fmt"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/dsp/fourier"
	"gonum.org/v1/gonum/lapack/lapack64"
	"gonum.org/v1/gonum/mat"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/scope"
)

// Array is what the functions of this file take: gonum computes in float64.
type Array = allocarray.AllocArray[float64]

// dense returns a as a gonum matrix, which shares its elements. a must be contiguous.
func dense(a Array) *mat.Dense { return mat.NewDense(a.Dim(0), a.Dim(1), a.Data()) }

// Solve returns the x with a·x = b, for a of n×n and b of n×k, in the memory of ctx.
func Solve(ctx context.Context, a, b Array) (Array, error) {
	x := b.Similar(ctx)
	if err := dense(x).Solve(dense(a), dense(b)); err != nil {
		return Array{}, fmt.Errorf("solve: %w", err)
	}
	return x, nil
}

// Inverse returns the inverse of a, in the memory of ctx. To solve equations, use Solve.
func Inverse(ctx context.Context, a Array) (Array, error) {
	x := a.Similar(ctx)
	if err := dense(x).Inverse(dense(a)); err != nil {
		return Array{}, fmt.Errorf("inverse: %w", err)
	}
	return x, nil
}

// ErrIndefinite means that a matrix has no Cholesky factor.
var ErrIndefinite = errors.New("matrix is not positive definite")

// Cholesky returns the lower triangular l with l·lᵀ = a, in the memory of ctx. It reads only
// the lower triangle of a. This is LAPACK without the types of mat, and so without an
// allocation on the heap.
func Cholesky(ctx context.Context, a Array) (Array, error) {
	n := a.Dim(0)
	l := allocarray.New[float64](ctx, n, n)
	for i := range n {
		a.Index(0, i).Slice(0, 0, i+1).CopyTo(l.Index(0, i).Slice(0, 0, i+1))
	}
	if _, ok := lapack64.Potrf(blas64.Symmetric{Uplo: blas.Lower, N: n, Data: l.Data(), Stride: n}); !ok {
		return Array{}, ErrIndefinite
	}
	return l, nil
}

// CholeskySolve returns the x with l·lᵀ·x = b, for b of n×k, in the memory of ctx.
func CholeskySolve(ctx context.Context, l, b Array) Array {
	x, n := b.Clone(ctx), l.Dim(0)
	lapack64.Potrs(
		blas64.Triangular{Uplo: blas.Lower, Diag: blas.NonUnit, N: n, Data: l.Data(), Stride: n},
		blas64.General{Rows: n, Cols: x.Dim(1), Data: x.Data(), Stride: x.Dim(1)},
	)
	return x
}

// Power returns |c|²/n of each Fourier coefficient c of x, from frequency 0 to half of the
// sampling frequency, in the memory of ctx. fft is made once for the length n of x, since
// it has tables, and used by one goroutine at a time.
func Power(ctx context.Context, fft *fourier.FFT, x Array) Array {
	n := x.Len()
	coefficients := fft.Coefficients(scope.Make[complex128](ctx, n/2+1), x.Data())
	power := x.Similar(ctx, len(coefficients))
	for i, c := range coefficients {
		power.SetFlat((real(c)*real(c)+imag(c)*imag(c))/float64(n), i)
	}
	return power
}
