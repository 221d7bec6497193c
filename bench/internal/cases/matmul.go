package cases

import (
	"context"
	"time"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bench/internal/measure"
	"github.com/allocarrays/allocarrays-go/bench/internal/model"
	"github.com/allocarrays/allocarrays-go/bench/internal/record"
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
	"gonum.org/v1/gonum/blas/blas64"
)

var matmulCase = Case{Name: "matmul", Title: "Matrix products of arrays, one core", run: runMatMul, Kernels: true}

const matmulText = `MatMulInto of arrays, whose right operand nobody has packed ahead, against the same
product of gonum, and of OpenBLAS for float32. M×K times K×N; all results are checked against
a plain float64 product.`

var matmulShapes = []model.Shape{
	{M: 1, K: 784, N: 128}, {M: 4, K: 784, N: 128}, {M: 32, K: 784, N: 128},
	{M: 8, K: 8, N: 8}, {M: 16, K: 16, N: 16}, {M: 64, K: 64, N: 64}, {M: 512, K: 512, N: 512},
}

func runMatMul(ctx context.Context, e *Env) (record.Case, error) {
	defer measure.OneCore()()
	c := record.Case{Text: matmulText}
	var err error
	for _, measured := range []func(context.Context, model.Shape) (record.Group, error){e.matmul32, e.matmul64} {
		var groups []record.Group
		for _, s := range matmulShapes {
			if err == nil {
				var g record.Group
				g, err = measured(ctx, s)
				groups = append(groups, g)
			}
		}
		c.Groups = append(c.Groups, groups...)
	}
	c.Tables = []record.Table{
		down("Time relative to ours (more than 1 is slower)", "product", c.Groups, "time", ratioCell),
		down("Time per product, for orientation", "product", c.Groups, "time", timeCell),
	}
	c.Notes = absences(c.Groups)
	return c, err
}

func (e *Env) matmul32(ctx context.Context, s model.Shape) (record.Group, error) {
	want := s.Product()
	a, b := general(s.M, s.K, s.A()), general(s.K, s.N, s.B())
	ours, gonum := general(s.M, s.N, nil), general(s.M, s.N, nil)
	return e.measure(ctx, record.Group{Name: "float32, " + s.String(), Base: "ours"}, 2*time.Millisecond,
		product("ours", arrayProduct(s, a.Data, b.Data, ours.Data), ours.Data, want),
		product("gonum", func() { blas32.Gemm(blas.NoTrans, blas.NoTrans, 1, a, b, 0, gonum) }, gonum.Data, want),
		e.child(ctx, "OpenBLAS", "OpenBLAS", "gemm/"+s.String(), want),
	)
}

func (e *Env) matmul64(ctx context.Context, s model.Shape) (record.Group, error) {
	want := s.Product()
	a, b := general64(s.M, s.K, s.A()), general64(s.K, s.N, s.B())
	ours, gonum := general64(s.M, s.N, make([]float32, s.M*s.N)), general64(s.M, s.N, make([]float32, s.M*s.N))
	return e.measure(ctx, record.Group{Name: "float64, " + s.String(), Base: "ours"}, 2*time.Millisecond,
		product("ours", arrayProduct(s, a.Data, b.Data, ours.Data), ours.Data, want),
		product("gonum", func() { blas64.Gemm(blas.NoTrans, blas.NoTrans, 1, a, b, 0, gonum) }, gonum.Data, want),
	)
}

// arrayProduct multiplies as a user of arrays does.
func arrayProduct[T allocarray.Float](s model.Shape, a, b, c []T) func() {
	x, y, z := allocarray.Wrap(a, s.M, s.K), allocarray.Wrap(b, s.K, s.N), allocarray.Wrap(c, s.M, s.N)
	return func() { allocarray.MatMulInto(z, x, y) }
}

// product is the entry of multiply, which sets got.
func product[T float32 | float64](name string, multiply func(), got []T, want []float32) entry {
	return checked(name, func(n int) {
		for range n {
			multiply()
		}
	}, want, func() []float32 { return singles(got) })
}

func general64(rows, cols int, data []float32) blas64.General {
	double := make([]float64, len(data))
	for i, v := range data {
		double[i] = float64(v)
	}
	return blas64.General{Rows: rows, Cols: cols, Stride: cols, Data: double}
}
