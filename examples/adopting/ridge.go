package adopting

import (
	"context"

	"gonum.org/v1/gonum/mat"

	"github.com/allocarrays/allocarrays-go/scope"
)

// RidgeBefore returns the residuals y - X·w of the ridge regression w that
// minimises |y - X·w|² + λ|w|², for X of n×k and y of n.
func RidgeBefore(x *mat.Dense, y *mat.VecDense, lambda float64) []float64 {
	n, k := x.Dims()
	gram := mat.NewSymDense(k, nil)
	moment := mat.NewVecDense(k, nil)
	weights := mat.NewVecDense(k, nil)
	residuals := mat.NewVecDense(n, nil)
	ridge(x, y, lambda, gram, moment, weights, residuals)
	return residuals.RawVector().Data
}

// RidgeAfter is RidgeBefore with the memory of ctx, in which the residuals are.
func RidgeAfter(ctx context.Context, x *mat.Dense, y *mat.VecDense, lambda float64) []float64 {
	n, k := x.Dims()
	gram := mat.NewSymDense(k, scope.Make[float64](ctx, k*k))
	moment := mat.NewVecDense(k, scope.Make[float64](ctx, k))
	weights := mat.NewVecDense(k, scope.Make[float64](ctx, k))
	residuals := mat.NewVecDense(n, scope.Make[float64](ctx, n))
	ridge(x, y, lambda, gram, moment, weights, residuals)
	return residuals.RawVector().Data
}

// ridge solves (XᵀX + λI)·w = Xᵀy by Cholesky factorisation and computes y - X·w.
// XᵀX + λI is positive definite for λ > 0.
func ridge(x *mat.Dense, y *mat.VecDense, lambda float64, gram *mat.SymDense, moment, weights, residuals *mat.VecDense) {
	gram.SymOuterK(1, x.T())
	for i := range gram.SymmetricDim() {
		gram.SetSym(i, i, gram.At(i, i)+lambda)
	}
	moment.MulVec(x.T(), y)
	var chol mat.Cholesky
	if !chol.Factorize(gram) {
		panic("adopting: lambda must be positive")
	}
	if err := chol.SolveVecTo(weights, moment); err != nil {
		panic(err)
	}
	residuals.MulVec(x, weights)
	residuals.SubVec(y, residuals)
}
