package kernel

import (
	"github.com/tphakala/simd/f32"
	"github.com/tphakala/simd/f64"
)

// sumBlock is how many floats the SIMD library adds up in one call: few, for the rounding error grows with it; enough that
// the calls cost little.
const sumBlock = 512

// Sum is the sum of a; 0 for an empty a. Integers wrap.
//
// Floats: blocks of 512 elements are summed by the SIMD library and the block sums pairwise, so the error is at most
// (512 + ⌈log2(n/512)⌉)·u·Σ|a[i]| with u = 2^-24 or 2^-53, and with AVX at most (45 + ⌈log2(n/512)⌉)·u·Σ|a[i]|, where a
// plain loop has n·u. (N. J. Higham, "The accuracy of floating point summation", SIAM J. Sci. Comput. 14, 1993.) A mean
// that is Sum(a)/T(n) has 2u·Σ|a[i]| more before it is divided, for the rounding of n and of the quotient.
func Sum[T Number](a []T) T {
	switch s := any(a).(type) {
	case []float32:
		return T(sum32(s))
	case []float64:
		return T(sum64(s))
	}
	sum, n := sumAVX2(a)
	for _, v := range a[n:] {
		sum += v
	}
	return sum
}

// sum32 and its three siblings are spelled out per type: a block takes 30 ns, a generic call more than half of that.
func sum32(a []float32) float32 {
	if len(a) <= sumBlock {
		return f32.Sum(a)
	}
	h := half(len(a))
	return sum32(a[:h]) + sum32(a[h:])
}

func sum64(a []float64) float64 {
	if len(a) <= sumBlock {
		return f64.Sum(a)
	}
	h := half(len(a))
	return sum64(a[:h]) + sum64(a[h:])
}

// half splits n > sumBlock in two at a multiple of sumBlock, so that only the last block is a short one.
func half(n int) int { return (n/2 + sumBlock - 1) / sumBlock * sumBlock }

// Dot is the sum of a[i]*b[i] over len(a) elements; 0 for an empty a. Integers wrap. Floats: blocked as [Sum], with
// the same error bound on Σ|a[i]·b[i]| plus one u for the products where the processor does not fuse them.
func Dot[T Number](a, b []T) T {
	b = b[:len(a)]
	switch s := any(a).(type) {
	case []float32:
		return T(dot32(s, any(b).([]float32)))
	case []float64:
		return T(dot64(s, any(b).([]float64)))
	}
	var sum T
	for i, v := range a {
		sum += v * b[i]
	}
	return sum
}

func dot32(a, b []float32) float32 {
	if len(a) <= sumBlock {
		return f32.DotProduct(a, b)
	}
	h := half(len(a))
	return dot32(a[:h], b[:h]) + dot32(a[h:], b[h:])
}

func dot64(a, b []float64) float64 {
	if len(a) <= sumBlock {
		return f64.DotProduct(a, b)
	}
	h := half(len(a))
	return dot64(a[:h], b[:h]) + dot64(a[h:], b[h:])
}
