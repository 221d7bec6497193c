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

// A Model is a linear system: the state x becomes F·x with the covariance Q of its noise, and is
// measured as H·x with that of R.
type Model struct{ F, Q, H, R *mat.Dense }

// KalmanBefore returns the state after the measurements, which are the rows of z, from a state of
// zeros with the covariance 1.
func KalmanBefore(m Model, z *mat.Dense) []float64 {
	n, _ := m.F.Dims()
	x, p := mat.NewDense(n, 1, nil), eye(mat.NewDense(n, n, nil))
	steps, _ := z.Dims()
	for i := range steps {
		var fx, fp, fpf, s, hp, y, gain, update mat.Dense
		fx.Mul(m.F, x)
		fp.Mul(m.F, p)
		fpf.Mul(&fp, m.F.T())
		fpf.Add(&fpf, m.Q)

		hp.Mul(m.H, &fpf)
		s.Mul(&hp, m.H.T())
		s.Add(&s, m.R)
		y.Mul(m.H, &fx)
		y.Sub(z.RowView(i), &y)

		var chol mat.Cholesky // of S, for the gain K = (S⁻¹·H·P)ᵀ
		if !chol.Factorize(symmetric(&s)) {
			panic("program: the covariance of the measurement is not positive definite")
		}
		if err := chol.SolveTo(&gain, &hp); err != nil {
			panic(err)
		}
		x, p = new(mat.Dense), new(mat.Dense)
		x.Mul(gain.T(), &y)
		x.Add(x, &fx)
		update.Mul(gain.T(), &hp)
		p.Sub(&fpf, &update)
	}
	return x.RawMatrix().Data
}

func symmetric(s *mat.Dense) *mat.SymDense {
	n, _ := s.Dims()
	return mat.NewSymDense(n, s.RawMatrix().Data)
}

func eye(m *mat.Dense) *mat.Dense {
	n, _ := m.Dims()
	for i := range n {
		m.Set(i, i, 1)
	}
	return m
}

// KalmanAfter is KalmanBefore with the memory of ctx, in which the result is. Each step is a scope
// of its own, so that the memory does not grow with the number of measurements.
func KalmanAfter(ctx context.Context, m Model, z *mat.Dense) []float64 {
	f, q, h, r := m.F.RawMatrix(), m.Q.RawMatrix(), m.H.RawMatrix(), m.R.RawMatrix()
	n, k := f.Rows, h.Rows
	x, p := scopegonum.NewGeneral(ctx, n, 1), scopegonum.NewGeneral(ctx, n, n)
	for i := range n {
		p.Data[i*n+i] = 1
	}
	for i := range z.RawMatrix().Rows {
		err := scope.NoEscape(ctx, func(ctx context.Context) error {
			fx, fp, fpf := scopegonum.NewGeneral(ctx, n, 1), scopegonum.NewGeneral(ctx, n, n), scopegonum.NewGeneral(ctx, n, n)
			mul(f, x, fx)
			mul(f, p, fp)
			mulT(fp, f, fpf)
			add(fpf, q)

			hp, s, y := scopegonum.NewGeneral(ctx, k, n), scopegonum.NewGeneral(ctx, k, k), scopegonum.NewGeneral(ctx, k, 1)
			mul(h, fpf, hp)
			mulT(hp, h, s)
			add(s, r)
			mul(h, fx, y)
			for j, v := range z.RawRowView(i) {
				y.Data[j] = v - y.Data[j]
			}

			gain := scopegonum.NewGeneral(ctx, k, n)
			copy(gain.Data, hp.Data)
			solve(ctx, s, gain)
			tMul(gain, y, x)
			add(x, fx)
			tMul(gain, hp, p)
			for j, v := range fpf.Data {
				p.Data[j] = v - p.Data[j]
			}
			return nil
		})
		if err != nil {
			panic(err)
		}
	}
	return x.Data
}

// solve sets b to the solution of s·x = b by Cholesky's factorization, and panics as mat.Cholesky
// says, which also estimates the condition of s.
func solve(ctx context.Context, s, b blas64.General) {
	sym := blas64.Symmetric{N: s.Rows, Stride: s.Stride, Data: s.Data, Uplo: blas.Upper}
	work, ints := scope.Make[float64](ctx, 3*s.Rows), scope.Make[int](ctx, s.Rows)
	norm := lapack64.Lansy(mat.CondNorm, sym, work)
	t, ok := lapack64.Potrf(sym)
	if !ok {
		panic("program: the covariance of the measurement is not positive definite")
	}
	if cond := 1 / lapack64.Pocon(sym, norm, work, ints); cond > mat.ConditionTolerance {
		panic(mat.Condition(cond))
	}
	lapack64.Potrs(t, b)
}
