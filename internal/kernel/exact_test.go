package kernel_test

import (
	"math"
	"math/big"
	"sync"

	"github.com/allocarrays/allocarrays-go/internal/kernel"
)

// The exact functions compute to at least 100 bits more than a float64 has, with nothing but the four operations of
// math/big. They are for finite arguments.

// exactBits is their precision. e^x at 1000 loses some ten bits, a series some more.
const exactBits = 192

// newExact is a number of that precision.
func newExact(x float64) *big.Float { return new(big.Float).SetPrec(exactBits).SetFloat64(x) }

// decimal is a number given in decimals.
func decimal(s string) *big.Float {
	x, ok := new(big.Float).SetPrec(exactBits + 64).SetString(s)
	if !ok {
		panic(s)
	}
	return x
}

// ln2 is Σ 1/(k·2^k), with room for its product with 1100.
var ln2 = sync.OnceValue(func() *big.Float {
	sum := new(big.Float).SetPrec(exactBits + 64)
	for k := exactBits + 64; k > 0; k-- {
		term := new(big.Float).SetPrec(exactBits + 64).SetInt64(int64(k))
		sum.Add(sum, new(big.Float).SetMantExp(term.Quo(big.NewFloat(1), term), -k))
	}
	return sum
})

// π by Machin's formula, 16·arctan(1/5) - 4·arctan(1/239).
var pi = sync.OnceValue(func() *big.Float {
	arctan := func(inverse int64) *big.Float {
		power := new(big.Float).SetPrec(exactBits + 64).SetInt64(inverse)
		square := new(big.Float).Mul(power, power)
		power.Quo(big.NewFloat(1), power)
		sum := new(big.Float).SetPrec(exactBits + 64)
		for k := int64(1); power.Sign() != 0 && power.MantExp(nil) > -exactBits-64; k += 2 {
			term := new(big.Float).Quo(power, new(big.Float).SetInt64(k))
			if k%4 == 3 {
				term.Neg(term)
			}
			sum.Add(sum, term)
			power.Quo(power, square)
		}
		return sum
	}
	a, b := arctan(5), arctan(239)
	a.Mul(a, big.NewFloat(16))
	return a.Sub(a, b.Mul(b, big.NewFloat(4)))
})

// exactExp is e^x: x = k·ln 2 + 2^8·r, and e^r by its series, squared eight times.
func exactExp(x *big.Float) *big.Float {
	const squares = 8
	f, _ := x.Float64()
	k := int(math.Round(f / math.Ln2))
	r := new(big.Float).SetPrec(exactBits + 64).SetInt64(int64(k))
	r.Sub(x, r.Mul(r, ln2())).SetPrec(exactBits)
	r.SetMantExp(r, -squares)
	sum, term := newExact(1), newExact(1)
	for i := 1; term.Sign() != 0 && term.MantExp(nil) > -exactBits; i++ {
		term.Quo(term.Mul(term, r), newExact(float64(i)))
		sum.Add(sum, term)
	}
	for range squares {
		sum.Mul(sum, sum)
	}
	return sum.SetMantExp(sum, k)
}

// exactSigmoid is 1/(1+e^-x).
func exactSigmoid(x *big.Float) *big.Float {
	e := exactExp(new(big.Float).Neg(x))
	return e.Quo(newExact(1), e.Add(e, newExact(1)))
}

// exactTanh is (e^2x-1)/(e^2x+1), and for small arguments, where that cancels, the start of its series.
func exactTanh(x *big.Float) *big.Float {
	if x.MantExp(nil) < -28 { // the next term is under 2^-160 of the result
		xx := new(big.Float).Mul(x, x)
		s := new(big.Float).Sub(newExact(1), new(big.Float).Quo(xx, newExact(3)))
		fifth := new(big.Float).Quo(xx.Mul(xx, xx), newExact(7.5))
		return s.Mul(s.Add(s, fifth), x)
	}
	e := exactExp(new(big.Float).SetMantExp(x, 1))
	less := new(big.Float).Sub(e, newExact(1))
	return less.Quo(less, e.Add(e, newExact(1)))
}

// exactErfc is the complementary error function: for |t| < 1 from erf t = 2t/√π·e^-t²·Σ (2t²)^n/(2n+1)!!, beyond by the
// continued fraction e^-t²/√π / (t + ½/(t + 1/(t + 3⁄2/(t + …)))).
func exactErfc(t *big.Float) *big.Float {
	if t.Sign() < 0 {
		e := exactErfc(new(big.Float).Neg(t))
		return e.Sub(newExact(2), e)
	}
	tt := new(big.Float).Mul(t, t)
	scale := exactExp(new(big.Float).Neg(tt))
	scale.Quo(scale, new(big.Float).SetPrec(exactBits).Sqrt(pi()))
	f, _ := t.Float64()
	if f < 1 {
		sum, term := newExact(1), newExact(1)
		tt.SetMantExp(tt, 1)
		for n := 1; term.Sign() != 0 && term.MantExp(nil) > -exactBits; n++ {
			term.Quo(term.Mul(term, tt), newExact(float64(2*n+1)))
			sum.Add(sum, term)
		}
		sum.Mul(sum, scale.Mul(scale, t))
		return sum.Sub(newExact(1), sum.SetMantExp(sum, 1))
	}
	fraction := new(big.Float).Copy(t)
	for n := 20 + int(1000/(f*f)); n > 0; n-- { // the error falls as e^-2t√2n
		fraction.Quo(newExact(float64(n)/2), fraction)
		fraction.Add(t, fraction)
	}
	return scale.Quo(scale, fraction)
}

// exactGELU is x·Φ(x) = x/2·erfc(-x/√2).
func exactGELU(x *big.Float) *big.Float {
	root := new(big.Float).SetPrec(exactBits).Sqrt(newExact(2))
	t := new(big.Float).Quo(x, root.Neg(root))
	e := exactErfc(t)
	return e.SetMantExp(e.Mul(e, x), -1)
}

// exactGELUTanh is x/2·(1+tanh u) = x·sigmoid(2u) with u = √(2/π)·(x+0.044715x³).
func exactGELUTanh(x *big.Float) *big.Float {
	xx := new(big.Float).Mul(x, x)
	u := xx.Add(xx.Mul(xx, decimal("0.044715").SetPrec(exactBits)), newExact(1))
	u.Mul(u, x)
	root := new(big.Float).SetPrec(exactBits).Quo(newExact(8), pi())
	s := exactSigmoid(u.Mul(u, root.Sqrt(root)))
	return s.Mul(s, x)
}

// exactLog is Newton's step from math.Log: l + (x·e^-l - 1), whose error is the square of that of l.
func exactLog(x *big.Float) *big.Float {
	e := x.MantExp(nil)
	f, _ := new(big.Float).SetMantExp(x, -e).Float64()
	l := new(big.Float).SetPrec(exactBits + 64).SetInt64(int64(e))
	l.Add(l.Mul(l, ln2()), newExact(math.Log(f)))
	step := exactExp(new(big.Float).Neg(l))
	step.Sub(step.Mul(step, x), newExact(1))
	return l.Add(l, step)
}

// errorOf returns |got-want| in units in the last place of want as a T. An infinite got counts as the power of two that
// is next to the largest number: it is right for a want that rounds so.
func errorOf[T kernel.Float](want *big.Float, got T) float64 {
	bits, least, most := 53, -1074, 1024
	if epsilon[T]() == 0x1p-24 {
		bits, least, most = 24, -149, 128
	}
	if got != got {
		return math.Inf(1)
	}
	g := new(big.Float)
	if math.IsInf(float64(got), 0) {
		g.SetMantExp(big.NewFloat(math.Copysign(1, float64(got))), most)
		if want.MantExp(nil) > most {
			return 0
		}
	} else {
		g.SetFloat64(float64(got))
	}
	diff := new(big.Float).Sub(g, want)
	e := least
	if want.Sign() != 0 {
		e = max(want.MantExp(nil)-bits, least)
	}
	ulps, _ := diff.Abs(diff.SetMantExp(diff, -e)).Float64()
	return ulps
}
