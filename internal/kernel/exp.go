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

// expEach replaces every x by e^x in float64, within 1.4 units in the last place (a test measures it against math/big);
// NaN and arguments outside [-700, 700] are left to math.Exp. It is more than twice as fast as math.Exp: it may assume a
// finite, normal result, and a loop without calls lets the processor work on several elements at once.
//
// The method is table-driven range reduction (P. T. P. Tang, "Table-driven implementation of the exponential function
// in IEEE floating-point arithmetic", ACM TOMS 15(2), 1989): x = (32q + j)·ln2/32 + r with |r| <= ln2/64, and
// e^x = 2^q · 2^(j/32) · e^r, where e^r is a Taylor polynomial of degree 6 (relative error 3e-18).
func expEach(xs []float64) {
	const round = 0x1.8p52 // adding it rounds to an integer, which is left in the low bits
	for i, x := range xs {
		if !(x >= -700 && x <= 700) {
			xs[i] = math.Exp(x)
			continue
		}
		z := x*(expSteps*math.Log2E) + round
		k := int64(math.Float64bits(z))
		z -= round
		r := (x - float64(z*expLn2Hi)) - z*expLn2Lo
		scale := math.Float64frombits(math.Float64bits(expTable[k&(expSteps-1)]) + uint64(k>>5)<<52) // 2^5 steps
		r2 := r * r
		p := r + r2*((1./2+r*(1./6))+r2*((1./24+r*(1./120))+r2*(1./720)))
		xs[i] = scale + scale*p
	}
}
