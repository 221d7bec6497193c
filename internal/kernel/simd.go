package kernel

import (
	"math"

	"github.com/tphakala/simd/f32"
	"github.com/tphakala/simd/f64"
)

// The functions in this file are the dispatch from a generic slice to the library's typed functions. Each reports
// whether it did the work; false means that the library has nothing for that type and operation and that dst is
// untouched. They pass slices of equal length.
//
// The conversion of a slice to any does not escape, so it costs a few nanoseconds and no allocation (a test holds that).

// binaryScalarSIMD is a op s. a - s is a + (-s) exactly in IEEE 754; a / s is not a * (1/s).
func binaryScalarSIMD[T Number](op BinaryOp, dst, a []T, s T) bool {
	if op == Sub {
		op, s = Add, -s
	}
	switch op {
	case Div:
		return divSIMD(dst, a, s, false)
	case Min, Max:
		return extremesScalar(op, dst, a, s)
	}
	switch d := any(dst).(type) {
	case []float32:
		switch op {
		case Add:
			f32.AddScalar(d, any(a).([]float32), float32(s))
			return true
		case Mul:
			f32.Scale(d, any(a).([]float32), float32(s))
			return true
		}
	case []float64:
		switch op {
		case Add:
			f64.AddScalar(d, any(a).([]float64), float64(s))
			return true
		case Mul:
			f64.Scale(d, any(a).([]float64), float64(s))
			return true
		}
	}
	return false
}

// scalarBinarySIMD is s op b for the two operations that do not commute; Div only as the reciprocal.
func scalarBinarySIMD[T Number](op BinaryOp, dst []T, s T, b []T) bool {
	if op == Sub {
		return rsubSIMD(dst, s, b)
	}
	if op != Div {
		return false
	}
	if s != 1 {
		return divSIMD(dst, b, s, true)
	}
	switch d := any(dst).(type) {
	case []float32:
		f32.Reciprocal(d, any(b).([]float32))
	case []float64:
		f64.Reciprocal(d, any(b).([]float64))
	default:
		return false
	}
	return true
}

// divSIMD is a / s, or s / a, elementwise by copies of s, which it puts where the result will be. In place there is no room
// for them: the library calls through variables, so that a block on the stack would be taken to escape.
func divSIMD[T Number](dst, a []T, s T, reversed bool) bool {
	if &dst[0] == &a[0] || !isFloat(dst) {
		return false
	}
	for len(dst) > 0 {
		n := min(len(dst), blockLength)
		d, x := dst[:n], a[:n]
		Fill(d, s)
		if reversed {
			Binary(Div, d, d, x)
		} else {
			Binary(Div, d, x, d)
		}
		dst, a = dst[n:], a[n:]
	}
	return true
}

func isFloat[T Number](x []T) bool {
	switch any(x).(type) {
	case []float32, []float64:
		return true
	}
	return false
}

// blockLength is how many elements are taken through two passes while they are in the first-level cache.
const blockLength = 2048

// rsubSIMD is s - b as (-1)·b + s, which IEEE 754 makes equal bit for bit. (The library's SubFromScalar goes through its
// Neg, whose zeros are wrong.)
func rsubSIMD[T Number](dst []T, s T, b []T) bool {
	var zero T
	for len(dst) > 0 {
		n := min(len(dst), blockLength)
		if !binaryScalarSIMD(Mul, dst[:n], b[:n], zero-1) {
			return false // no SIMD for this type: nothing was written
		}
		binaryScalarSIMD(Add, dst[:n], dst[:n], s)
		dst, b = dst[n:], b[n:]
	}
	return true
}

// unarySIMD takes every length for floats: the integer loops it stands before would get the sign of zero wrong.
func unarySIMD[T Number](op UnaryOp, dst, a []T) bool {
	switch d := any(dst).(type) {
	case []float32:
		return unary32(op, d, any(a).([]float32))
	case []float64:
		return unary64(op, d, any(a).([]float64))
	}
	return false
}

func unary32(op UnaryOp, dst, a []float32) bool {
	switch op {
	case Neg:
		f32.Scale(dst, a, -1) // f32.Neg turns 0 into +0 in its tail
	case Abs:
		f32.Abs(dst, a)
	case Square:
		f32.Mul(dst, a, a)
	default:
		return false
	}
	return true
}

func unary64(op UnaryOp, dst, a []float64) bool {
	switch op {
	case Neg:
		f64.Scale(dst, a, -1) // f64.Neg turns 0 into +0 in its tail
	case Abs:
		f64.Abs(dst, a)
	case Square:
		f64.Mul(dst, a, a)
	default:
		return false
	}
	return true
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

func reluSIMD[T Number](dst, a []T) bool {
	switch d := any(dst).(type) {
	case []float32:
		if relu32KeepsNaN {
			f32.ReLU(d, any(a).([]float32))
			return true
		}
	case []float64:
		if relu64KeepsNaN {
			f64.ReLU(d, any(a).([]float64))
			return true
		}
	}
	return false
}
