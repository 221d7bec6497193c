package main

import (
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// quantize computes x/floor, rounded to even and moved by the zero point, for n elements: whole vectors
// only. floor is the scale, other the zero point as a number, zero the same as an integer, and most
// the largest byte as a number. AVX-512 stores bytes, AVX2 numbers of 16 bits.
func (s *strip) quantize() {
	dst, src, left := s.load("dst"), s.load("src"), s.load("n")
	scale, zero := s.spread("floor"), s.spread("other")
	low, high, moved := s.vec(s.Context), s.vec(s.Context), s.vec(s.Context)
	s.VBROADCASTSS(s.field("most"), high)
	s.zero(s.Context, low)
	s.VSUBPS(zero, low, low)
	s.VSUBPS(zero, high, high)
	s.VBROADCASTSS(s.field("zero"), moved)
	s.Label("vector")
	v := s.vec(s.Context)
	s.VMOVUPS(operand.Mem{Base: src}, v)
	s.VDIVPS(scale, v, v)
	s.VMAXPS(low, v, v) // the lower bound for NaN
	s.VMINPS(high, v, v)
	s.VCVTPS2DQ(v, v)
	if s.bytes == 64 {
		s.VPADDD(moved, v, v)
		s.VPMOVDB(v, operand.Mem{Base: dst})
	} else {
		other := s.XMM()
		s.VPADDD(moved, v, v)
		s.VEXTRACTF128(operand.U8(1), v, other)
		s.VPACKUSDW(other, v.(reg.Vec).AsX(), other)
		s.VMOVUPS(other, operand.Mem{Base: dst})
	}
	s.ADDQ(operand.U8(s.bytes), src)
	s.ADDQ(operand.U8(16), dst)
	s.SUBQ(operand.U8(s.lanes()), left)
	s.JNE(operand.LabelRef("vector"))
}

// dequantize computes max(float(src - zero·sums) · (x·other) + y, floor) for n elements, where src and sums
// are integers of 32 bits, and zero is the zero point.
func (s *strip) dequantize() {
	dst, src, x, y, sums, at := s.load("dst"), s.load("src"), s.load("x"), s.load("y"), s.load("sums"), s.GP64()
	floor, scale, zero := s.spread("floor"), s.spread("other"), s.vec(s.Context)
	s.VBROADCASTSS(s.field("zero"), zero)
	s.along("vector", 2, at, func(vectors int, mask operand.Op) {
		for i := range vectors {
			v, moved, factor := s.read(s.of(src, at, i), mask), s.read(s.of(sums, at, i), mask), s.read(s.of(x, at, i), mask)
			s.VPMULLD(zero, moved, moved)
			s.VPSUBD(moved, v, v)
			s.VCVTDQ2PS(v, v)
			s.VMULPS(scale, factor, factor)
			s.VMULPS(factor, v, v)
			s.VADDPS(s.read(s.of(y, at, i), mask), v, v)
			s.VMAXPS(v, floor, v)
			s.write(v, mask, s.of(dst, at, i))
		}
	})
}
