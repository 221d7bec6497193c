package kernel

import (
	"math"

	"github.com/tphakala/simd/f32"
)

// SoftmaxRow computes dst[i] = e^a[i] / Σ e^a[j] over one row, after subtracting the maximum so that nothing overflows.
// dst may be a. An empty row is left alone.
//
// A NaN or a +Inf in a, or a row of -Inf only, makes the whole row NaN, as in SciPy; a -Inf beside finite numbers
// is 0. Results sum to 1 within 1.2e-6 (float32) or 2.3e-15 (float64) for rows of a thousand.
//
// The relative error of a result grows with its distance d = max - a[i], which is rounded before e^-d is taken. In rows of
// up to a million it is at most (80 + d)·2^-53 for float64 and 2e-5 + d·2^-24 for float32 (on processors without AVX more,
// by the difference of the bounds of [Sum]).
//
// float32 uses the SIMD library's exp, 10 times as fast as an exact one, which makes most of its 2e-5; results under
// 1e-38 are 0. In a row of under 8 elements (on some processors under 4) the error is rounding alone, which is where a
// result depends on the length. On arguments that are not positive and not NaN, all that is left after the subtraction,
// that exp has none of the faults named at [UnaryFloat].
func SoftmaxRow[T Float](dst, a []T) {
	a = a[:len(dst)]
	if len(a) == 0 || !shiftByMax(dst, a) {
		return
	}
	switch d := any(dst).(type) {
	case []float32:
		f32.Exp(d, d)
	default:
		UnaryFloat(Exp, dst, dst)
	}
	BinaryScalar(Mul, dst, dst, 1/Sum(dst))
}

// LogSoftmaxRow computes dst[i] = a[i] - max - ln Σ e^(a[j]-max), the logarithm of [SoftmaxRow] without its underflow.
// dst may be a. Special values are as [SoftmaxRow]'s, but for the logarithm of 0, which is -Inf. The sum is taken in
// float64, so the error is that of the two subtractions: at most 4u·(max - a[i] + ln n) with u = 2^-24 or 2^-53.
func LogSoftmaxRow[T Float](dst, a []T) {
	a = a[:len(dst)]
	if len(a) == 0 || !shiftByMax(dst, a) {
		return
	}
	BinaryScalar(Sub, dst, dst, T(math.Log(sumExp(dst))))
}

// shiftByMax computes dst = a - max(a). If max(a) is not finite, dst becomes NaN throughout and the answer is false.
func shiftByMax[T Float](dst, a []T) bool {
	m := MaxOf(a)
	if m-m != 0 {
		Fill(dst, T(math.NaN()))
		return false
	}
	BinaryScalar(Sub, dst, a, m)
	return true
}

// sumExp is Σ e^a[i] for a[i] <= 0, summed in blocks so that the error grows with n/expBlock, not with n.
func sumExp[T Float](a []T) float64 {
	var e [expBlock]float64
	total := 0.0
	for len(a) > 0 {
		n := widen(&e, a)
		expEach(e[:n])
		block := 0.0
		for _, v := range e[:n] {
			block += v
		}
		total, a = total+block, a[n:]
	}
	return total
}
