package kernel_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/internal/kernel"
)

// functions are the float operations in package math's terms.
var functions = map[kernel.FloatOp]func(float64) float64{
	kernel.Exp: func(x float64) float64 {
		if x > 709 && x < 800 { // math.Exp on amd64 is infinite from 709.44 on, where e^x is finite
			e, _ := exactExp(newExact(x)).Float64()
			return e
		}
		return math.Exp(x)
	},
	kernel.Sqrt: math.Sqrt, kernel.Tanh: math.Tanh, kernel.Floor: math.Floor, kernel.Ceil: math.Ceil,
	kernel.Log: func(x float64) float64 {
		if x > 0 && x < 0x1p-1022 { // math.Log on amd64 is wrong by up to 36 for subnormal arguments
			return math.Log(x*0x1p54) - 54*math.Ln2
		}
		return math.Log(x)
	},
	kernel.Reciprocal: func(x float64) float64 { return 1 / x },
	kernel.Sigmoid: func(x float64) float64 {
		if x < 0 {
			return math.Exp(x) / (1 + math.Exp(x))
		}
		return 1 / (1 + math.Exp(-x))
	},
	kernel.GELU: func(x float64) float64 {
		if math.IsInf(x, -1) {
			return 0
		}
		return x / 2 * math.Erfc(-x/math.Sqrt2)
	},
	kernel.GELUTanh: func(x float64) float64 {
		if math.IsInf(x, -1) {
			return 0
		}
		u := math.Sqrt(2/math.Pi) * (x + 0.044715*x*x*x)
		if u < 0 {
			return x * math.Exp(2*u) / (1 + math.Exp(2*u))
		}
		return x / (1 + math.Exp(-2*u))
	},
}

// ulps is |got-want| in units in the last place of want as a T; special values are 0 or infinitely far apart.
func ulps[T kernel.Float](want float64, got T) float64 {
	w := T(want)
	switch {
	case w != w && got != got, math.IsInf(float64(w), 0) && w == got:
		return 0
	case w != w || got != got || math.IsInf(float64(w-got), 0):
		return math.Inf(1)
	}
	return math.Abs(want-float64(got)) / ulpOf(w)
}

// ulpOf is the distance from |w| to the next larger float.
func ulpOf[T kernel.Float](w T) float64 {
	bits, least := 53, -1074
	if epsilon[T]() == 0x1p-24 {
		bits, least = 24, -149
	}
	_, e := math.Frexp(float64(w))
	return math.Ldexp(1, max(e-bits, least))
}

// TestFloat32Sweep compares every function on a sweep of all bit patterns (every sign, every exponent, NaN and
// infinities included) with float64 arithmetic.
func TestFloat32Sweep(t *testing.T) {
	limit := map[kernel.FloatOp]float64{kernel.Log: 0.9, kernel.Exp: 0.51, kernel.Tanh: 0.51, kernel.Sigmoid: 0.51, kernel.GELU: 0.51,
		kernel.GELUTanh: 0.51, kernel.Sqrt: 0.501, kernel.Reciprocal: 0.501} // Floor and Ceil: exact
	var src []float32
	for b := uint64(0); b < 1<<32; b += 40961 {
		src = append(src, math.Float32frombits(uint32(b)))
	}
	dst := make([]float32, len(src))
	for _, op := range floatOps {
		kernel.UnaryFloat(op, dst, src)
		worst, at := 0.0, float32(0)
		for i, x := range src {
			if e := ulps(functions[op](float64(x)), dst[i]); e > worst {
				worst, at = e, x
			}
		}
		t.Logf("FloatOp %d: %.3f ulp at %g", op, worst, at)
		require.LessOrEqual(t, worst, limit[op], "FloatOp %d at %g", op, at)
	}
}

// TestFloatSpecials holds special values, thresholds and the ends of the range for both types.
func TestFloatSpecials(t *testing.T) {
	t.Run("float32", testFloatSpecials[float32])
	t.Run("float64", testFloatSpecials[float64])
}

func testFloatSpecials[T kernel.Float](t *testing.T) {
	src := append(specials[T](), 700, 701, -700, -701, 709.5, 709.78, 709.79, 710, -708, -740, -745, -746, 88.7, 88.8, -87.4, -103.9, -104, -40, -40.5, 1e38, -1e38)
	one := make([]T, 1)
	for _, op := range floatOps {
		dst, intact := guarded[T](t, len(src), 1)
		kernel.UnaryFloat(op, dst, src)
		for i, x := range src {
			want := functions[op](float64(x))
			if math.Abs(want) > 0x1p-1022 { // below, an absolute difference is all that is left
				require.LessOrEqual(t, ulps(want, dst[i]), 4.0, "FloatOp %d of %g: want %g, got %g", op, x, want, dst[i])
			} else {
				require.InDelta(t, want, float64(dst[i]), 1e-307, "FloatOp %d of %g", op, x)
			}
			kernel.UnaryFloat(op, one, src[i:i+1])
			requireSame(t, dst[i:i+1], one, false, "alone and in a slice", op, x)
		}
		copy(dst, src)
		kernel.UnaryFloat(op, dst, dst)
		intact()
	}
}

// TestPositionIndependent: an element's result is the same bits alone and at any place of any length.
func TestPositionIndependent(t *testing.T) {
	t.Run("float32", testPosition[float32])
	t.Run("float64", testPosition[float64])
}

func testPosition[T kernel.Float](t *testing.T) {
	src, one := make([]T, maxLen), make([]T, 1)
	for i := range src {
		src[i] = T(math.Exp(float64(i)/7 - 3)) // positive, so that Log has something to do
	}
	for _, op := range floatOps {
		for n := 1; n <= maxLen; n++ {
			dst := make([]T, n)
			kernel.UnaryFloat(op, dst, src[maxLen-n:])
			for i := range dst {
				kernel.UnaryFloat(op, one, src[maxLen-n+i:][:1])
				require.Equal(t, one[0], dst[i], "FloatOp %d at %d of %d", op, i, n)
			}
		}
	}
}

func TestPow(t *testing.T) {
	t.Run("float32", testPow[float32])
	t.Run("float64", testPow[float64])
}

func testPow[T kernel.Float](t *testing.T) {
	a, b := random[T](1, 300, true), random[T](2, 300, true)
	want, dst := make([]T, len(a)), make([]T, len(a))
	for i := range a {
		want[i] = T(math.Pow(float64(a[i]), float64(b[i])))
	}
	kernel.Pow(dst, a, b)
	requireSame(t, want, dst, false, "Pow")
	for _, s := range append(specials[T](), 2, 0.5, 3) {
		for i := range a {
			want[i] = T(math.Pow(float64(a[i]), float64(s)))
		}
		kernel.PowScalar(dst, a, s)
		requireSame(t, want, dst, false, "PowScalar", s)
		for i := range b {
			want[i] = T(math.Pow(float64(s), float64(b[i])))
		}
		kernel.ScalarPow(dst, s, b)
		requireSame(t, want, dst, false, "ScalarPow", s)
	}
}
