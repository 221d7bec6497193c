package allocarray

import (
	"math"
	"strconv"
)

// A Float16 is a number in the format binary16 of IEEE 754, given by its bits: a sign, five
// bits of exponent and ten of fraction. Its largest finite number is 65504, its smallest
// positive one 2⁻²⁴.
//
// It is a type to store numbers in, such as the weights of a model: there are arrays of
// it, with all methods, and [Wrap], [WrapStamp], [Empty], [New], [Full], [Take], [Gather]
// and [Convert] take or return them. To compute, convert to float32. As a Go number a
// Float16 is that of its bits: + and < of two of them mean nothing.
type Float16 uint16

// The parts of the bits.
const (
	halfSign     = 1 << 15
	halfInf      = 31 << 10 // the largest exponent
	halfQuiet    = 1 << 9   // of a NaN
	halfFraction = 1<<10 - 1
)

// Float16Of returns the Float16 nearest to v: of two that are equally near, the one whose
// last bit is 0. From 65520 on, where numbers with that exponent would be rounded up beyond
// the largest, it is infinite. NaN stays NaN, with the sign and the leading bits of its
// payload. A float32 or an integer may be converted to float64 first: the result is
// rounded once.
func Float16Of(v float64) Float16 {
	const fractionBits, bias = 52, 1023 - 15
	bits := math.Float64bits(v)
	sign := Float16(bits>>48) & halfSign
	exponent, fraction := int(bits>>fractionBits&0x7ff)-bias, bits&(1<<fractionBits-1)
	switch {
	case v != v:
		return sign | halfInf | halfQuiet | Float16(fraction>>(fractionBits-10))
	case exponent > 30:
		return sign | halfInf
	case exponent < -10:
		return sign // less than 2⁻²⁵, half of the smallest
	}
	drop := fractionBits - 10 // how many bits of the significand are rounded away
	whole := Float16(0)       // the exponent, less the 1 that the leading bit adds to it
	if exponent > 0 {
		whole = Float16(exponent-1) << 10
	} else {
		drop += 1 - exponent // subnormal
	}
	significand := fraction | 1<<fractionBits
	rest, half := significand&(1<<drop-1), uint64(1)<<(drop-1)
	kept := significand >> drop
	if rest > half || rest == half && kept&1 == 1 {
		kept++ // may carry into the exponent, up to infinity
	}
	return sign | (whole + Float16(kept))
}

// Float32 returns the number that h stands for, exactly. A signaling NaN becomes quiet.
func (h Float16) Float32() float32 {
	sign, fraction := uint32(h&halfSign)<<16, uint32(h&halfFraction)
	switch exponent := uint32(h&halfInf) >> 10; {
	case exponent == 0:
		return math.Float32frombits(sign | math.Float32bits(float32(fraction)*0x1p-24))
	case exponent < 31:
		return math.Float32frombits(sign | (exponent+127-15)<<23 | fraction<<13)
	case fraction != 0:
		fraction |= halfQuiet
	}
	return math.Float32frombits(sign | 0xff<<23 | fraction<<13)
}

// String formats the number that h stands for, as fmt does a float32.
func (h Float16) String() string { return strconv.FormatFloat(float64(h.Float32()), 'g', -1, 32) }

// convertHalves converts n elements that lie ds and as apart, if either type is Float16; it
// returns false if neither is.
func convertHalves[To, From Storage](dst []To, ds int, a []From, as, n int) bool {
	from, isHalf := any(&a).(*[]Float16)
	to, becomesHalf := any(&dst).(*[]Float16)
	switch {
	case isHalf && becomesHalf:
		for i := range n {
			(*to)[i*ds] = (*from)[i*as]
		}
	case isHalf:
		for i := range n {
			dst[i*ds] = To((*from)[i*as].Float32())
		}
	case becomesHalf:
		for i := range n {
			(*to)[i*ds] = Float16Of(float64(a[i*as]))
		}
	}
	return isHalf || becomesHalf
}
