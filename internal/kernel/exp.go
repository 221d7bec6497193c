package kernel

import "math"

// expSteps is the number of table steps per octave, and expTable[j] is 2^(j/expSteps) rounded to float64.
const expSteps = 32

var expTable = func() (t [expSteps]float64) {
	for j := range t {
		t[j] = math.Exp2(float64(j) / expSteps)
	}
	return
}()

// ln(2)/expSteps in two parts: the first has its low 27 bits clear, so that its product with any step count met here
// (under 2^16) is exact, and the second is what the first leaves out.
const (
	expLn2Hi = 0x1.62e42feep-1 / expSteps
	expLn2Lo = 0x1.a39ef35793c76p-33 / expSteps
)

// expBlock is how many elements the functions built on e^x take at a time, as float64 on the stack.
const expBlock = 64

// expEach replaces every x by e^x in float64, within 1.4 units in the last place (a test measures it against math/big). It
// is more than twice as fast as math.Exp: it leaves NaN and arguments outside [-700, 700], whose result need not be a
// finite, normal number, to another function, and a loop without calls lets the processor work on several elements at
// once.
//
// The method is table-driven range reduction (P. T. P. Tang, "Table-driven implementation of the exponential function
// in IEEE floating-point arithmetic", ACM TOMS 15(2), 1989): x = (32q + j)·ln2/32 + r with |r| <= ln2/64, and
// e^x = 2^q · 2^(j/32) · e^r, where e^r is a Taylor polynomial of degree 6 (relative error 3e-18).
func expEach(xs []float64) {
	for i, x := range xs {
		if !(x >= -700 && x <= 700) {
			xs[i] = expFar(x)
			continue
		}
		k, r := expReduce(x)
		scale := math.Float64frombits(math.Float64bits(expTable[k&(expSteps-1)]) + uint64(k>>5)<<52) // 2^5 steps
		xs[i] = scale + scale*expPolynomial(r)
	}
}

// expFar is e^x for what expEach leaves. (On amd64 math.Exp, up to Go 1.26, is infinite from 709.44 on, where e^x is
// finite up to 709.78.)
func expFar(x float64) float64 {
	switch {
	case x != x:
		return x
	case x > 710:
		return math.Inf(1)
	case x < -746:
		return 0
	}
	k, r := expReduce(x)
	m := expTable[k&(expSteps-1)]
	return math.Ldexp(m+m*expPolynomial(r), int(int32(k)>>5))
}

// expReduce returns k = 32q + j, in its low 32 bits, and r of the range reduction.
func expReduce(x float64) (k int64, r float64) {
	const round = 0x1.8p52 // adding it rounds to an integer, which is left in the low bits
	z := x*(expSteps*math.Log2E) + round
	k = int64(math.Float64bits(z))
	z -= round
	return k, (x - float64(z*expLn2Hi)) - z*expLn2Lo
}

// expPolynomial is e^r - 1.
func expPolynomial(r float64) float64 {
	r2 := r * r
	return r + r2*((1./2+r*(1./6))+r2*((1./24+r*(1./120))+r2*(1./720)))
}

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
