package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// abreast is how many pixels of a depthwise convolution are computed together: each of them reads
// the same weights.
const abreast = 4

// depthwise computes max(y + Σ x·src, floor) for count pixels of n channels, where the sum is over
// rows × cols pixels of the source, one after the other, and x are their weights. It goes along the
// channels of a few pixels before it goes on to the next ones: pixel by pixel, many channels would
// be at distances that share the lines of a cache.
func (s *strip) depthwise() {
	dst, src, count := s.load("dst"), s.load("src"), s.load("count")
	at, left, step, step3 := s.GP64(), s.GP64(), s.load("step"), s.GP64()
	s.LEAQ(operand.Mem{Base: step, Index: step, Scale: 2}, step3)
	mask, floor := s.tailMask(), s.spread("floor")
	for _, pixels := range []int{abreast, 1} {
		name := fmt.Sprint("pixels", pixels)
		s.CMPQ(count, operand.U8(pixels))
		s.JLT(operand.LabelRef(name + "Done"))
		s.Label(name)
		s.MOVQ(s.field("n"), left)
		chunk := 0
		s.alongMasked(name+"Channels", 1, at, left, mask, func(_ int, mask operand.Op) {
			chunk++
			s.pixels(fmt.Sprint(name, "Chunk", chunk), pixels, dst, src, at, step, step3, mask, floor)
		})
		for range pixels {
			s.ADDQ(step, src)
			s.ADDQ(s.field("next"), dst)
		}
		s.SUBQ(operand.U8(pixels), count)
		s.CMPQ(count, operand.U8(pixels))
		s.JGE(operand.LabelRef(name))
		s.Label(name + "Done")
	}
}

// pixels computes one vector of some pixels.
func (s *strip) pixels(label string, pixels int, dst, src, at, step, step3 reg.GPVirtual, mask operand.Op, floor reg.Register) {
	p, q, w, i, j := s.GP64(), s.GP64(), s.GP64(), s.GP64(), s.GP64()
	sums := make([]reg.Register, pixels)
	s.MOVQ(s.field("y"), w)
	sums[0] = s.read(s.of(w, at, 0), mask)
	for n := 1; n < pixels; n++ {
		sums[n] = s.vec(s.Context)
		s.VMOVAPS(sums[0], sums[n])
	}
	s.MOVQ(s.field("x"), w)
	s.ADDQ(at, w)
	s.LEAQ(operand.Mem{Base: src, Index: at, Scale: 1}, p)
	s.MOVQ(s.field("rows"), i)
	s.Label(label + "Row")
	s.MOVQ(p, q)
	s.MOVQ(s.field("cols"), j)
	s.Label(label + "Column")
	weight := s.read(operand.Mem{Base: w}, mask)
	for n, sum := range sums {
		m := operand.Mem{Base: q}
		switch n {
		case 1, 2:
			m.Index, m.Scale = step, uint8(n)
		case 3:
			m.Index, m.Scale = step3, 1
		}
		product := s.vec(s.Context)
		if mask == nil {
			s.VMULPS(m, weight, product)
		} else {
			s.VMULPS(s.read(m, mask), weight, product)
		}
		s.VADDPS(product, sum, sum)
	}
	s.ADDQ(s.field("wpixel"), w)
	s.ADDQ(s.field("pixel"), q)
	s.DECQ(j)
	s.JNE(operand.LabelRef(label + "Column"))
	s.ADDQ(s.field("wskip"), w)
	s.ADDQ(s.field("line"), p)
	s.DECQ(i)
	s.JNE(operand.LabelRef(label + "Row"))
	s.LEAQ(operand.Mem{Base: dst, Index: at, Scale: 1}, q)
	for n, sum := range sums {
		s.VMAXPS(sum, floor, sum)
		s.write(sum, mask, operand.Mem{Base: q})
		if n < pixels-1 {
			s.ADDQ(s.field("next"), q)
		}
	}
}

// depthwise3 is depthwise for windows of 3×3 pixels side by side that move by one pixel, for
// count times abreast of them: a pixel of the source is read once for all that it belongs to.
func (s *strip) depthwise3() {
	dst, src, count := s.load("dst"), s.load("src"), s.load("count")
	at, left, pixel, pixel3, pixel5 := s.GP64(), s.GP64(), s.load("pixel"), s.GP64(), s.GP64()
	s.LEAQ(operand.Mem{Base: pixel, Index: pixel, Scale: 2}, pixel3)
	s.LEAQ(operand.Mem{Base: pixel, Index: pixel, Scale: 4}, pixel5)
	p, w := s.GP64(), s.GP64()
	mask, floor := s.tailMask(), s.spread("floor")
	of := func(base reg.Register, i int) operand.Mem {
		switch m := (operand.Mem{Base: base}); i {
		case 1, 2, 4:
			m.Index, m.Scale = pixel, uint8(i)
			return m
		case 3:
			m.Index, m.Scale = pixel3, 1
			return m
		case 5:
			m.Index, m.Scale = pixel5, 1
			return m
		default:
			return m
		}
	}
	s.Label("pixels")
	s.MOVQ(s.field("n"), left)
	s.alongMasked("channels", 1, at, left, mask, func(_ int, mask operand.Op) {
		sums := make([]reg.Register, abreast)
		s.MOVQ(s.field("y"), w)
		sums[0] = s.read(s.of(w, at, 0), mask)
		for n := 1; n < abreast; n++ {
			sums[n] = s.vec(s.Context)
			s.VMOVAPS(sums[0], sums[n])
		}
		s.MOVQ(s.field("x"), w)
		s.ADDQ(at, w)
		s.LEAQ(operand.Mem{Base: src, Index: at, Scale: 1}, p)
		for r := range 3 {
			var weights [3]reg.Register
			for i := range weights {
				weights[i] = s.read(of(w, i), mask)
			}
			for c := range abreast + 2 {
				x := s.read(of(p, c), mask)
				for n := max(0, c-2); n <= min(c, abreast-1); n++ {
					product := s.vec(s.Context)
					s.VMULPS(x, weights[c-n], product)
					s.VADDPS(product, sums[n], sums[n])
				}
			}
			if r < 2 {
				s.ADDQ(s.field("line"), p)
				s.ADDQ(pixel3, w)
			}
		}
		s.LEAQ(operand.Mem{Base: dst, Index: at, Scale: 1}, p)
		for n, sum := range sums {
			s.VMAXPS(sum, floor, sum)
			s.write(sum, mask, of(p, n))
		}
	})
	s.LEAQ(operand.Mem{Base: src, Index: pixel, Scale: abreast}, src)
	s.LEAQ(operand.Mem{Base: dst, Index: pixel, Scale: abreast}, dst)
	s.DECQ(count)
	s.JNE(operand.LabelRef("pixels"))
}
