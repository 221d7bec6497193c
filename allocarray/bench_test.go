package allocarray_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
)

// eachAllocator benchmarks fn with the heap, with a bump buffer, and in a worker
// that shares a locked one.
func eachAllocator(b *testing.B, name string, fn func(ctx context.Context) error) {
	loop := func(b *testing.B, ctx context.Context) {
		b.ReportAllocs()
		if err := fn(ctx); err != nil { // the first time takes the slabs
			b.Error(err)
		}
		for b.Loop() {
			if err := fn(ctx); err != nil {
				b.Error(err)
			}
		}
	}
	b.Run(name+"/alloc=heap", func(b *testing.B) { loop(b, b.Context()) })
	b.Run(name+"/alloc=bumper", func(b *testing.B) {
		loop(b, scope.WithAllocator(b.Context(), bumper.NewSlabBuffer()))
	})
	b.Run(name+"/alloc=locked", func(b *testing.B) {
		g := locked.NewGroup(locked.WithLockedBumper(b.Context(), bumper.NewSlabBuffer()))
		g.Go(func(ctx context.Context) error { loop(b, ctx); return nil })
		if err := g.Wait(); err != nil {
			b.Error(err)
		}
	})
}

// scoped runs fn in a scope each time it is called.
func scoped(fn func(ctx context.Context)) func(ctx context.Context) error {
	inner := func(ctx context.Context) error { fn(ctx); return nil }
	return func(ctx context.Context) error { return scope.NoEscape(ctx, inner) }
}

// BenchmarkSimilar makes arrays of 1 KiB: 50 in each scope, so that the scope costs
// little beside them; divide by that.
func BenchmarkSimilar(b *testing.B) {
	const arrays = 50
	x := allocarray.New[float64](b.Context(), 128)
	eachAllocator(b, "50x1KiB", func(ctx context.Context) error {
		return scope.NoEscape(ctx, func(ctx context.Context) error {
			for range arrays {
				use(x.Similar(ctx))
			}
			return nil
		})
	})
}

// use keeps the compiler from leaving out what makes x.
//
//go:noinline
func use(allocarray.AllocArray[float64]) {}

// BenchmarkElementwise adds two arrays, beside a loop over slices into a slice that
// is there already.
func BenchmarkElementwise(b *testing.B) {
	for _, n := range []int{4, 64, 4096, 100_000} {
		x, y := allocarray.Full(b.Context(), 1.0, n), allocarray.Full(b.Context(), 2.0, n)
		dst := allocarray.New[float64](b.Context(), n)
		name := fmt.Sprintf("n=%d", n)
		b.Run(name+"/loop", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				addLoop(dst.Data(), x.Data(), y.Data())
			}
		})
		b.Run(name+"/into", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				allocarray.AddInto(dst, x, y)
			}
		})
		eachAllocator(b, name, scoped(func(ctx context.Context) { allocarray.Add(ctx, x, y) }))
	}
}

//go:noinline
func addLoop(dst, a, b []float64) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = a[i] + b[i]
	}
}

// BenchmarkStrided shows what views cost: a transposed operand and destination.
func BenchmarkStrided(b *testing.B) {
	const n = 256
	x, dst := allocarray.Full(b.Context(), 1.0, n, n), allocarray.New[float64](b.Context(), n, n)
	mask := allocarray.New[uint8](b.Context(), n, n)
	for name, fn := range map[string]func(){
		"add":             func() { allocarray.AddInto(dst, x, x) },
		"add transposed":  func() { allocarray.AddInto(dst, x, x.Transpose()) },
		"all transposed":  func() { allocarray.AddInto(dst.Transpose(), x.Transpose(), x.Transpose()) },
		"add row":         func() { allocarray.AddInto(dst, x, x.Index(0, 0)) },
		"add column":      func() { allocarray.AddInto(dst, x, x.Slice(1, 0, 1)) },
		"exp transposed":  func() { allocarray.ExpInto(dst, x.Transpose()) },
		"less transposed": func() { allocarray.LessInto(mask, x, x.Transpose()) },
		"sum transposed":  func() { allocarray.Sum(x.Transpose()) },
		"sum axis 0":      func() { allocarray.SumAxisInto(dst.Index(0, 0), x, 0) },
		"sum axis 1":      func() { allocarray.SumAxisInto(dst.Index(0, 0), x, 1) },
		"where scalar":    func() { allocarray.WhereInto(dst, mask, x, x.Index(0, 0).Index(0, 0)) },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				fn()
			}
		})
	}
}

// BenchmarkFewRows multiplies one to four rows by a matrix of 784 rows and 128 columns,
// as it is and transposed: the products that a request makes alone.
func BenchmarkFewRows(b *testing.B) {
	const k, n = 784, 128
	y := allocarray.Full[float32](b.Context(), 1, k, n)
	for m := 1; m <= 4; m++ {
		x, dst := allocarray.Full[float32](b.Context(), 1, m, k), allocarray.New[float32](b.Context(), m, n)
		for name, y := range map[string]allocarray.AllocArray[float32]{"a·b": y, "a·bᵀ": y.Reshape(n, k).Transpose()} {
			b.Run(fmt.Sprintf("m=%d/%s", m, name), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					allocarray.MatMulInto(dst, x, y)
				}
			})
		}
	}
}

// BenchmarkMatMul multiplies square matrices in each combination of layouts.
func BenchmarkMatMul(b *testing.B) {
	for _, n := range []int{16, 128} {
		x, dst := allocarray.Full[float32](b.Context(), 1, n, n), allocarray.New[float32](b.Context(), n, n)
		for name, fn := range map[string]func(){
			"a·b":   func() { allocarray.MatMulInto(dst, x, x) },
			"a·bᵀ":  func() { allocarray.MatMulInto(dst, x, x.Transpose()) },
			"aᵀ·b":  func() { allocarray.MatMulInto(dst, x.Transpose(), x) },
			"aᵀ·bᵀ": func() { allocarray.MatMulInto(dst, x.Transpose(), x.Transpose()) },
		} {
			b.Run(fmt.Sprintf("n=%d/%s", n, name), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					fn()
				}
			})
		}
	}
}

// BenchmarkMedian puts the median beside the sum and beside sorting a copy, which is what
// one writes without it.
func BenchmarkMedian(b *testing.B) {
	for _, n := range []int{100, 10_000, 1_000_000} {
		r := newRand()
		x := allocarray.Wrap(fillWith(r.NormFloat64)(n))
		y := x.Heap()
		b.Run(fmt.Sprintf("n=%d/median", n), func(b *testing.B) {
			for b.Loop() {
				allocarray.Median(x)
			}
		})
		b.Run(fmt.Sprintf("n=%d/sort", n), func(b *testing.B) {
			for b.Loop() {
				allocarray.SortInto(y, x, 0)
			}
		})
	}
}

// BenchmarkStatisticsAxis puts the statistics of the columns of a table beside their sum.
func BenchmarkStatisticsAxis(b *testing.B) {
	r := newRand()
	x := allocarray.Wrap(fillWith(r.NormFloat64)(10_000*50), 10_000, 50)
	for _, axis := range []int{0, 1} {
		dst := allocarray.New[float64](b.Context(), x.Dim(1-axis))
		for name, fn := range map[string]func(){
			"sum":    func() { allocarray.SumAxisInto(dst, x, axis) },
			"var":    func() { allocarray.VarAxisInto(dst, x, axis, 1) },
			"median": func() { allocarray.MedianAxisInto(dst, x, axis) },
		} {
			b.Run(fmt.Sprintf("axis=%d/%s", axis, name), func(b *testing.B) {
				for b.Loop() {
					fn()
				}
			})
		}
	}
}

// BenchmarkMap2 puts a user's function of two arrays beside the kernel and a plain loop.
func BenchmarkMap2(b *testing.B) {
	x, y := allocarray.Full(b.Context(), 1.5, 10_000), allocarray.Full(b.Context(), 2.5, 10_000)
	dst := x.Similar(b.Context())
	b.Run("map2", func(b *testing.B) {
		for b.Loop() {
			allocarray.Map2Into(dst, x, y, func(x, y float64) float64 { return x*y + 1 })
		}
	})
	b.Run("loop", func(b *testing.B) {
		d, s, t := dst.Data(), x.Data(), y.Data()
		for b.Loop() {
			for i := range d {
				d[i] = s[i]*t[i] + 1
			}
		}
	})
}
