package main

import (
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// vectors is the number of vector registers that make up one panel row: a
// panel is two vectors wide in both instruction sets.
const vectors = 2

// An isa is what differs between the instruction sets: the width of a vector,
// how many of them there are, and how a partial vector is moved.
type isa struct {
	name      string // prefix of the generated functions
	bytes     int    // in a vector
	registers int    // vector registers
	shapes    []shape

	vec      func(*build.Context) reg.Register
	zero     func(c *build.Context, dst reg.Register)
	loadMask func(c *build.Context, from operand.Mem) operand.Op
	loadPart func(c *build.Context, from operand.Mem, mask operand.Op, dst reg.Register)
	// storePart stores a partial panel; see edge.go for the two ways.
	storePart func(k *micro, row reg.Register)
	storeSome func(c *build.Context, v, mask, to operand.Op) // one vector, partly
	or        func(c *build.Context, x, y, dst operand.Op)
	// loadOr loads a partial vector, with the filler where it has nothing.
	loadOr func(c *build.Context, from operand.Mem, mask operand.Op, filler, dst reg.Register)
	// keepUnlessLess clears the lanes of v in which x is less than the limit.
	keepUnlessLess func(c *build.Context, x reg.Register, limit operand.Op, v reg.Register)
}

// notLess is the predicate of a comparison: also true of NaN.
const notLess = 5

// A shape is the size of a micro-kernel: rows of A by panels of B, or, for no
// panels, by the first vector of one: a narrow panel.
type shape struct{ rows, panels int }

// narrow reports whether the micro-kernel is for a narrow panel.
func (s shape) narrow() bool { return s.panels == 0 }

// across is the number of vectors in a row of the result.
func (s shape) across() int { return max(1, s.panels*vectors) }

// lastVectors is how many of these belong to the last panel, which may be a partial one.
func (s shape) lastVectors() int { return min(vectors, s.across()) }

// ofBytes reports whether there is a micro-kernel of the shape for bytes: AVX2 has too few registers for
// three rows by two panels, and AVX-512 broadcasts signed bytes only as it multiplies.
func (s shape) ofBytes() bool { return !s.narrow() && (s.rows < 3 || s.panels == 1) }

// accumulators is the number of vector registers that hold the result. Eight
// are needed to keep two FMA units of latency four busy.
func (s shape) accumulators() int { return s.rows * s.across() }

// avx2 keeps its results in at most 12 of the 16 registers. The flat shapes
// for one to three rows take several panels, to have enough sums in flight.
var avx2 = &isa{
	name: "avx2", bytes: 32, registers: 16,
	shapes: []shape{{1, 1}, {1, 2}, {1, 3}, {1, 4}, {2, 1}, {2, 2}, {3, 1}, {3, 2}, {4, 1}, {5, 1}, {6, 1}},
	vec:    func(c *build.Context) reg.Register { return c.YMM() },
	zero:   func(c *build.Context, v reg.Register) { c.VXORPS(v, v, v) },
	loadMask: func(c *build.Context, from operand.Mem) operand.Op {
		m := c.YMM()
		c.VMOVUPS(from, m)
		return m
	},
	loadPart:  func(c *build.Context, m operand.Mem, k operand.Op, v reg.Register) { c.VMASKMOVPS(m, k, v) },
	storePart: storeByBits,
	storeSome: func(c *build.Context, v, mask, to operand.Op) { c.VMASKMOVPS(v, mask, to) },
	or:        func(c *build.Context, x, y, dst operand.Op) { c.VORPS(x, y, dst) },
	loadOr: func(c *build.Context, from operand.Mem, mask operand.Op, filler, dst reg.Register) {
		c.VMASKMOVPS(from, mask, dst)
		c.VBLENDVPS(mask, dst, filler, dst)
	},
	keepUnlessLess: func(c *build.Context, x reg.Register, limit operand.Op, v reg.Register) {
		kept := c.YMM()
		c.VCMPPS(operand.U8(notLess), limit, x, kept)
		c.VANDPS(kept, v, v)
	},
}

// avx512 uses only instructions of AVX512F: VPXORD rather than VXORPS, and
// VPTESTMD to turn a vector of lane masks into a mask register.
var avx512 = &isa{
	name: "avx512", bytes: 64, registers: 32,
	shapes: []shape{{1, 1}, {1, 2}, {1, 3}, {1, 4}, {2, 1}, {2, 2}, {3, 1}, {3, 2}, {4, 1},
		{5, 1}, {6, 1}, {7, 1}, {8, 1}, {9, 1}, {10, 1}, {11, 1}, {12, 1},
		{4, 0}, {5, 0}, {6, 0}, {7, 0}, {8, 0}, {9, 0}, {10, 0}, {11, 0}, {12, 0}},
	vec:  func(c *build.Context) reg.Register { return c.ZMM() },
	zero: func(c *build.Context, v reg.Register) { c.VPXORD(v, v, v) },
	loadMask: func(c *build.Context, from operand.Mem) operand.Op {
		v, k := c.ZMM(), c.K()
		c.VMOVUPS(from, v)
		c.VPTESTMD(v, v, k)
		return k
	},
	loadPart:  func(c *build.Context, m operand.Mem, k operand.Op, v reg.Register) { c.VMOVUPS_Z(m, k, v) },
	storePart: storeByMask,
	storeSome: func(c *build.Context, v, mask, to operand.Op) { c.VMOVUPS(v, mask, to) },
	or:        func(c *build.Context, x, y, dst operand.Op) { c.VPORD(x, y, dst) },
	loadOr: func(c *build.Context, from operand.Mem, mask operand.Op, filler, dst reg.Register) {
		c.VMOVAPS(filler, dst)
		c.VMOVUPS(from, mask, dst)
	},
	keepUnlessLess: func(c *build.Context, x reg.Register, limit operand.Op, v reg.Register) {
		k := c.K()
		c.VCMPPS(operand.U8(notLess), limit, x, k)
		c.VMOVAPS_Z(v, k, v)
	},
}
