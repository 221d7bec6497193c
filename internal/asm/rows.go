package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// group is how many float32 the functions of rows take at a time, in both instruction sets:
// the sums of both then have the same order, and the same bits. No product is fused with a
// sum, so that the loops in Go agree as well.
const group = 16

// A wide is a group of float32: one register of AVX-512, or two of AVX2.
type wide []reg.Register

// parts is the number of registers in a group.
func (s *strip) parts() int { return group / s.lanes() }

// wide returns a new group.
func (s *strip) wide() (w wide) {
	for range s.parts() {
		w = append(w, s.vec(s.Context))
	}
	return w
}

// filled returns a group with a vector in each part.
func (s *strip) filled(v reg.Register) wide {
	w := s.wide()
	for _, p := range w {
		s.VMOVAPS(v, p)
	}
	return w
}

// cleared returns a group of zeros.
func (s *strip) cleared() wide {
	w := s.wide()
	for _, p := range w {
		s.zero(s.Context, p)
	}
	return w
}

// each calls an instruction for each part: dst = y op x, where x may be one vector for all.
func (s *strip) each(instruction func(ops ...operand.Op), x, y, dst wide) {
	for i := range dst {
		instruction(x[i%len(x)], y[i%len(y)], dst[i])
	}
}

// groupMasks loads the masks of the last group.
func (s *strip) groupMasks() (masks []operand.Op) {
	base := s.load("groupMask")
	for i := range s.parts() {
		masks = append(masks, s.loadMask(s.Context, operand.Mem{Base: base, Disp: i * s.bytes}))
	}
	return masks
}

// readGroup loads a group, so many behind the offset, with the filler where the masks have nothing.
func (s *strip) readGroup(base, at reg.GPVirtual, number int, masks []operand.Op, filler reg.Register) wide {
	w := s.wide()
	for i, v := range w {
		from := s.of(base, at, number*s.parts()+i)
		if masks == nil {
			s.VMOVUPS(from, v)
		} else {
			s.loadOr(s.Context, from, masks[i], filler, v)
		}
	}
	return w
}

// writeGroup stores a group.
func (s *strip) writeGroup(w wide, base, at reg.GPVirtual, number int, masks []operand.Op) {
	for i, v := range w {
		var mask operand.Op
		if masks != nil {
			mask = masks[i]
		}
		s.write(v, mask, s.of(base, at, number*s.parts()+i))
	}
}

// groups visits the n elements of a row, group by group, unroll groups at a time. at is the
// byte offset of the first; next, unless it is nil, is emitted before each run of runBytes.
func (s *strip) groups(label string, unroll int, at reg.GPVirtual, next func(), body func(groups int, masks []operand.Op)) {
	left, run := s.load("n"), s.GP64()
	s.MOVQ(operand.U32(0), at)
	s.Label(label + "Run")
	if next != nil {
		next()
	}
	s.MOVQ(left, run) // whole groups of the run
	s.CMPQ(run, operand.U32(runBytes/4))
	s.JLE(operand.LabelRef(label + "Short"))
	s.MOVQ(operand.U32(runBytes/4), run)
	s.Label(label + "Short")
	s.SUBQ(run, left)
	for _, n := range []int{unroll, 1} {
		name := fmt.Sprintf("%s%d", label, n)
		s.SUBQ(operand.U32(n*group), run)
		s.JLT(operand.LabelRef(name + "Done"))
		s.Label(name)
		body(n, nil)
		s.ADDQ(operand.U32(4*n*group), at)
		s.SUBQ(operand.U32(n*group), run)
		s.JGE(operand.LabelRef(name))
		s.Label(name + "Done")
		s.ADDQ(operand.U32(n*group), run)
		if unroll == 1 {
			break
		}
	}
	s.CMPQ(left, operand.U8(0))
	s.JNE(operand.LabelRef(label + "Run"))
	s.CMPQ(run, operand.U8(0))
	s.JEQ(operand.LabelRef(label + "End"))
	body(1, s.groupMasks())
	s.Label(label + "End")
}

// runBytes is after how many bytes of a row the sums are added to those of the whole row, so
// that rounding errors grow with a fraction of the length only.
const runBytes = 4096

// A rowSum is the sum of a row under construction.
type rowSum struct{ some, all wide }

// newSum returns the sum of nothing.
func (s *strip) newSum() rowSum { return rowSum{s.cleared(), s.cleared()} }

// flush adds the sums of a run to those of the row.
func (s *strip) flush(sum rowSum) {
	s.each(func(o ...operand.Op) { s.VADDPS(o[0], o[1], o[2]) }, sum.some, sum.all, sum.all)
	for _, p := range sum.some {
		s.zero(s.Context, p)
	}
}

// add adds a group.
func (s *strip) add(sum rowSum, w wide) {
	s.each(func(o ...operand.Op) { s.VADDPS(o[0], o[1], o[2]) }, w, sum.some, sum.some)
}

// total returns the sum, in all lanes.
func (s *strip) total(sum rowSum) reg.Register {
	add := func(x, y, dst reg.Register) { s.VADDPS(x, y, dst) }
	s.each(func(o ...operand.Op) { s.VADDPS(o[0], o[1], o[2]) }, sum.some, sum.all, sum.all)
	return s.fold(sum.all, add)
}

// fold combines all lanes, the first half with the second, and so on, and returns the
// result in all lanes: a step exchanges halves, so that each of them gets the same.
func (s *strip) fold(w wide, op func(x, y, dst reg.Register)) reg.Register {
	all, other := w[0], s.vec(s.Context)
	if len(w) == 2 {
		op(w[1], all, all)
		s.VPERM2F128(operand.U8(1), all, all, other)
		op(other, all, all)
	} else {
		for _, order := range []uint64{0x4e, 0xb1} {
			s.VSHUFF64X2(operand.Imm(order), all, all, other)
			op(other, all, all)
		}
	}
	for _, order := range []uint64{0x4e, 0xb1} {
		s.VPERMILPS(operand.Imm(order), all, other)
		op(other, all, all)
	}
	return all
}

// The constants of exp, in the order in which package kernel has them.
const (
	log2e = iota
	rounder
	power5
	power4
	power3
	power2
	power1
	unit
	lowest
	constants
)

// loadConstants returns the constants as operands: in registers, if there are enough.
func (s *strip) loadConstants() (all [constants]operand.Op) {
	base := s.load("x")
	for i := range all {
		m := operand.Mem{Base: base, Disp: 4 * group * i}
		all[i] = m
		if s.registers > 16 {
			v := s.vec(s.Context)
			s.VMOVUPS(m, v)
			all[i] = v
		}
	}
	return all
}

// exp replaces each part of w by e^w, for numbers that are not positive; 0 for what is less
// than the lowest. For NaN the result is arbitrary.
func (s *strip) exp(w wide, c *[constants]operand.Op) {
	for _, x := range w {
		steps, f, high, middle, low, square := s.vec(s.Context), s.vec(s.Context), s.vec(s.Context), s.vec(s.Context), s.vec(s.Context), s.vec(s.Context)
		s.VMULPS(c[log2e], x, f)
		s.VADDPS(c[rounder], f, steps)
		s.VSUBPS(c[rounder], steps, square)
		s.VSUBPS(square, f, f)
		s.VMULPS(f, f, square)
		s.VMULPS(c[power5], f, high)
		s.VADDPS(c[power4], high, high)
		s.VMULPS(c[power3], f, middle)
		s.VADDPS(c[power2], middle, middle)
		s.VMULPS(c[power1], f, low)
		s.VADDPS(c[unit], low, low)
		s.VMULPS(square, high, high)
		s.VADDPS(middle, high, high)
		s.VMULPS(square, high, high)
		s.VADDPS(low, high, high)
		s.VPSLLD(operand.U8(23), steps, steps)
		s.VPADDD(steps, high, high)
		s.keepUnlessLess(s.Context, x, c[lowest], high)
		s.VMOVAPS(high, x)
	}
}

// eachRow visits count rows.
func (s *strip) eachRow(body func(dst, src reg.GPVirtual)) {
	dst, src, count := s.load("dst"), s.load("src"), s.load("count")
	s.Label("row")
	body(dst, src)
	s.ADDQ(s.field("step"), src)
	s.ADDQ(s.field("next"), dst)
	s.DECQ(count)
	s.JNE(operand.LabelRef("row"))
}

// largest returns the maximum of a row, or NaN, in all lanes.
func (s *strip) largest(src, at reg.GPVirtual, none reg.Register) reg.Register {
	// Several maxima, for each waits for the one before it. Their order does not matter.
	most := []wide{s.filled(none), s.filled(none), s.filled(none)}[:min(3, s.registers/10)]
	s.groups("largest", len(most), at, nil, func(groups int, masks []operand.Op) {
		for n := range groups {
			for i, x := range s.readGroup(src, at, n, masks, none) {
				s.maxOrNaN(x, most[n][i])
			}
		}
	})
	for _, more := range most[1:] {
		for i, x := range more {
			s.maxOrNaN(x, most[0][i])
		}
	}
	return s.fold(most[0], func(x, y, dst reg.Register) { s.maxOrNaN(x, dst) })
}

// sumOfExp returns the sum of e^(x-m) over a row, which it stores if there is a dst.
func (s *strip) sumOfExp(dst, src, at reg.GPVirtual, m, none reg.Register, c *[constants]operand.Op) reg.Register {
	sum := s.newSum()
	s.groups("exp", 2, at, func() { s.flush(sum) }, func(groups int, masks []operand.Op) {
		for n := range groups {
			w := s.readGroup(src, at, n, masks, none)
			s.each(func(o ...operand.Op) { s.VSUBPS(o[0], o[1], o[2]) }, wide{m}, w, w)
			s.exp(w, c)
			s.add(sum, w)
			if dst != nil {
				s.writeGroup(w, dst, at, n, masks)
			}
		}
	})
	return s.total(sum)
}

// softmaxRows takes blocks of some rows through three steps: the maxima m, e^(x-m) and their
// sums, and the product with one over the sum, plus m-m, which is NaN if m is not a number or
// infinite. A step of one row does not wait for the same step of another.
func (s *strip) softmaxRows() {
	c, none, at := s.loadConstants(), s.spread("floor"), s.GP64()
	dst, src, count, block := s.load("dst"), s.load("src"), s.load("count"), s.GP64()
	room := s.GP64()
	s.LEAQ(s.AllocLocal(2*4*maxBlock), room)
	s.Label("block")
	s.MOVQ(s.field("rows"), block)
	s.CMPQ(count, block)
	s.JGE(operand.LabelRef("whole"))
	s.MOVQ(count, block)
	s.Label("whole")
	s.SUBQ(block, count)
	slot := s.GP64()
	of := func(n int) operand.Mem { return operand.Mem{Base: room, Index: slot, Scale: 4, Disp: 4 * maxBlock * n} }
	step := func(label string, body func(dst, src reg.GPVirtual)) {
		to, from := s.GP64(), s.GP64()
		s.MOVQ(dst, to)
		s.MOVQ(src, from)
		s.MOVQ(operand.U32(0), slot)
		s.Label(label + "Step")
		body(to, from)
		s.ADDQ(s.field("step"), from)
		s.ADDQ(s.field("next"), to)
		s.ADDQ(operand.U8(1), slot)
		s.CMPQ(slot, block)
		s.JLT(operand.LabelRef(label + "Step"))
		if label == "scale" {
			s.MOVQ(to, dst)
			s.MOVQ(from, src)
		}
	}
	step("largest", func(_, src reg.GPVirtual) {
		s.VMOVSS(s.largest(src, at, none).(reg.Vec).AsX(), of(0))
	})
	step("exp", func(dst, src reg.GPVirtual) {
		m := s.vec(s.Context)
		s.VBROADCASTSS(of(0), m)
		s.VMOVSS(s.sumOfExp(dst, src, at, m, none, &c).(reg.Vec).AsX(), of(1))
	})
	step("scale", func(dst, _ reg.GPVirtual) {
		m, sum, one := s.vec(s.Context), s.vec(s.Context), s.vec(s.Context)
		s.VBROADCASTSS(of(0), m)
		s.VBROADCASTSS(of(1), sum)
		s.VMOVUPS(c[unit], one)
		s.VDIVPS(sum, one, sum)
		s.VSUBPS(m, m, m)
		s.VADDPS(m, sum, sum)
		s.along("scale", 4, at, func(vectors int, mask operand.Op) {
			for i := range vectors {
				v := s.read(s.of(dst, at, i), mask)
				s.VMULPS(sum, v, v)
				s.write(v, mask, s.of(dst, at, i))
			}
		})
	})
	s.CMPQ(count, operand.U8(0))
	s.JNE(operand.LabelRef("block"))
}

// maxBlock is the most rows that are taken through the steps together.
const maxBlock = 16

// expSum puts the maximum of a row into the argument's floor and the sum of e^(x-m) into other.
func (s *strip) expSum() {
	c, none, at, src := s.loadConstants(), s.spread("floor"), s.GP64(), s.load("src")
	m := s.largest(src, at, none)
	s.VMOVSS(m.(reg.Vec).AsX(), s.field("floor"))
	sum := s.sumOfExp(nil, src, at, m, none, &c)
	s.VMOVSS(sum.(reg.Vec).AsX(), s.field("other"))
}

// subtract takes one number, and then another, from each element.
func (s *strip) subtract() {
	dst, src, at := s.load("dst"), s.load("src"), s.GP64()
	first, second := s.spread("floor"), s.spread("other")
	s.along("subtract", 4, at, func(vectors int, mask operand.Op) {
		for i := range vectors {
			v := s.read(s.of(src, at, i), mask)
			s.VSUBPS(first, v, v)
			s.VSUBPS(second, v, v)
			s.write(v, mask, s.of(dst, at, i))
		}
	})
}

// normalizeRows computes ((x - mean) / √(variance + eps)) · weight + bias: floor is eps, other
// the length of a row.
func (s *strip) normalizeRows() {
	x, y, at := s.load("x"), s.load("y"), s.GP64()
	s.eachRow(func(dst, src reg.GPVirtual) {
		nothing, length := s.vec(s.Context), s.spread("other")
		s.zero(s.Context, nothing)
		sum := s.newSum()
		s.groups("mean", 1, at, func() { s.flush(sum) }, func(_ int, masks []operand.Op) {
			s.add(sum, s.readGroup(src, at, 0, masks, nothing))
		})
		mean := s.total(sum)
		s.VDIVPS(length, mean, mean)
		sum = s.newSum()
		s.groups("variance", 1, at, func() { s.flush(sum) }, func(_ int, masks []operand.Op) {
			w := s.readGroup(src, at, 0, masks, mean)
			s.each(func(o ...operand.Op) { s.VSUBPS(o[0], o[1], o[2]) }, wide{mean}, w, w)
			for _, p := range w {
				s.VMULPS(p, p, p)
			}
			s.add(sum, w)
		})
		scale := s.total(sum)
		s.VDIVPS(length, scale, scale)
		eps, one := s.spread("floor"), s.vec(s.Context)
		s.VADDPS(eps, scale, scale)
		s.VSQRTPS(scale, scale)
		s.VDIVPS(length, length, one)
		s.VDIVPS(scale, one, scale)
		s.along("scale", 2, at, func(vectors int, mask operand.Op) {
			for i := range vectors {
				v := s.read(s.of(src, at, i), mask)
				s.VSUBPS(mean, v, v)
				s.VMULPS(scale, v, v)
				if mask == nil {
					s.VMULPS(s.of(x, at, i), v, v)
					s.VADDPS(s.of(y, at, i), v, v)
				} else {
					s.VMULPS(s.read(s.of(x, at, i), mask), v, v)
					s.VADDPS(s.read(s.of(y, at, i), mask), v, v)
				}
				s.write(v, mask, s.of(dst, at, i))
			}
		})
	})
}
