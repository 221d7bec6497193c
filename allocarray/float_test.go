package allocarray_test

import (
	"context"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
)

// largest is the largest finite argument of the tests.
const largest = 12

// testFloatFunctions compares with package math. The tolerances, in units in the
// last place, are those that the kernels state (internal/kernel, float.go) for
// float64, and 0.51 for float32, and two more for the reference.
func testFloatFunctions[T allocarray.Float](t *testing.T) {
	type array = allocarray.AllocArray[T]
	for _, c := range []struct {
		name string
		op   func(ctx context.Context, a array) array
		into func(dst, a array)
		want func(x float64) float64
		ulps func(x float64) float64
	}{
		{"Exp", allocarray.Exp[T], allocarray.ExpInto[T], math.Exp, always(1.4)},
		{"Log", allocarray.Log[T], allocarray.LogInto[T], math.Log, always(2)},
		{"Sqrt", allocarray.Sqrt[T], allocarray.SqrtInto[T], math.Sqrt, always(0.5)},
		{"Tanh", allocarray.Tanh[T], allocarray.TanhInto[T], math.Tanh, always(2.2)},
		{"Sigmoid", allocarray.Sigmoid[T], allocarray.SigmoidInto[T], sigmoid, always(2.2)},
		{"GELU", allocarray.GELU[T], allocarray.GELUInto[T], gelu, func(x float64) float64 { return x*x + 4 }},
		{
			"GELUTanh", allocarray.GELUTanh[T], allocarray.GELUTanhInto[T], geluTanh,
			func(x float64) float64 { return math.Abs(x*x*x) + 4 },
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			ulps := c.ulps(largest) + 2
			if unit[T]() == 0x1p-24 {
				ulps = 0.51 + 2
			}
			unaryCase[T, T]{
				c.name, c.op, c.into, func(x T) T { return T(c.want(float64(x))) },
				func(want, got T) bool {
					limit := ulps * 2 * unit[T]() * math.Abs(float64(want))
					return same(want, got) || math.Abs(float64(want)-float64(got)) <= limit+tiny[T]()
				},
			}.run(t, floats[T]())
		})
	}
}

func always(ulps float64) func(float64) float64 { return func(float64) float64 { return ulps } }

// tiny forgives results near the end of the range, where numbers are fewer.
func tiny[T allocarray.Float]() float64 {
	if unit[T]() == 0x1p-24 {
		return 0x1p-140
	}
	return 0x1p-1040
}

// floats returns memory of numbers in the range of the functions, with infinities,
// NaN and zeros in between.
func floats[T allocarray.Float]() func(int) []T {
	r := newRand()
	special := []float64{math.NaN(), math.Inf(1), math.Inf(-1), 0, math.Copysign(0, -1), 1, -1}
	return fillWith(func() T {
		if i := r.IntN(5 * len(special)); i < len(special) {
			return T(special[i])
		}
		return T(max(-largest, min(largest, r.NormFloat64()*3)))
	})
}

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

func gelu(x float64) float64 {
	if x == math.Inf(-1) {
		return 0 // the limit; the formula has ∞·0
	}
	return x * math.Erfc(-x/math.Sqrt2) / 2
}

func geluTanh(x float64) float64 {
	if x == math.Inf(-1) {
		return 0
	}
	u := 2 * math.Sqrt(2/math.Pi) * (x + 0.044715*x*x*x)
	return x / (1 + math.Exp(-u)) // 0.5(1+tanh(u/2)) without its cancellation
}

func testPow[T allocarray.Float](t *testing.T) {
	c := binaryCase[T, T]{
		"Pow", allocarray.Pow[T], allocarray.PowInto[T],
		func(x, y T) T { return T(math.Pow(float64(x), float64(y))) },
		func(want, got T) bool {
			return same(want, got) || math.Abs(float64(want-got)) <= 2*unit[T]()*math.Abs(float64(want))
		},
	}
	c.run(t)
	square := allocarray.Pow(t.Context(), allocarray.Wrap([]T{1, 2, 3}), allocarray.Wrap([]T{2}))
	require.Equal(t, []T{1, 4, 9}, square.Data())
}
