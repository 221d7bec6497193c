package program

import (
	"context"

	"gonum.org/v1/gonum/lapack"
	"gonum.org/v1/gonum/lapack/lapack64"
	"gonum.org/v1/gonum/mat"

	scopegonum "github.com/allocarrays/allocarrays-go/contrib/gonum"
	"github.com/allocarrays/allocarrays-go/scope"
)

// LowRankBefore returns the matrix of the given rank that is nearest to a, which has no more columns
// than rows.
func LowRankBefore(a *mat.Dense, rank int) *mat.Dense {
	var svd mat.SVD
	if !svd.Factorize(a, mat.SVDThin) {
		panic("program: the singular values do not converge")
	}
	var u, v mat.Dense
	svd.UTo(&u)
	svd.VTo(&v)
	s := svd.Values(nil)
	m, n := a.Dims()
	us := mat.NewDense(m, rank, nil)
	us.Apply(func(_, j int, x float64) float64 { return x * s[j] }, u.Slice(0, m, 0, rank))
	near := mat.NewDense(m, n, nil)
	near.Mul(us, v.Slice(0, n, 0, rank).T())
	return near
}

// LowRankAfter is LowRankBefore with the memory of ctx, in which the result is. All else is released when
// it returns.
func LowRankAfter(ctx context.Context, a *mat.Dense, rank int) *mat.Dense {
	m, n := a.Dims()
	near := scopegonum.NewDense(ctx, m, n)
	err := scope.NoEscape(ctx, func(ctx context.Context) error {
		destroyed, u, vt := scopegonum.NewGeneral(ctx, m, n), scopegonum.NewGeneral(ctx, m, n), scopegonum.NewGeneral(ctx, n, n)
		s, size := scope.Make[float64](ctx, n), scope.Make[float64](ctx, 1)
		copyOf(destroyed, a.RawMatrix())
		lapack64.Gesvd(lapack.SVDStore, lapack.SVDStore, destroyed, u, vt, s, size, -1)
		work := scope.Make[float64](ctx, int(size[0]))
		if !lapack64.Gesvd(lapack.SVDStore, lapack.SVDStore, destroyed, u, vt, s, work, len(work)) {
			panic("program: the singular values do not converge")
		}
		for i := range m {
			for j := range rank {
				u.Data[i*u.Stride+j] *= s[j]
			}
		}
		u.Cols, vt.Rows = rank, rank
		mul(u, vt, near.RawMatrix())
		return nil
	})
	if err != nil {
		panic(err)
	}
	return near
}
