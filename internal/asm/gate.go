package main

import "github.com/mmcloughlin/avo/operand"

// gate computes (p - other·q) / (1 + p·q) for n elements, where p is e^min(u, 0) and q is e^min(-u, 0), one of
// which is 1, and u is floor·x held between -most and most: the logistic function if floor is 1 and
// other is 0, the hyperbolic tangent if they are 2 and 1. NaN passes both bounds, and 0·u adds it to
// the result.
func (s *strip) gate() {
	c, at := s.loadConstants(), s.GP64()
	dst, src := s.load("dst"), s.load("src")
	scale, other, low, high, zero := s.spread("floor"), s.spread("other"), s.vec(s.Context), s.spread("most"), s.vec(s.Context)
	s.zero(s.Context, zero)
	s.VSUBPS(high, zero, low)
	s.along("gate", 1, at, func(_ int, mask operand.Op) {
		u := s.read(s.of(src, at, 0), mask)
		s.VMULPS(scale, u, u)
		s.VMAXPS(u, low, u)
		s.VMINPS(u, high, u)
		positive, p, q := s.vec(s.Context), s.vec(s.Context), s.vec(s.Context)
		s.VMAXPS(zero, u, positive)
		s.VSUBPS(positive, u, p)
		s.VSUBPS(positive, zero, q)
		s.exp(wide{p, q}, &c)
		s.VMULPS(p, q, positive)
		s.VADDPS(c[unit], positive, positive)
		s.VMULPS(other, q, q)
		s.VSUBPS(q, p, p)
		s.VDIVPS(positive, p, p)
		s.VMULPS(zero, u, u)
		s.VADDPS(u, p, p)
		s.write(p, mask, s.of(dst, at, 0))
	})
}
