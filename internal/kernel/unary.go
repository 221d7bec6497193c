package kernel

import (
	"math"

	"github.com/tphakala/simd/f32"
	"github.com/tphakala/simd/f64"
)

// UnaryOp names an operation on one number of any type.
type UnaryOp uint8

// The unary operations. On integers they wrap: Neg of an unsigned v is 2^bits - v, Neg and Abs of the most
// negative integer are itself (as in NumPy). On floats Neg and Abs change the sign of zeros too; a NaN stays NaN.
const (
	Neg UnaryOp = iota
	Abs
	Square
)

// Unary computes dst[i] = op a[i]. dst may be a.
func Unary[T Number](op UnaryOp, dst, a []T) {
	a = a[:len(dst)]
	switch d := any(dst).(type) { // floats at every length: the loops below would get the sign of zero wrong
	case []float32:
		switch x := any(a).([]float32); op {
		case Neg:
			f32.Scale(d, x, -1) // f32.Neg turns 0 into +0 in its tail
		case Abs:
			f32.Abs(d, x)
		case Square:
			f32.Mul(d, x, x)
		default:
			panic(badOp("UnaryOp", uint8(op)))
		}
		return
	case []float64:
		switch x := any(a).([]float64); op {
		case Neg:
			f64.Scale(d, x, -1) // f64.Neg turns 0 into +0 in its tail
		case Abs:
			f64.Abs(d, x)
		case Square:
			f64.Mul(d, x, x)
		default:
			panic(badOp("UnaryOp", uint8(op)))
		}
		return
	}
	switch op {
	case Neg:
		for i, v := range a {
			dst[i] = -v
		}
	case Abs:
		for i, v := range a {
			if v < 0 { // never true of an unsigned number
				v = -v
			}
			dst[i] = v
		}
	case Square:
		for i, v := range a {
			dst[i] = v * v
		}
	default:
		panic(badOp("UnaryOp", uint8(op)))
	}
}

// ReLU computes dst[i] = max(a[i], 0). NaN stays NaN; the sign of a zero result is unspecified. dst may be a.
func ReLU[T Number](dst, a []T) {
	a = a[:len(dst)]
	if len(dst) >= simdMin {
		switch d := any(dst).(type) {
		case []float32:
			if relu32KeepsNaN {
				f32.ReLU(d, any(a).([]float32))
				return
			}
		case []float64:
			if relu64KeepsNaN {
				f64.ReLU(d, any(a).([]float64))
				return
			}
		}
	}
	for i, v := range a {
		if v < 0 { // false for NaN, which stays
			v = 0
		}
		dst[i] = v
	}
}

// The library's ReLU keeps NaN in its AVX and NEON code and turns it into 0 in its portable code, which runs on older
// processors. Which one this processor gets is found once, by asking it.
var relu32KeepsNaN, relu64KeepsNaN = reluKeepsNaN(f32.ReLU), reluKeepsNaN(f64.ReLU)

func reluKeepsNaN[T Float](relu func(dst, a []T)) bool {
	x := make([]T, 2*simdMin+1) // a body of full registers and a tail
	Fill(x, T(math.NaN()))
	relu(x, x)
	for _, v := range x {
		if v == v {
			return false
		}
	}
	return true
}
