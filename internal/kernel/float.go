package kernel

import (
	"math"

	"github.com/tphakala/simd/f32"
	"github.com/tphakala/simd/f64"
)

// FloatOp names a function of one float.
type FloatOp uint8

// The float functions, with the largest error in units in the last place (ulp) of the result, float32 / float64. A test
// holds it against math/big at a thousand points of every binade (of Log fifty). Special values are as in package math (and NumPy): Exp(+Inf) = +Inf,
// Exp(-Inf) = 0, Log(0) = -Inf, Log(x<0) = NaN, Tanh(±Inf) = ±1, Sigmoid(-Inf) = 0, GELU(-Inf) = 0, f(NaN) = NaN.
const (
	Exp        FloatOp = iota // e^x: 0.51 / 1.4
	Log                       // ln x: 0.9 / 2
	Sqrt                      // 0.5 / 0.5
	Tanh                      // 0.51 / 2.2
	Sigmoid                   // 1/(1+e^-x): 0.51 / 2.5
	GELU                      // x·Φ(x), the erf form: 0.51 / 2x²+4 (the error of x/√2, which the tail magnifies)
	GELUTanh                  // the tanh approximation of GELU: 0.51 / |x|³+4, likewise
	Reciprocal                // 1/x: 0.5 / 0.5
	Floor                     // exact
	Ceil                      // exact
)

// UnaryFloat computes dst[i] = op(a[i]). dst may be a.
//
// Sqrt, Reciprocal and Log run on the SIMD library. Its Exp, Tanh and Sigmoid do not serve here: they are off by 7e-6
// relative (also in float64), saturate finite results, and turn NaN into numbers. Those run on scalar code in float64.
func UnaryFloat[T Float](op FloatOp, dst, a []T) {
	a = a[:len(dst)]
	switch op {
	case Exp:
		expAll(dst, a)
	case Log:
		logAll(dst, a)
	case Sqrt:
		sqrtAll(dst, a)
	case Tanh:
		tanhAll(dst, a)
	case Sigmoid:
		sigmoidAll(dst, a)
	case GELU:
		for i, v := range a {
			dst[i] = T(gelu(float64(v)))
		}
	case GELUTanh:
		geluTanhAll(dst, a)
	case Reciprocal:
		ScalarBinary(Div, dst, 1, a)
	case Floor:
		for i, v := range a {
			dst[i] = T(math.Floor(float64(v)))
		}
	case Ceil:
		for i, v := range a {
			dst[i] = T(math.Ceil(float64(v)))
		}
	default:
		panic(badOp("FloatOp", uint8(op)))
	}
}

func sqrtAll[T Float](dst, a []T) {
	switch d := any(dst).(type) {
	case []float32:
		f32.Sqrt(d, any(a).([]float32))
	case []float64:
		f64.Sqrt(d, any(a).([]float64))
	}
}

// logAll gives the library's Log whole registers only, the last one padded: its scalar code for the rest rounds
// differently, and a result would depend on its position.
func logAll[T Float](dst, a []T) {
	body := len(a) &^ (simdMin - 1)
	logSIMD(dst[:body], a[:body])
	if body < len(a) {
		var tail [simdMin]T
		copy(tail[:], a[body:])
		logSIMD(tail[:], tail[:])
		copy(dst[body:], tail[:])
	}
}

func logSIMD[T Float](dst, a []T) {
	switch d := any(dst).(type) {
	case []float32:
		f32.Log(d, any(a).([]float32))
	case []float64:
		f64.Log(d, any(a).([]float64))
	}
}

// Pow computes dst[i] = a[i]**b[i] with math.Pow's accuracy and special values (Pow(x, 0) = 1 even for NaN). dst may
// be a, b or both. The SIMD library's power is off by 1e-5 and is not used. Integers have no Pow here: a negative
// exponent has no integer result.
func Pow[T Float](dst, a, b []T) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = T(math.Pow(float64(a[i]), float64(b[i])))
	}
}

// PowScalar computes dst[i] = a[i]**s; s == 2 is as fast as [Square] and equal to it. dst may be a.
func PowScalar[T Float](dst, a []T, s T) {
	a = a[:len(dst)]
	if s == 2 {
		Unary(Square, dst, a)
		return
	}
	for i, v := range a {
		dst[i] = T(math.Pow(float64(v), float64(s)))
	}
}

// ScalarPow computes dst[i] = s**b[i]. dst may be b.
func ScalarPow[T Float](dst []T, s T, b []T) {
	b = b[:len(dst)]
	for i, v := range b {
		dst[i] = T(math.Pow(float64(s), float64(v)))
	}
}
