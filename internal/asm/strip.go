package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/gotypes"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// A strip is a function of package kernel under construction: one that takes float32 along
// contiguous rows, a vector at a time, and the last one with a mask.
type strip struct {
	*build.Context
	*isa
	call gotypes.Component // the argument, dereferenced
}

// A stripKind is one of them.
type stripKind struct {
	name, doc string
	body      func(s *strip)
}

// strips are all of them.
var strips = []stripKind{
	{"affine", "dst = max(src·x + y, floor), each of n elements", (*strip).affine},
	{"windowMax", "the maxima over windows, or NaN", func(s *strip) { s.window(true) }},
	{"windowSum", "the sums over windows, column by column", func(s *strip) { s.window(false) }},
	{"softmaxRows", "e^(x-m) / Σ e^(x-m) for count rows of n elements with the maximum m", (*strip).softmaxRows},
	{"expSum", "m and Σ e^(x-m) for one row", (*strip).expSum},
	{"subtract", "dst = (src - floor) - other", (*strip).subtract},
	{"depthwise", "a filter of its own for each channel", (*strip).depthwise},
	{"depthwise3", "the same with windows of 3×3 pixels", (*strip).depthwise3},
	{"winogradIn", "Bᵀ·d·B of tiles", (*strip).winogradIn},
	{"winogradOut", "Aᵀ·m·A of tiles", (*strip).winogradOut},
	{"quantize", "bytes from numbers", (*strip).quantize},
	{"dequantize", "numbers from sums of products of bytes", (*strip).dequantize},
	{"normalizeRows", "rows of mean 0 and variance 1, times x, plus y", (*strip).normalizeRows},
	{"gate", "(p - other·q) / (1 + p·q), where p and q are the exponentials of floor·x and -floor·x or 1", (*strip).gate},
}

// full is the name of the function for an instruction set.
func (s stripKind) full(i *isa) string { return i.name + string(s.name[0]-'a'+'A') + s.name[1:] }

// emitStrip writes one of them for an instruction set.
func emitStrip(c *build.Context, i *isa, kind stripKind, sig *gotypes.Signature) {
	c.Function(kind.full(i))
	c.Attributes(attrNoSplit)
	c.Pragma("noescape")
	c.Doc(fmt.Sprintf("%s computes %s.", kind.full(i), kind.doc))
	c.Signature(sig)
	s := &strip{Context: c, isa: i}
	s.call = s.Dereference(s.Param("t"))
	kind.body(s)
	c.VZEROUPPER()
	c.RET()
}

// field is a field of the argument as a memory operand.
func (s *strip) field(name string) operand.Mem {
	f, err := s.call.Field(name).Resolve()
	if err != nil {
		panic(err)
	}
	return f.Addr
}

// load loads a field into a general register.
func (s *strip) load(name string) reg.GPVirtual {
	r := s.GP64()
	s.MOVQ(s.field(name), r)
	return r
}

// lanes is the number of float32 in a vector.
func (s *strip) lanes() int { return s.bytes / 4 }

// spread loads a float32 field into all lanes of a vector.
func (s *strip) spread(name string) reg.Register {
	v := s.vec(s.Context)
	s.VBROADCASTSS(s.field(name), v)
	return v
}

// tailMask loads the mask of the last vector.
func (s *strip) tailMask() operand.Op {
	return s.loadMask(s.Context, operand.Mem{Base: s.load("mask")})
}

// read loads one vector, of which the mask, unless it is nil, says what is there.
func (s *strip) read(from operand.Mem, mask operand.Op) reg.Register {
	v := s.vec(s.Context)
	if mask == nil {
		s.VMOVUPS(from, v)
	} else {
		s.loadPart(s.Context, from, mask, v)
	}
	return v
}

// write stores one vector.
func (s *strip) write(v reg.Register, mask operand.Op, to operand.Mem) {
	if mask == nil {
		s.VMOVUPS(v, to)
	} else {
		s.storeSome(s.Context, v, mask, to)
	}
}

// along visits the n elements of a row: body is emitted for unroll vectors, for one, and
// for the last, masked one. at is the byte offset of the first of these vectors.
func (s *strip) along(label string, unroll int, at reg.GPVirtual, body func(vectors int, mask operand.Op)) {
	left := s.load("n")
	s.alongMasked(label, unroll, at, left, nil, body)
}

// alongMasked is along for left elements, which it counts down, with the mask of the last
// vector; nil if it is to be loaded.
func (s *strip) alongMasked(label string, unroll int, at, left reg.GPVirtual, mask operand.Op, body func(vectors int, mask operand.Op)) {
	s.MOVQ(operand.U32(0), at)
	for _, vectors := range []int{unroll, 1} {
		name := fmt.Sprintf("%s%d", label, vectors)
		s.CMPQ(left, operand.U32(vectors*s.lanes()))
		s.JLT(operand.LabelRef(name + "Done"))
		s.Label(name)
		body(vectors, nil)
		s.ADDQ(operand.U32(vectors*s.bytes), at)
		s.SUBQ(operand.U32(vectors*s.lanes()), left)
		s.CMPQ(left, operand.U32(vectors*s.lanes()))
		s.JGE(operand.LabelRef(name))
		s.Label(name + "Done")
		if unroll == 1 {
			break
		}
	}
	s.CMPQ(left, operand.U8(0))
	s.JEQ(operand.LabelRef(label + "End"))
	if mask == nil {
		mask = s.tailMask()
	}
	body(1, mask)
	s.Label(label + "End")
}

// of is a vector at base and an offset.
func (s *strip) of(base, at reg.GPVirtual, v int) operand.Mem {
	return operand.Mem{Base: base, Index: at, Scale: 1, Disp: v * s.bytes}
}

// affine rounds the product and the sum, as two functions would. A maximum with the value
// as last source passes NaN and, if the floor is -∞ or 0, the sign of a zero.
func (s *strip) affine() {
	dst, src, x, y, at := s.load("dst"), s.load("src"), s.load("x"), s.load("y"), s.GP64()
	floor := s.spread("floor")
	s.along("affine", 4, at, func(vectors int, mask operand.Op) {
		for i := range vectors {
			v := s.read(s.of(src, at, i), mask)
			if mask == nil {
				s.VMULPS(s.of(x, at, i), v, v)
				s.VADDPS(s.of(y, at, i), v, v)
			} else {
				s.VMULPS(s.read(s.of(x, at, i), mask), v, v)
				s.VADDPS(s.read(s.of(y, at, i), mask), v, v)
			}
			s.VMAXPS(v, floor, v)
			s.write(v, mask, s.of(dst, at, i))
		}
	})
}

// window combines rows × cols pixels of n channels for each of count results.
func (s *strip) window(isMax bool) {
	dst, src, count := s.load("dst"), s.load("src"), s.load("count")
	at, left, p, q, i, j := s.GP64(), s.GP64(), s.GP64(), s.GP64(), s.GP64(), s.GP64()
	none, mask := s.spread("floor"), s.tailMask()
	s.Label("result")
	s.MOVQ(s.field("n"), left)
	chunk := 0
	s.alongMasked("channels", 2, at, left, mask, func(vectors int, mask operand.Op) {
		chunk++
		label := fmt.Sprint("chunk", chunk)
		sums, column := make([]reg.Register, vectors), make([]reg.Register, vectors)
		for v := range sums {
			sums[v], column[v] = s.vec(s.Context), s.vec(s.Context)
			s.VMOVAPS(none, sums[v])
		}
		s.LEAQ(operand.Mem{Base: src, Index: at, Scale: 1}, p)
		s.MOVQ(s.field("cols"), j)
		s.Label(label + "Column")
		for v := range sums {
			if !isMax {
				s.VMOVAPS(none, column[v])
			}
		}
		s.MOVQ(p, q)
		s.MOVQ(s.field("rows"), i)
		s.Label(label + "Row")
		for v := range sums {
			x := s.read(operand.Mem{Base: q, Disp: v * s.bytes}, mask)
			if isMax {
				s.maxOrNaN(x, sums[v])
			} else {
				s.VADDPS(x, column[v], column[v])
			}
		}
		s.ADDQ(s.field("line"), q)
		s.DECQ(i)
		s.JNE(operand.LabelRef(label + "Row"))
		for v := range sums {
			if !isMax {
				s.VADDPS(column[v], sums[v], sums[v])
			}
		}
		s.ADDQ(s.field("pixel"), p)
		s.DECQ(j)
		s.JNE(operand.LabelRef(label + "Column"))
		for v := range sums {
			s.write(sums[v], mask, s.of(dst, at, v))
		}
	})
	s.ADDQ(s.field("step"), src)
	s.ADDQ(s.field("next"), dst)
	s.DECQ(count)
	s.JNE(operand.LabelRef("result"))
}

// maxOrNaN sets m to the maximum of x and m, or NaN if either is; see emitMinOrMax.
func (s *strip) maxOrNaN(x, m reg.Register) {
	other := s.vec(s.Context)
	s.VMAXPS(x, m, other)
	s.VMAXPS(m, x, m)
	s.or(s.Context, other, m, m)
}
