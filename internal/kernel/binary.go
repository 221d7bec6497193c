package kernel

import (
	"fmt"

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
	if len(dst) < simdMin || op >= Min && !extremes(op, dst, a, b) {
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
	n := integers(op, dst, a, b, 1)
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

// badOp is the message for an operation number outside its list: a bug in the caller, never bad user input.
func badOp(kind string, op uint8) string { return fmt.Sprintf("kernel: unknown %s %d", kind, op) }
