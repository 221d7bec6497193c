package x86

import "math"

// FMA32 is a·b+c with a single rounding. The product is exact in float64; the
// sum is rounded to odd there, after which rounding to float32 cannot err twice
// (Boldo & Melquiond 2008, "Emulation of FMA and correctly rounded sums").
func FMA32(a, b, c float32) float32 {
	x, y := float64(a)*float64(b), float64(c)
	s := x + y
	back := s - x
	rest := (x - (s - back)) + (y - back) // s + rest is the exact sum (Knuth's TwoSum)
	if bits := math.Float64bits(s); rest != 0 && bits&1 == 0 && !math.IsInf(s, 0) && rest == rest {
		if (rest > 0) == (s > 0) {
			bits++
		} else {
			bits--
		}
		s = math.Float64frombits(bits)
	}
	return float32(s)
}
