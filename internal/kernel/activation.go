package kernel

import "math"

// The activation functions are e^-|u| with something before and something after it. e^-|u| lies in [0, 1], so nothing
// overflows, and each formula below keeps its relative accuracy in both tails. expEach runs on a block of them at a time,
// in float64, whatever the element type; dst may be a.

func expAll[T Float](dst, a []T) {
	var e [expBlock]float64
	for len(a) > 0 {
		n := widen(&e, a)
		expEach(e[:n])
		for i, v := range e[:n] {
			dst[i] = T(v)
		}
		dst, a = dst[n:], a[n:]
	}
}

// sigmoidAll is 1/(1+e^-x).
func sigmoidAll[T Float](dst, a []T) {
	var e [expBlock]float64
	for len(a) > 0 {
		n := widen(&e, a)
		for i, x := range e[:n] {
			e[i] = -math.Abs(x)
		}
		expEach(e[:n])
		for i, x := range a[:n] {
			dst[i] = T(logistic(float64(x), e[i]))
		}
		dst, a = dst[n:], a[n:]
	}
}

// tanhAll is (1-e^-2|x|)/(1+e^-2|x|) with the sign of x, and math.Tanh under 0.625, where that formula cancels (the
// split is Cephes').
func tanhAll[T Float](dst, a []T) {
	var e [expBlock]float64
	for len(a) > 0 {
		n := widen(&e, a)
		for i, x := range e[:n] {
			e[i] = -2 * math.Abs(x)
		}
		expEach(e[:n])
		for i, v := range a[:n] {
			x := float64(v)
			if x > -0.625 && x < 0.625 {
				dst[i] = T(math.Tanh(x))
			} else {
				dst[i] = T(math.Copysign((1-e[i])/(1+e[i]), x))
			}
		}
		dst, a = dst[n:], a[n:]
	}
}

// geluTanhAll is 0.5x(1+tanh(u/2)) with u = 2√(2/π)(x+0.044715x³), written as x·sigmoid(u), which is equal and does not
// cancel. (D. Hendrycks, K. Gimpel, "Gaussian error linear units", arXiv:1606.08415.) Its limit at -Inf is 0.
func geluTanhAll[T Float](dst, a []T) {
	const c = 2 * 0.7978845608028654 // 2√(2/π)
	var e [expBlock]float64
	for len(a) > 0 {
		n := widen(&e, a)
		for i, x := range e[:n] {
			e[i] = -math.Abs(c * x * (1 + 0.044715*x*x))
		}
		expEach(e[:n])
		for i, v := range a[:n] {
			x := max(float64(v), geluFloor)
			dst[i] = T(x * logistic(x, e[i]))
		}
		dst, a = dst[n:], a[n:]
	}
}

// geluFloor is where both forms of GELU have long been 0 in float64; holding x there makes -Inf·0 a 0, not NaN.
const geluFloor = -40

// gelu is x·Φ(x), Φ the normal distribution function, through erfc so that the left tail keeps its relative accuracy.
func gelu(x float64) float64 {
	x = max(x, geluFloor)
	return 0.5 * x * math.Erfc(-x/math.Sqrt2)
}

// logistic is 1/(1+e^-x) given e = e^-|x|.
func logistic(x, e float64) float64 {
	if x < 0 {
		return e / (1 + e)
	}
	return 1 / (1 + e)
}

// widen fills e from the front of a and returns how many elements that were.
func widen[T Float](e *[expBlock]float64, a []T) int {
	n := min(len(a), expBlock)
	for i, v := range a[:n] {
		e[i] = float64(v)
	}
	return n
}
