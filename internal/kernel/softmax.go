package kernel

import "math"

// SoftmaxRow computes dst[i] = e^a[i] / Σ e^a[j] over one row, after subtracting the maximum so that nothing overflows.
// dst may be a. An empty row is left alone.
//
// A NaN or a +Inf in a, or a row of -Inf only, makes the whole row NaN, as in SciPy; a -Inf beside finite numbers
// is 0.
//
// The relative error of a result grows with its distance d = max - a[i], which is rounded before e^-d is taken. It is at
// most (80 + d)·2^-53 for float64 in rows of up to a million, and (80 + n/1024 + 3d)·2^-24 for float32 in rows of n. For
// float32 results under 1e-37 are 0, and all results have the same bits on every processor.
func SoftmaxRow[T Float](dst, a []T) {
	a = a[:len(dst)]
	if len(a) == 0 {
		return
	}
	if d, ok := any(dst).([]float32); ok {
		softmax32(active, d, any(a).([]float32), len(d))
		return
	}
	if !shiftByMax(dst, a) {
		return
	}
	UnaryFloat(Exp, dst, dst)
	BinaryScalar(Mul, dst, dst, 1/Sum(dst))
}

// SoftmaxRows is [SoftmaxRow] for rows of n elements, one after the other.
func SoftmaxRows(dst, a []float32, n int) { softmax32(active, dst, a, n) }

// LogSoftmaxRows is [LogSoftmaxRow] for rows of n elements, one after the other.
func LogSoftmaxRows(dst, a []float32, n int) {
	for ; len(dst) > 0; dst, a = dst[n:], a[n:] {
		logSoftmax32(active, dst[:n], a)
	}
}

// LogSoftmaxRow computes dst[i] = a[i] - max - ln Σ e^(a[j]-max), the logarithm of [SoftmaxRow] without its underflow.
// dst may be a. Special values are as [SoftmaxRow]'s, but for the logarithm of 0, which is -Inf. The error is that of
// the two subtractions and of the sum: at most (80 + n/1024 + 4(max - a[i] + ln n))·2^-24 for float32 in rows of n, and
// 4(max - a[i] + ln n)·2^-53 for float64.
func LogSoftmaxRow[T Float](dst, a []T) {
	a = a[:len(dst)]
	if d, ok := any(dst).([]float32); ok {
		logSoftmax32(active, d, any(a).([]float32))
		return
	}
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
