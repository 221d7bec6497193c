package cases

import (
	"context"
	"math"
	"time"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bench/internal/model"
	"github.com/allocarrays/allocarrays-go/bench/internal/record"
	"github.com/allocarrays/allocarrays-go/scope"
)

const side = 48 // of the matrix in E5

// filler fills the matrix and the vector. It is called through a variable, so that
// the compiler cannot know what it does with them.
var filler = func(a, b []float64) {
	for i := range a {
		a[i] = 1 / float64(1+i%side+i/side)
	}
	for i := range b {
		a[i*side+i] += 2
		b[i] = float64(i)
	}
}

// solveIn eliminates with partial pivoting; x becomes the solution of a·x = b.
// a and b are used up.
func solveIn(a, b, x []float64) {
	n := len(b)
	for k := range n {
		p := k
		for i := k + 1; i < n; i++ {
			if math.Abs(a[i*n+k]) > math.Abs(a[p*n+k]) {
				p = i
			}
		}
		for j := range n {
			a[k*n+j], a[p*n+j] = a[p*n+j], a[k*n+j]
		}
		b[k], b[p] = b[p], b[k]
		for i := k + 1; i < n; i++ {
			f := a[i*n+k] / a[k*n+k]
			for j := k; j < n; j++ {
				a[i*n+j] -= f * a[k*n+j]
			}
			b[i] -= f * b[k]
		}
	}
	for k := n - 1; k >= 0; k-- {
		s := b[k]
		for j := k + 1; j < n; j++ {
			s -= a[k*n+j] * x[j]
		}
		x[k] = s / a[k*n+k]
	}
}

// solve measures E5.
func (e *Env) solve(ctx context.Context) (record.Group, error) {
	x := make([]float64, side)
	buffer := bufferContext()
	inScope := func(ctx context.Context) error {
		a, b := scope.Make[float64](ctx, side*side), scope.Make[float64](ctx, side)
		filler(a, b)
		solveIn(a, b, x)
		return nil
	}
	return e.measure(ctx, record.Group{Name: "E5: workspace through a func value", Base: "scope"}, 10*time.Millisecond,
		run("scope", func(n int) {
			for range n {
				must(scope.NoEscape(buffer, inScope))
			}
		}),
		run("plain Go", func(n int) {
			for range n {
				a, b := make([]float64, side*side), make([]float64, side)
				filler(a, b)
				solveIn(a, b, x)
			}
		}))
}

const (
	pieces    = 1000 // in E6
	pieceSize = 16
)

// manySmall measures E6: each piece of the large array is computed with temporaries.
func (e *Env) manySmall(ctx context.Context) (record.Group, error) {
	base := allocarray.Wrap(doubles(pieceSize))
	build := func(memory context.Context) {
		large := make([]float64, pieces*pieceSize) // the only thing that escapes
		for i := range pieces {
			must(scope.NoEscape(memory, func(ctx context.Context) error {
				t := allocarray.AddScalar(ctx, base, float64(i))
				t = allocarray.Mul(ctx, t, t)
				t = allocarray.Sub(ctx, t, base)
				copy(large[i*pieceSize:], t.Data())
				return nil
			}))
		}
		escaped = large
	}
	buffer := bufferContext()
	return e.measure(ctx, record.Group{Name: "E6: 1000 × 3 small temporaries", Base: "scope"}, 10*time.Millisecond,
		run("scope", func(n int) {
			for range n {
				build(buffer)
			}
		}),
		run("heap", func(n int) {
			for range n {
				build(context.Background())
			}
		}),
		run("plain Go", func(n int) {
			for range n {
				plainBuild(base.Data())
			}
		}))
}

// escaped is where the large array goes.
//
//lint:ignore U1000 it is written so that what it holds escapes
var escaped []float64

// plainBuild has a temporary for each operation, as the others do.
func plainBuild(base []float64) {
	large := make([]float64, pieces*pieceSize)
	for i := range pieces {
		sum := make([]float64, len(base))
		for j, v := range base {
			sum[j] = v + float64(i)
		}
		square := make([]float64, len(base))
		for j, v := range sum {
			square[j] = v * v
		}
		difference := make([]float64, len(base))
		for j, v := range square {
			difference[j] = v - base[j]
		}
		copy(large[i*pieceSize:], difference)
	}
	escaped = large
}

const chainLength = 100_000 // elements in E7

// chain measures E7: eight elementwise operations, the buffers of which could all be
// reused.
func (e *Env) chain(ctx context.Context) (record.Group, error) {
	x := allocarray.Wrap(doubles(chainLength))
	result := make([]float64, chainLength)
	out := func(ctx context.Context) error {
		y := x
		for i := range 4 {
			y = allocarray.AddScalar(ctx, y, float64(i))
			y = allocarray.MulScalar(ctx, y, 0.5)
		}
		copy(result, y.Data())
		return nil
	}
	in := func(ctx context.Context) error {
		y := x.Clone(ctx)
		for i := range 4 {
			allocarray.AddScalarInto(y, y, float64(i))
			allocarray.MulScalarInto(y, y, 0.5)
		}
		copy(result, y.Data())
		return nil
	}
	loop := func(memory context.Context, body func(context.Context) error) func(int) {
		return func(n int) {
			for range n {
				must(scope.NoEscape(memory, body))
			}
		}
	}
	return e.measure(ctx, record.Group{Name: "E7: 8 elementwise operations", Base: "out of place, scope"}, 10*time.Millisecond,
		run("out of place, scope", loop(bufferContext(), out)),
		run("out of place, heap", loop(context.Background(), out)),
		run("in place by hand, scope", loop(bufferContext(), in)),
		run("in place by hand, heap", loop(context.Background(), in)),
	)
}

func doubles(n int) []float64 {
	x := make([]float64, n)
	for i, v := range model.Random(21, n, 1) {
		x[i] = float64(v)
	}
	return x
}
