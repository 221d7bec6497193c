package cases

import (
	"context"
	"fmt"
	"time"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bench/internal/measure"
	"github.com/allocarrays/allocarrays-go/bench/internal/record"
	"github.com/allocarrays/allocarrays-go/scope"
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
	"gonum.org/v1/gonum/blas/blas64"
)

var arrayCase = Case{Name: "array", Title: "Small arrays, one core", run: runArray}

const arrayText = `What an array costs besides its elements. *Add* makes its result in a bump buffer, 64
results in a scope, whose end is part of the time; *make and a loop* adds the same two slices into a new
one on the heap. The dependent sum adds elements of a 64×64 matrix, one after the other, by
*At* and by index of the slice. The sum of rows takes each row of that matrix with
*Index(0, i).Data()*, or cuts it from the slice, and adds its elements in a loop. MatMulInto
multiplies 4×4 matrices; gonum does so by blas64 and blas32, without the wrapper that its
matrices have.`

func runArray(ctx context.Context, e *Env) (record.Case, error) {
	defer measure.OneCore()()
	c := record.Case{Text: arrayText}
	var err error
	for _, measured := range []func(context.Context) (record.Group, error){
		func(ctx context.Context) (record.Group, error) { return e.smallAdd(ctx, 4) },
		func(ctx context.Context) (record.Group, error) { return e.smallAdd(ctx, 16) },
		e.elementSum, e.rowSum, e.rows, smallProduct[float32](e, "float32", gemm32), smallProduct[float64](e, "float64", gemm64),
	} {
		var g record.Group
		if g, err = measured(ctx); len(g.Rows) > 0 {
			c.Groups = append(c.Groups, g)
			c.Tables = append(c.Tables, detail(g))
		}
		if err != nil {
			break
		}
	}
	if err == nil {
		c.Bars = arrayBars(c.Groups)
	}
	return c, err
}

func arrayBars(groups []record.Group) (b []record.Bar) {
	most := func(i int, name, ours, other string, limit float64) {
		r, _ := groups[i].Ratios("time", ours, other)
		b = append(b, record.AtMost(name, limit, r, "not run"))
	}
	most(0, "Add of 4 elements: time relative to make and a loop", "Add", "make and a loop", 1)
	b = append(b, record.AtMost("At in a dependent sum: ns", 4, groups[2].Row("At").Metric("time").Samples, "not run"))
	most(3, "sum of rows by Data: time relative to a slice", "Index and Data", "slice", 1.05)
	b = append(b, record.AtMost("Index: ns", 10, groups[4].Row("Index").Metric("time").Samples, "not run"))
	most(5, "4×4 MatMulInto of float32: time relative to gonum", "MatMulInto", "gonum", 1)
	most(6, "4×4 MatMulInto of float64: time relative to gonum", "MatMulInto", "gonum", 1)
	return b
}

// kept is where results go that nobody looks at.
//
//lint:ignore U1000 it is written so that what it holds is computed, and escapes
var kept struct {
	slice []float64
	array allocarray.AllocArray[float64]
	sum   float64
}

// results is how many arrays are made in a scope.
const results = 64

func (e *Env) smallAdd(ctx context.Context, n int) (record.Group, error) {
	x, y := allocarray.Wrap(doubles(n)), allocarray.Wrap(doubles(n))
	buffer := bufferContext()
	return e.measure(ctx, record.Group{Name: fmt.Sprintf("sum of two arrays of %d float64", n), Base: "make and a loop"}, 2*time.Millisecond,
		run("Add", func(n int) {
			for n > 0 {
				must(scope.NoEscape(buffer, func(ctx context.Context) error {
					for range min(n, results) {
						//scopevet:ignore escape nobody reads it
						kept.array = allocarray.Add(ctx, x, y)
					}
					return nil
				}))
				n -= results
			}
		}),
		run("make and a loop", func(n int) {
			for range n {
				kept.slice = makeSum(x.Data(), y.Data())
			}
		}))
}

// makeSum returns a + b.
//
//go:noinline
func makeSum(a, b []float64) []float64 {
	sum := make([]float64, len(a))
	b = b[:len(a)]
	for i, v := range a {
		sum[i] = v + b[i]
	}
	return sum
}

const square = 64 // rows and columns of the matrix whose elements are added

func squareMatrix() (allocarray.AllocArray[float64], []float64) {
	s := doubles(square * square)
	return allocarray.Wrap(s, square, square), s
}

func (e *Env) elementSum(ctx context.Context) (record.Group, error) {
	m, s := squareMatrix()
	return e.measure(ctx, record.Group{Name: "dependent sum of elements, each", Base: "slice"}, 2*time.Millisecond,
		run("At", func(n int) {
			sum := 0.0
			for i := range n {
				sum += m.At(i/square%square, i%square)
			}
			kept.sum = sum
		}),
		run("slice", func(n int) {
			sum := 0.0
			for i := range n {
				sum += s[i/square%square*square+i%square]
			}
			kept.sum = sum
		}))
}

func (e *Env) rowSum(ctx context.Context) (record.Group, error) {
	m, s := squareMatrix()
	return e.measure(ctx, record.Group{Name: "sum of a row of 64, each", Base: "slice"}, 2*time.Millisecond,
		run("Index and Data", func(n int) {
			sum := 0.0
			for i := range n {
				for _, v := range m.Index(0, i%square).Data() {
					sum += v
				}
			}
			kept.sum = sum
		}),
		run("slice", func(n int) {
			sum := 0.0
			for i := range n {
				at := i % square * square
				for _, v := range s[at : at+square] {
					sum += v
				}
			}
			kept.sum = sum
		}))
}

func (e *Env) rows(ctx context.Context) (record.Group, error) {
	m, _ := squareMatrix()
	return e.measure(ctx, record.Group{Name: "view of a row or a column", Base: "Index"}, 2*time.Millisecond,
		run("Index", func(n int) {
			for i := range n {
				kept.array = m.Index(0, i%square)
			}
		}),
		run("Index of a column", func(n int) {
			for i := range n {
				kept.array = m.Index(1, i%square)
			}
		}),
		run("Slice", func(n int) {
			for i := range n {
				kept.array = m.Slice(0, i%square, square)
			}
		}),
		run("Transpose", func(n int) {
			for range n {
				kept.array = m.Transpose()
			}
		}))
}

func smallProduct[T allocarray.Float](e *Env, name string, gonum func(a, b, c []T)) func(context.Context) (record.Group, error) {
	return func(ctx context.Context) (record.Group, error) {
		a, b, c, want := make([]T, 16), make([]T, 16), make([]T, 16), make([]float32, 16)
		for i := range a {
			a[i], b[i] = T(i), T(i%5)
		}
		for i := range want {
			for k := range 4 {
				want[i] += float32(a[i/4*4+k] * b[k*4+i%4])
			}
		}
		x, y, z := allocarray.Wrap(a, 4, 4), allocarray.Wrap(b, 4, 4), allocarray.Wrap(c, 4, 4)
		return e.measure(ctx, record.Group{Name: "product of 4×4 matrices of " + name, Base: "gonum"}, 2*time.Millisecond,
			product("MatMulInto", func() { allocarray.MatMulInto(z, x, y) }, c, want),
			product("gonum", func() { gonum(a, b, c) }, c, want))
	}
}

func gemm32(a, b, c []float32) {
	m := func(x []float32) blas32.General { return blas32.General{Rows: 4, Cols: 4, Stride: 4, Data: x} }
	blas32.Gemm(blas.NoTrans, blas.NoTrans, 1, m(a), m(b), 0, m(c))
}

func gemm64(a, b, c []float64) {
	m := func(x []float64) blas64.General { return blas64.General{Rows: 4, Cols: 4, Stride: 4, Data: x} }
	blas64.Gemm(blas.NoTrans, blas.NoTrans, 1, m(a), m(b), 0, m(c))
}
