package program

import (
	"context"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/lapack/lapack64"
	"gonum.org/v1/gonum/mat"

	scopegonum "github.com/allocarrays/allocarrays-go/contrib/gonum"
	"github.com/allocarrays/allocarrays-go/scope"
)

// LeastSquaresBefore returns the w that minimises |y - X·w|, for X of more rows than columns.
func LeastSquaresBefore(x *mat.Dense, y *mat.VecDense) []float64 {
	var qr mat.QR
	qr.Factorize(x)
	var w mat.VecDense
	if err := qr.SolveVecTo(&w, false, y); err != nil {
		panic(err)
	}
	return w.RawVector().Data
}

// LeastSquaresAfter is LeastSquaresBefore with the memory of ctx, in which the result is. All else
// is released when it returns.
func LeastSquaresAfter(ctx context.Context, x *mat.Dense, y *mat.VecDense) []float64 {
	m, n := x.Dims()
	w := scope.Make[float64](ctx, n)
	err := scope.NoEscape(ctx, func(ctx context.Context) error {
		a, b := scopegonum.NewGeneral(ctx, m, n), scopegonum.NewGeneral(ctx, m, 1)
		copyOf(a, x.RawMatrix())
		for i := range m {
			b.Data[i] = y.AtVec(i)
		}
		tau, size, ints := scope.Make[float64](ctx, n), scope.Make[float64](ctx, 1), scope.Make[int](ctx, n)
		lapack64.Geqrf(a, tau, size, -1)
		work := scope.Make[float64](ctx, max(int(size[0]), 3*n))
		lapack64.Geqrf(a, tau, work, len(work))
		r := blas64.Triangular{N: n, Stride: a.Stride, Data: a.Data, Uplo: blas.Upper, Diag: blas.NonUnit}
		if cond := 1 / lapack64.Trcon(mat.CondNorm, r, work, ints); cond > mat.ConditionTolerance {
			panic(mat.Condition(cond))
		}
		lapack64.Ormqr(blas.Left, blas.Trans, a, tau, b, size, -1)
		if more := int(size[0]); more > len(work) {
			work = scope.Make[float64](ctx, more)
		}
		lapack64.Ormqr(blas.Left, blas.Trans, a, tau, b, work, len(work))
		if !lapack64.Trtrs(blas.NoTrans, r, blas64.General{Rows: n, Cols: 1, Stride: 1, Data: b.Data}) {
			panic("program: the columns depend on each other")
		}
		copy(w, b.Data)
		return nil
	})
	if err != nil {
		panic(err)
	}
	return w
}
