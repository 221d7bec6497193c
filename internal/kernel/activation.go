package kernel

import "math"

// These activation functions have numbers of their own or are made of several others. As
// elsewhere, dst[i] depends on a[i] alone, dst may be a, and NaN stays NaN. Formulas are PyTorch's; they
// are computed in float64 and rounded once, which leaves 0.51 ulp, but for LeakyReLU.

// LeakyReLU computes a[i] for a[i] ≥ 0, and slope·a[i] below.
func LeakyReLU(dst, a []float32, slope float32) {
	a = a[:len(dst)]
	for i, v := range a {
		if v < 0 {
			v *= slope
		}
		dst[i] = v
	}
}

// SiLU computes x/(1 + e^-x). Its limit at -Inf is 0.
func SiLU(dst, a []float32) {
	a = a[:len(dst)]
	var e [expBlock]float64
	for len(a) > 0 {
		n := widen(&e, a)
		for i, x := range e[:n] {
			e[i] = -math.Abs(x)
		}
		expEach(e[:n])
		for i, v := range a[:n] {
			x := max(float64(v), siluFloor)
			dst[i] = float32(x * logistic(x, e[i]))
		}
		dst, a = dst[n:], a[n:]
	}
}

// siluFloor is where SiLU has long been 0 in float32; holding x there makes -Inf·0 a 0, not NaN.
const siluFloor = -500

// ELU computes x for x > 0, and alpha·(e^x - 1) below (Clevert, Unterthiner and Hochreiter, 2015).
func ELU(dst, a []float32, alpha float32) {
	a = a[:len(dst)]
	for i, v := range a {
		if v < 0 {
			v = float32(float64(alpha) * math.Expm1(float64(v)))
		}
		dst[i] = v
	}
}

// Softplus computes ln(1 + e^(beta·x))/beta, and x where beta·x > threshold.
func Softplus(dst, a []float32, beta, threshold float32) {
	a = a[:len(dst)]
	b := float64(beta)
	var e [expBlock]float64
	for len(a) > 0 {
		n := widen(&e, a)
		for i, x := range e[:n] {
			e[i] = -math.Abs(x * b)
		}
		expEach(e[:n])
		for i, v := range a[:n] {
			if x := float64(v) * b; x > float64(threshold) {
				dst[i] = v
			} else {
				dst[i] = float32((max(x, 0) + math.Log1p(e[i])) / b)
			}
		}
		dst, a = dst[n:], a[n:]
	}
}

// HardSigmoid computes slope·x + offset, held between 0 and 1.
func HardSigmoid(dst, a []float32, slope, offset float32) {
	a = a[:len(dst)]
	for i, v := range a {
		dst[i] = float32(max(0, min(1, float64(float64(v)*float64(slope))+float64(offset))))
	}
}

// HardSwish computes x·max(0, min(6, x+3))/6 (Howard et al., "Searching for MobileNetV3", 2019). Its
// limit at -Inf is 0.
func HardSwish(dst, a []float32) {
	a = a[:len(dst)]
	for i, v := range a {
		switch x := float64(v); {
		case x <= -3:
			dst[i] = 0
		case x < 3:
			dst[i] = float32(x * (x + 3) / 6)
		default:
			dst[i] = v
		}
	}
}
