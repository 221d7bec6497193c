package main

import (
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// The transforms of F(2×2, 3×3) (A. Lavin and S. Gray, "Fast Algorithms for Convolutional Neural
// Networks", 2016) are sums and differences only:
//
//	Bᵀ = | 1  0 -1  0 |    Aᵀ = | 1  1  1  0 |
//	     | 0  1  1  0 |         | 0  1 -1 -1 |
//	     | 0 -1  1  0 |
//	     | 0  1  0 -1 |

// winogradIn computes Bᵀ·d·B for count tiles of 4×4 pixels, side by side, and stores element
// (i, j) in plane 4i+j of dst.
func (s *strip) winogradIn() {
	dst, src, count := s.load("dst"), s.load("src"), s.load("count")
	pixel, pixel3 := s.load("pixel"), s.GP64()
	s.LEAQ(operand.Mem{Base: pixel, Index: pixel, Scale: 2}, pixel3)
	at, left, to, row := s.GP64(), s.GP64(), s.GP64(), []reg.GPVirtual{s.GP64(), s.GP64(), s.GP64(), s.GP64()}
	mask := s.tailMask()
	of := func(r, j int) operand.Mem {
		switch m := (operand.Mem{Base: row[r]}); j {
		case 1, 2:
			m.Index, m.Scale = pixel, uint8(j)
			return m
		case 3:
			m.Index, m.Scale = pixel3, 1
			return m
		default:
			return m
		}
	}
	s.Label("tile")
	s.MOVQ(s.field("n"), left)
	s.alongMasked("channels", 1, at, left, mask, func(_ int, mask operand.Op) {
		s.LEAQ(operand.Mem{Base: src, Index: at, Scale: 1}, row[0])
		for r := range 3 {
			s.MOVQ(row[r], row[r+1])
			s.ADDQ(s.field("line"), row[r+1])
		}
		s.LEAQ(operand.Mem{Base: dst, Index: at, Scale: 1}, to)
		for i := range 4 {
			var t [4]reg.Register
			for j := range t {
				t[j] = s.transformed(i, func(r int) reg.Register { return s.read(of(r, j), mask) })
			}
			for j := range 4 {
				v := s.vec(s.Context)
				switch j {
				case 0:
					s.VSUBPS(t[2], t[0], v)
				case 1:
					s.VADDPS(t[2], t[1], v)
				case 2:
					s.VSUBPS(t[1], t[2], v)
				case 3:
					s.VSUBPS(t[3], t[1], v)
				}
				s.write(v, mask, operand.Mem{Base: to})
				if i+j < 6 {
					s.ADDQ(s.field("plane"), to)
				}
			}
		}
	})
	s.ADDQ(s.field("step"), src)
	s.ADDQ(s.field("next"), dst)
	s.DECQ(count)
	s.JNE(operand.LabelRef("tile"))
}

// transformed is element i of Bᵀ·d for a column d.
func (s *strip) transformed(i int, d func(r int) reg.Register) reg.Register {
	pair := [4][2]int{{0, 2}, {1, 2}, {2, 1}, {1, 3}}[i]
	x, y := d(pair[0]), d(pair[1])
	if i == 1 {
		s.VADDPS(y, x, x)
	} else {
		s.VSUBPS(y, x, x)
	}
	return x
}

// winogradOut computes max(Aᵀ·m·A + y, floor) for count tiles, of which src has element (i, j) in
// plane 4i+j. Of the 2×2 pixels the upper left one is stored last: where line or pixel is 0, it, or
// the upper or left ones, take the place of those that are not wanted.
func (s *strip) winogradOut() {
	dst, src, count, bias := s.load("dst"), s.load("src"), s.load("count"), s.load("y")
	at, left, from, to := s.GP64(), s.GP64(), s.GP64(), s.GP64()
	mask, floor := s.tailMask(), s.spread("floor")
	s.Label("tile")
	s.MOVQ(s.field("n"), left)
	s.alongMasked("channels", 1, at, left, mask, func(_ int, mask operand.Op) {
		s.LEAQ(operand.Mem{Base: src, Index: at, Scale: 1}, from)
		var sums [2][4]reg.Register // Aᵀ·m
		for i := range 4 {
			for j := range 4 {
				m := s.read(operand.Mem{Base: from}, mask)
				if i+j < 6 {
					s.ADDQ(s.field("plane"), from)
				}
				switch i {
				case 0:
					sums[0][j] = m
				case 1:
					sums[1][j] = m
					s.VADDPS(m, sums[0][j], sums[0][j])
				case 2:
					s.VADDPS(m, sums[0][j], sums[0][j])
					s.VSUBPS(m, sums[1][j], sums[1][j])
				case 3:
					s.VSUBPS(m, sums[1][j], sums[1][j])
				}
			}
		}
		b := s.read(s.of(bias, at, 0), mask)
		s.LEAQ(operand.Mem{Base: dst, Index: at, Scale: 1}, to)
		s.ADDQ(s.field("line"), to)
		for i := 1; i >= 0; i-- {
			x := sums[i]
			left, right := x[0], x[3] // of the two pixels
			s.VADDPS(x[1], left, left)
			s.VADDPS(x[2], left, left)
			s.VSUBPS(x[2], x[1], x[1])
			s.VSUBPS(right, x[1], right)
			s.ADDQ(s.field("pixel"), to)
			for j, v := range []reg.Register{right, left} {
				s.VADDPS(b, v, v)
				s.VMAXPS(v, floor, v)
				s.write(v, mask, operand.Mem{Base: to})
				if j == 0 {
					s.SUBQ(s.field("pixel"), to)
				} else if i == 1 {
					s.SUBQ(s.field("line"), to)
				}
			}
		}
	})
	s.ADDQ(s.field("step"), src)
	s.ADDQ(s.field("next"), dst)
	s.DECQ(count)
	s.JNE(operand.LabelRef("tile"))
}
