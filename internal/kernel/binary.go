package kernel

import (
	"github.com/tphakala/simd/f32"
	"github.com/tphakala/simd/f64"
	"github.com/tphakala/simd/i32"
)

// BinaryOp names an operation on two numbers.
type BinaryOp uint8

// The binary operations. Min and Max return NaN when either operand is NaN, as NumPy's minimum and maximum do.
const (
	Add BinaryOp = iota
	Sub
	Mul
	Div
	Min
	Max
)

// Binary computes dst[i] = a[i] op b[i]. dst may be a, b or both.
//
// Floats round once (IEEE 754). Integers wrap; Div by an integer zero panics with Go's runtime error and leaves dst
// partly written; the most negative integer divided by -1 is itself.
//
// The dispatch is one flat function on purpose: three slices fill Go's argument registers, so that each further call
// level costs as much as the arithmetic of 64 elements. The conversions to any do not escape and do not allocate.
func Binary[T Number](op BinaryOp, dst, a, b []T) {
	a, b = a[:len(dst)], b[:len(dst)]
	if len(dst) < simdMin || op >= Min && !minMaxAVX2(op, dst, a, b) {
		binaryLoop(op, dst, a, b)
		return
	}
	if op >= Min {
		return
	}
	switch d := any(dst).(type) {
	case []float32:
		switch x, y := any(a).([]float32), any(b).([]float32); op {
		case Add:
			f32.Add(d, x, y)
		case Sub:
			f32.Sub(d, x, y)
		case Mul:
			f32.Mul(d, x, y)
		case Div:
			f32.Div(d, x, y)
		}
		return
	case []float64:
		switch x, y := any(a).([]float64), any(b).([]float64); op {
		case Add:
			f64.Add(d, x, y)
		case Sub:
			f64.Sub(d, x, y)
		case Mul:
			f64.Mul(d, x, y)
		case Div:
			f64.Div(d, x, y)
		}
		return
	case []int32:
		switch x, y := any(a).([]int32), any(b).([]int32); op {
		case Add:
			i32.Add(d, x, y)
			return
		case Sub:
			i32.Sub(d, x, y)
			return
		}
	}
	n := addSubAVX2(op, dst, a, b, 1)
	binaryLoop(op, dst[n:], a[n:], b[n:])
}

// binaryLoop is [Binary] in plain Go, for the types and operations that the SIMD library does not have.
// One loop per operation keeps the choice out of the loop; len(a) == len(b) == len(dst) keeps the bounds checks out.
func binaryLoop[T Number](op BinaryOp, dst, a, b []T) {
	a, b = a[:len(dst)], b[:len(dst)]
	switch op {
	case Add:
		for i := range dst {
			dst[i] = a[i] + b[i]
		}
	case Sub:
		for i := range dst {
			dst[i] = a[i] - b[i]
		}
	case Mul:
		for i := range dst {
			dst[i] = a[i] * b[i]
		}
	case Div:
		for i := range dst {
			dst[i] = a[i] / b[i]
		}
	case Min:
		for i := range dst {
			dst[i] = min(a[i], b[i])
		}
	case Max:
		for i := range dst {
			dst[i] = max(a[i], b[i])
		}
	default:
		panic(badOp("BinaryOp", uint8(op)))
	}
}

// BinaryStrided computes dst[i*ds] = a[i*as] op b[i*bs] for i in [0, n).
//
// Strides are in elements; as and bs may be 0, which repeats that operand's first element (broadcast), ds is at least 1
// when n > 1. dst may be a with ds == as, or b with ds == bs. Values are as [Binary]'s. The layouts that an array
// meets most (all contiguous, or one side repeated) run at the speed of [Binary] and [BinaryScalar].
func BinaryStrided[T Number](op BinaryOp, dst []T, ds int, a []T, as int, b []T, bs int, n int) {
	switch {
	case n == 0:
	case ds == 1 && as == 1 && bs == 1:
		Binary(op, dst[:n], a, b)
	case ds == 1 && as == 1 && bs == 0:
		BinaryScalar(op, dst[:n], a, b[0])
	case ds == 1 && as == 0 && bs == 1:
		ScalarBinary(op, dst[:n], a[0], b)
	default:
		binaryStridedLoop(op, dst, ds, a, as, b, bs, n)
	}
}

// binaryStridedLoop is the general case; one loop per operation, as in binaryLoop.
func binaryStridedLoop[T Number](op BinaryOp, dst []T, ds int, a []T, as int, b []T, bs int, n int) {
	switch op {
	case Add:
		for i := range n {
			dst[i*ds] = a[i*as] + b[i*bs]
		}
	case Sub:
		for i := range n {
			dst[i*ds] = a[i*as] - b[i*bs]
		}
	case Mul:
		for i := range n {
			dst[i*ds] = a[i*as] * b[i*bs]
		}
	case Div:
		for i := range n {
			dst[i*ds] = a[i*as] / b[i*bs]
		}
	case Min:
		for i := range n {
			dst[i*ds] = min(a[i*as], b[i*bs])
		}
	case Max:
		for i := range n {
			dst[i*ds] = max(a[i*as], b[i*bs])
		}
	default:
		panic(badOp("BinaryOp", uint8(op)))
	}
}
