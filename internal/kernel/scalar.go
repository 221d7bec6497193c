package kernel

import (
	"github.com/tphakala/simd/f32"
	"github.com/tphakala/simd/f64"
)

// BinaryScalar computes dst[i] = a[i] op s. dst may be a. Values are as [Binary]'s.
func BinaryScalar[T Number](op BinaryOp, dst, a []T, s T) {
	a = a[:len(dst)]
	if len(dst) >= simdMin {
		n := binaryScalarSIMD(op, dst, a, s)
		dst, a = dst[n:], a[n:]
	}
	switch op {
	case Add:
		for i, v := range a {
			dst[i] = v + s
		}
	case Sub:
		for i, v := range a {
			dst[i] = v - s
		}
	case Mul:
		for i, v := range a {
			dst[i] = v * s
		}
	case Div:
		for i, v := range a {
			dst[i] = v / s
		}
	case Min:
		for i, v := range a {
			dst[i] = min(v, s)
		}
	case Max:
		for i, v := range a {
			dst[i] = max(v, s)
		}
	default:
		panic(badOp("BinaryOp", uint8(op)))
	}
}

// binaryScalarSIMD computes as many elements of a op s as there are vector instructions for, from the first on, and
// returns how many: often all or none.
func binaryScalarSIMD[T Number](op BinaryOp, dst, a []T, s T) int {
	switch op {
	case Div:
		return divSIMD(dst, a, s, false)
	case Min, Max:
		return minMaxScalar(op, dst, a, s)
	}
	switch d := any(dst).(type) {
	case []float32:
		switch x, v := any(a).([]float32), float32(s); op {
		case Add:
			f32.AddScalar(d, x, v)
		case Sub:
			f32.AddScalar(d, x, -v) // exactly a - s
		case Mul:
			f32.Scale(d, x, v)
		default:
			return 0
		}
		return len(dst)
	case []float64:
		switch x, v := any(a).([]float64), float64(s); op {
		case Add:
			f64.AddScalar(d, x, v)
		case Sub:
			f64.AddScalar(d, x, -v)
		case Mul:
			f64.Scale(d, x, v)
		default:
			return 0
		}
		return len(dst)
	}
	var copies [wordLanes]T
	for i := range copies {
		copies[i] = s
	}
	return addSubAVX2(op, dst, a, copies[:], 0)
}

// ScalarBinary computes dst[i] = s op b[i]. dst may be b. Values are as [Binary]'s.
func ScalarBinary[T Number](op BinaryOp, dst []T, s T, b []T) {
	b = b[:len(dst)]
	n := 0
	switch op {
	case Sub:
		if len(dst) >= simdMin {
			n = subFromSIMD(dst, s, b)
		}
		dst = dst[n:]
		for i, v := range b[n:] {
			dst[i] = s - v
		}
	case Div:
		if len(dst) >= simdMin {
			n = divIntoSIMD(dst, s, b)
		}
		dst = dst[n:]
		for i, v := range b[n:] {
			dst[i] = s / v
		}
	default: // the others commute
		BinaryScalar(op, dst, b, s)
	}
}

// subFromSIMD is s - b as (-1)·b + s, which IEEE 754 makes equal bit for bit; it returns len(dst), or 0 for integers.
// (The library's SubFromScalar goes through its Neg, whose zeros are wrong.)
func subFromSIMD[T Number](dst []T, s T, b []T) int {
	if !isFloat(dst) {
		return 0
	}
	var zero T
	for i := 0; i < len(dst); i += blockLength {
		d := dst[i:min(i+blockLength, len(dst))]
		binaryScalarSIMD(Mul, d, b[i:][:len(d)], zero-1)
		binaryScalarSIMD(Add, d, d, s)
	}
	return len(dst)
}

// divIntoSIMD is s / b; it returns len(dst) or 0.
func divIntoSIMD[T Number](dst []T, s T, b []T) int {
	if s != 1 {
		return divSIMD(dst, b, s, true)
	}
	switch d := any(dst).(type) {
	case []float32:
		f32.Reciprocal(d, any(b).([]float32))
	case []float64:
		f64.Reciprocal(d, any(b).([]float64))
	default:
		return 0
	}
	return len(dst)
}

// divSIMD is a / s, or s / a, by copies of s, which it puts where the result will be; it returns len(dst), or 0 for
// integers and in place, where there is no room for the copies. (On the stack there is none either: the library calls
// through variables, so that a block would be taken to escape.) a / s is not a·(1/s).
func divSIMD[T Number](dst, a []T, s T, reversed bool) int {
	if &dst[0] == &a[0] || !isFloat(dst) {
		return 0
	}
	all := len(dst)
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
	return all
}

// copiesLength is how many copies of a scalar minMaxScalar makes: few, for a short slice makes as many as it needs, and
// enough that the calls cost little.
const copiesLength = 128

// minMaxScalar is a op s for Min and Max, by copies of s; it returns len(dst), or 0 if [minMaxAVX2] has nothing for the
// type or the processor.
func minMaxScalar[T Number](op BinaryOp, dst, a []T, s T) int {
	var block [copiesLength]T
	copies := block[:min(len(dst), copiesLength)]
	Fill(copies, s)
	for i := 0; i < len(dst); i += copiesLength {
		d := dst[i:min(i+copiesLength, len(dst))]
		x, y := a[i:][:len(d)], copies[:len(d)]
		if len(d) < simdMin {
			binaryLoop(op, d, x, y)
		} else if !minMaxAVX2(op, d, x, y) {
			return 0 // in the first turn, with nothing written
		}
	}
	return len(dst)
}
