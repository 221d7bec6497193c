package kernel

import "math"

// GateSigmoid computes 1/(1+e^-a[i]) within 1.5e-7, for the gates of recurrent layers, which round sums of
// products by as much: a fraction of the cost of [UnaryFloat], whose result is accurate to the last
// place. It has the same bits on every processor. dst may be a.
func GateSigmoid(dst, a []float32) { gateOn(active, dst, a, 1, 0) }

// GateTanh computes tanh a[i] within 3e-7; see [GateSigmoid].
func GateTanh(dst, a []float32) { gateOn(active, dst, a, 2, 1) }

// gateMost is where e^-x is less than what exp32 computes: the result is a limit.
const gateMost = 88

// gateOn computes (p - minus·q)/(1 + p·q), where p = e^min(u, 0) and q = e^min(-u, 0), one of which is 1, for u =
// scale·a[i]:
//
//	1/(1+e^-u)            = e^u/(1+e^u)
//	tanh(u/2) = (1-e^-u)/(1+e^-u) = (e^u-1)/(e^u+1)
func gateOn(k isa, dst, a []float32, scale, minus float32) {
	n := len(dst)
	if n == 0 {
		return
	}
	a = a[:n]
	if k != generic {
		k.run(gate, &call{dst: address(&dst[0]), src: address(&a[0]), x: address(&expConstants[0][0]), n: n, mask: k.partial(n),
			floor: scale, other: minus, most: gateMost})
		return
	}
	for i, v := range a {
		u := v * scale
		if u < -gateMost {
			u = -gateMost
		} else if u > gateMost {
			u = gateMost
		}
		if u != u {
			dst[i] = float32(math.NaN())
			continue
		}
		positive := max(u, 0)
		p, q := exp32(u-positive), exp32(-positive)
		dst[i] = (p-float32(minus*q))/(1+float32(p*q)) + 0 // never -0
	}
}
