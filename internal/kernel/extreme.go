package kernel

import (
	"github.com/tphakala/simd/f32"
	"github.com/tphakala/simd/f64"
	"github.com/tphakala/simd/i32"
)

// MinOf is the smallest element of a; NaN if any is NaN; the sign of a zero is unspecified. It panics on an empty a.
func MinOf[T Number](a []T) T { return extreme(Min, a) }

// MaxOf is the largest element of a; NaN if any is NaN; the sign of a zero is unspecified. It panics on an empty a.
func MaxOf[T Number](a []T) T { return extreme(Max, a) }

// extreme is MinOf or MaxOf, by op.
func extreme[T Number](op BinaryOp, a []T) T {
	if len(a) == 0 {
		panic("kernel: MinOf or MaxOf of an empty slice")
	}
	if len(a) < simdMin {
		return extremeLoop(op, a)
	}
	switch s := any(a).(type) {
	case []float32:
		return T(extremeFloat(op, s))
	case []float64:
		return T(extremeFloat(op, s))
	case []int32:
		lo, hi := i32.MinMax(s)
		if op == Min {
			return T(lo)
		}
		return T(hi)
	}
	return extremeLoop(op, a)
}

// extremeLoop relies on Go's min and max, which return NaN if either argument is NaN.
func extremeLoop[T Number](op BinaryOp, a []T) T {
	m := a[0]
	if op == Min {
		for _, v := range a {
			m = min(m, v)
		}
		return m
	}
	for _, v := range a {
		m = max(m, v)
	}
	return m
}

// extremeFloat guards the library's Min and Max, whose result with a NaN in the slice is arbitrary, with its Sum, which
// is NaN if any element is. (Sum is also NaN for infinities of both signs; then the loop is merely slow.) Two SIMD
// passes over a cached block are tens of times as fast as one loop over it.
func extremeFloat[T Float](op BinaryOp, a []T) T {
	m := a[0]
	for len(a) > 0 {
		block := a[:min(len(a), blockLength)]
		a = a[len(block):]
		var e T
		if s := Sum(block); s != s {
			e = extremeLoop(op, block)
		} else {
			e = extremeSIMD(op, block)
		}
		if op == Min {
			m = min(m, e)
		} else {
			m = max(m, e)
		}
	}
	return m
}

// extremeSIMD is the library's Min or Max; meaningless if a holds a NaN, and a must not be empty.
func extremeSIMD[T Float](op BinaryOp, a []T) T {
	switch s := any(a).(type) {
	case []float32:
		if op == Min {
			return T(f32.Min(s))
		}
		return T(f32.Max(s))
	case []float64:
		if op == Min {
			return T(f64.Min(s))
		}
		return T(f64.Max(s))
	}
	return 0 // unreachable: Float has two types
}

// ArgMin is the index of the first smallest element of a. The first NaN counts as smallest, as in NumPy; -0 and +0
// are equal. It panics on an empty a.
func ArgMin[T Number](a []T) int { return indexOf(a, extreme(Min, a)) }

// ArgMax is the index of the first largest element of a. The first NaN counts as largest, as in NumPy; -0 and +0 are
// equal. It panics on an empty a.
func ArgMax[T Number](a []T) int { return indexOf(a, extreme(Max, a)) }

// indexOf is the first index of v, which is in a; of the first NaN if v is NaN. Finding the extreme first and its
// place second is faster than carrying the place along, for the first pass is SIMD and the second stops early.
func indexOf[T Number](a []T, v T) int {
	if v != v {
		for i, x := range a {
			if x != x {
				return i
			}
		}
	}
	for i, x := range a {
		if x == v {
			return i
		}
	}
	panic("kernel: ArgMin or ArgMax of a slice that changed meanwhile")
}
