package kernel_test

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/internal/kernel"
	"github.com/allocarrays/allocarrays-go/internal/testenv"
)

// A claim is the error that the documentation of a [kernel.FloatOp] allows, and what it is measured against.
type claim struct {
	exact func(x *big.Float) *big.Float
	// small returns twice the result for arguments under 2^-20, as two numbers that together have 70 bits: the start of
	// the series, without its first term and with it. (Twice, because half of the smallest number is none.) Arguments
	// above big have far[1] as their result, those below -big far[0].
	small    func(x float64) (high, low float64)
	big      float64
	far      [2]float64 // beyond -big and big; NaN: the argument itself
	positive bool       // the function is for positive arguments only
	float32  float64    // in units in the last place
	float64  func(x float64) float64
}

func smallGELU(x float64) (float64, float64) {
	return x, math.Sqrt(2/math.Pi) * (x*x - x*x*x*x/6)
}

func smallGELUTanh(x float64) (float64, float64) {
	u := math.Sqrt(2/math.Pi) * (x + 0.044715*x*x*x)
	return x, x * (u - u*u*u/3)
}

func constant(v float64) func(float64) float64 { return func(float64) float64 { return v } }

var claims = map[kernel.FloatOp]claim{
	kernel.Exp: {exact: exactExp, small: func(x float64) (float64, float64) { return 2, 2*x + x*x + x*x*x/3 }, big: 800,
		far: [2]float64{0, math.Inf(1)}, float32: 0.51, float64: constant(1.4)},
	kernel.Tanh: {exact: exactTanh, small: func(x float64) (float64, float64) { return 2 * x, -x*x*x/1.5 + x*x*x*x*x/3.75 }, big: 400,
		far: [2]float64{-1, 1}, float32: 0.51, float64: constant(2.2)},
	kernel.Sigmoid: {exact: exactSigmoid, small: func(x float64) (float64, float64) { return 1, x/2 - x*x*x/24 }, big: 800,
		far: [2]float64{0, 1}, float32: 0.51, float64: constant(2.5)},
	kernel.GELU: {exact: exactGELU, small: smallGELU, big: 200,
		far: [2]float64{0, math.NaN()}, float32: 0.51, float64: func(x float64) float64 { return 2*x*x + 4 }},
	kernel.GELUTanh: {exact: exactGELUTanh, small: smallGELUTanh, big: 200,
		far: [2]float64{0, math.NaN()}, float32: 0.51, float64: func(x float64) float64 { return math.Abs(x*x*x) + 4 }},
	kernel.Log: {exact: exactLog, positive: true, float32: 0.9, float64: constant(2)},
}

// TestAccuracy measures the functions against math/big at seeded points of every binade, subnormal ones included, of
// both signs.
func TestAccuracy(t *testing.T) {
	t.Run("float32", testAccuracy[float32])
	t.Run("float64", testAccuracy[float64])
}

func testAccuracy[T kernel.Float](t *testing.T) {
	t.Parallel()
	for op, c := range claims {
		points := 1000
		if testing.Short() || testenv.Slow() {
			points = 8
		} else if c.small == nil {
			points = 50 // no binade is simple
		}
		worst, at, allowed := 0.0, T(0), 0.0
		rng := rand.New(rand.NewPCG(uint64(op), 8))
		x, got := make([]T, 0, 2*points), make([]T, 2*points)
		for least, e := binades[T](); e >= least; e-- {
			x = x[:0]
			for range points {
				v := T(math.Ldexp(1+rng.Float64(), e)) // of a subnormal number as many bits as there are
				if x = append(x, v); !c.positive {
					x = append(x, -v)
				}
			}
			kernel.UnaryFloat(op, got, x)
			for i, v := range x {
				bound := c.float32
				if epsilon[T]() == 0x1p-53 {
					bound = c.float64(float64(v))
				}
				if e := c.error(float64(v), got[i]); e/bound > worst/max(allowed, 1e-300) {
					worst, at, allowed = e, v, bound
				}
			}
		}
		t.Logf("FloatOp %d: %.3f ulp at %g, %.2f allowed", op, worst, at, allowed)
		require.LessOrEqual(t, worst, allowed, "FloatOp %d at %g", op, at)
	}
}

// binades returns the exponents of the smallest and the largest number.
func binades[T kernel.Float]() (least, most int) {
	if epsilon[T]() == 0x1p-24 {
		return -149, 127
	}
	return -1074, 1023
}

// error is the error of got as the function of x, in units in the last place.
func (c *claim) error(x float64, got any) float64 {
	switch g := got.(type) {
	case float32:
		return claimError(c, x, g)
	default:
		return claimError(c, x, g.(float64))
	}
}

func claimError[T kernel.Float](c *claim, x float64, got T) float64 {
	switch {
	case c.small != nil && math.Abs(x) < 0x1p-20:
		high, low := c.small(x)
		return math.Abs((2*float64(got)-high)-low) / ulpOf(T(high/2)) / 2
	case c.big > 0 && math.Abs(x) > c.big:
		want := c.far[0]
		if x > 0 {
			want = c.far[1]
		}
		if want != want {
			want = x
		}
		if float64(got) == want {
			return 0
		}
		return math.Inf(1)
	}
	return errorOf(c.exact(newExact(x)), got)
}
