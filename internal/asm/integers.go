package main

import (
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
)

// emitIntegers writes what is slow in a loop of int64 and AVX2 has instructions for.
func emitIntegers(c *build.Context) {
	emitInteger(c, "addI64", func(x, y, z operand.Op) { c.VPADDQ(x, y, z) })
	emitInteger(c, "subI64", func(x, y, z operand.Op) { c.VPSUBQ(x, y, z) })
	emitSum(c)
}

// emitInteger writes an elementwise operation.
func emitInteger(c *build.Context, name string, instruction func(x, y, z operand.Op)) {
	c.Function(name)
	c.Attributes(attrNoSplit)
	c.Pragma("noescape")
	c.Doc(name+" sets the given number of vectors of 32 bytes, at least one, of dst from those of a and b.",
		"b's are step bytes apart: 32, or 0 for a single one.")
	sig("func(dst, a, b *int64, step, vectors int)", c)
	dst, a, b := c.Load(c.Param("dst"), c.GP64()), c.Load(c.Param("a"), c.GP64()), c.Load(c.Param("b"), c.GP64())
	step, left := c.Load(c.Param("step"), c.GP64()), c.Load(c.Param("vectors"), c.GP64())
	c.Label("vector")
	x := c.YMM()
	c.VMOVDQU(operand.Mem{Base: a}, x)
	instruction(operand.Mem{Base: b}, x, x)
	c.VMOVDQU(x, operand.Mem{Base: dst})
	c.ADDQ(operand.U8(32), dst)
	c.ADDQ(operand.U8(32), a)
	c.ADDQ(step, b)
	c.DECQ(left)
	c.JNE(operand.LabelRef("vector"))
	c.VZEROUPPER()
	c.RET()
}

// emitSum writes the sum of a slice. An addition takes one cycle, as the loads do, so
// that one vector of sums is enough.
func emitSum(c *build.Context) {
	c.Function("sumI64")
	c.Attributes(attrNoSplit)
	c.Pragma("noescape")
	c.Doc("sumI64 returns the sum of the given number of vectors of 32 bytes, at least one.")
	sig("func(a *int64, vectors int) int64", c)
	a, left := c.Load(c.Param("a"), c.GP64()), c.Load(c.Param("vectors"), c.GP64())
	sum, low, high, result := c.YMM(), c.XMM(), c.XMM(), c.GP64()
	c.VPXOR(sum, sum, sum)
	c.Label("vector")
	c.VPADDQ(operand.Mem{Base: a}, sum, sum)
	c.ADDQ(operand.U8(32), a)
	c.DECQ(left)
	c.JNE(operand.LabelRef("vector"))
	c.VEXTRACTI128(operand.U8(1), sum, high)
	c.VPADDQ(sum.AsX(), high, low)
	c.VPSRLDQ(operand.U8(8), low, high)
	c.VPADDQ(high, low, low)
	c.VMOVQ(low, result)
	c.VZEROUPPER()
	c.Store(result, c.ReturnIndex(0))
	c.RET()
}
