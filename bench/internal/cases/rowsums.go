package cases

import (
	"context"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/scope"
)

type ints = allocarray.AllocArray[int64]

// test is the thread's function: every operation makes a new array.
func test(ctx context.Context, n int) ints {
	a := allocarray.Full(ctx, int64(1), n, n)
	a = allocarray.AddScalar(ctx, a, 2)
	b := allocarray.SumAxis(ctx, a, 1)
	b = allocarray.MulScalar(ctx, b, 3)
	return allocarray.AddScalar(ctx, b, 0)
}

// test2 is the thread's function in place.
func test2(ctx context.Context, n int) ints {
	a := allocarray.Full(ctx, int64(1), n, n)
	allocarray.AddScalarInto(a, a, 2)
	b := allocarray.SumAxis(ctx, a, 1)
	allocarray.MulScalarInto(b, b, 3)
	allocarray.AddScalarInto(b, b, 0)
	return b
}

// testEntry runs fn in a scope of ctx and copies its result out.
func testEntry(name string, n int, ctx context.Context, fn func(context.Context, int) ints) entry {
	result := make([]int64, n)
	body := func(ctx context.Context) error {
		copy(result, fn(ctx, n).Data())
		return nil
	}
	loop := func(times int) {
		for range times {
			must(scope.NoEscape(ctx, body))
		}
	}
	return checked(name, loop, sums(n), func() []float32 { return singles(result) })
}

// plainEntry runs plain Go code.
func plainEntry(name string, n int, fn func(result []int64, n int)) entry {
	result := make([]int64, n)
	loop := func(times int) {
		for range times {
			fn(result, n)
		}
	}
	return checked(name, loop, sums(n), func() []float32 { return singles(result) })
}

func singles[T int64 | float64 | float32](x []T) []float32 {
	f := make([]float32, len(x))
	for i, v := range x {
		f[i] = float32(v)
	}
	return f
}

// sums is what all of them compute: 9·n in each of n rows.
func sums(n int) []float32 {
	f := make([]float32, n)
	for i := range f {
		f[i] = float32(9 * n)
	}
	return f
}

func plainTest(result []int64, n int) {
	ones := make([]int64, n*n)
	for i := range ones {
		ones[i] = 1
	}
	a := make([]int64, n*n)
	for i, v := range ones {
		a[i] = v + 2
	}
	sum := make([]int64, n)
	plainSums(sum, a)
	tripled := make([]int64, n)
	for i, v := range sum {
		tripled[i] = v * 3
	}
	for i, v := range tripled {
		result[i] = v + 0
	}
}

func plainTest2(result []int64, n int) {
	a := make([]int64, n*n)
	b := make([]int64, n)
	plainInPlace(a, b)
	copy(result, b)
}

const stackSize = 100

// plainTest3 has its arrays on the stack, which their constant size allows.
func plainTest3(result []int64) {
	var a [stackSize * stackSize]int64
	var b [stackSize]int64
	plainInPlace(a[:], b[:])
	copy(result, b[:])
}

func plainInPlace(a, b []int64) {
	for i := range a {
		a[i] = 1
	}
	for i := range a {
		a[i] += 2
	}
	plainSums(b, a)
	for i := range b {
		b[i] *= 3
	}
	for i := range b {
		b[i] += 0
	}
}

// plainSums sets sum to the sums of the rows of a.
func plainSums(sum, a []int64) {
	n := len(sum)
	for i := range sum {
		var s int64
		for _, v := range a[i*n:][:n] {
			s += v
		}
		sum[i] = s
	}
}
