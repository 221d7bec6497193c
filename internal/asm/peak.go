package main

import (
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// emitPeak writes the loops that measure what the core can do at best.
func emitPeak(c *build.Context) {
	emitFMA(c, "fmaAVX2", 12, func() reg.Register { return c.YMM() })
	emitFMA(c, "fmaAVX512", 24, func() reg.Register { return c.ZMM() })
	emitStream(c)
}

// emitFMA writes n independent multiply-adds per turn, all in registers.
func emitFMA(c *build.Context, name string, n int, vec func() reg.Register) {
	c.Function(name)
	c.Attributes(attrNoSplit)
	c.Doc(name + " takes the given number of turns, at least one, of a loop of independent multiply-adds.")
	sig("func(turns int)", c)
	turns := c.Load(c.Param("turns"), c.GP64())
	x, sums := vec(), make([]reg.Register, n)
	clearVector(c, x)
	for i := range sums {
		sums[i] = vec()
		clearVector(c, sums[i])
	}
	c.Label("turn")
	for _, s := range sums {
		c.VFMADD231PS(x, x, s)
	}
	c.DECQ(turns)
	c.JNE(operand.LabelRef("turn"))
	c.VZEROUPPER()
	c.RET()
}

// clearVector sets a vector register of either width to zero.
func clearVector(c *build.Context, v reg.Register) {
	if v.Size() == 64 {
		c.VPXORD(v, v, v)
		return
	}
	c.VXORPS(v, v, v)
}

// emitStream writes a loop that reads memory once, 256 bytes per turn.
func emitStream(c *build.Context) {
	c.Function("streamAVX2")
	c.Attributes(attrNoSplit)
	c.Pragma("noescape")
	c.Doc("streamAVX2 reads the given number of blocks, at least one, of 64 float32 from p.")
	sig("func(p *float32, blocks int)", c)
	p, blocks := c.Load(c.Param("p"), c.GP64()), c.Load(c.Param("blocks"), c.GP64())
	c.Label("turn")
	for i := range 8 {
		c.VMOVUPS(operand.Mem{Base: p, Disp: 32 * i}, c.YMM())
	}
	c.ADDQ(operand.U32(256), p)
	c.DECQ(blocks)
	c.JNE(operand.LabelRef("turn"))
	c.VZEROUPPER()
	c.RET()
}

// sig sets a signature of builtin types.
func sig(expr string, c *build.Context) { c.SignatureExpr(expr) }
