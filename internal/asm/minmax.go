package main

import (
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
)

// emitMinMax writes the elementwise minimum and maximum of AVX for both element
// types.
func emitMinMax(c *build.Context) {
	emitMinOrMax(c, "minF32", "float32", func(x, y, z operand.Op) { c.VMINPS(x, y, z) })
	emitMinOrMax(c, "maxF32", "float32", func(x, y, z operand.Op) { c.VMAXPS(x, y, z) })
	emitMinOrMax(c, "minF64", "float64", func(x, y, z operand.Op) { c.VMINPD(x, y, z) })
	emitMinOrMax(c, "maxF64", "float64", func(x, y, z operand.Op) { c.VMAXPD(x, y, z) })
}

// emitMinOrMax writes one of them. The instruction returns its second source if
// either is NaN: taken in both orders, one result is that NaN, and so is the union
// of the bits of both. Without NaN the results are equal, but for the sign of zero.
func emitMinOrMax(c *build.Context, name, element string, instruction func(x, y, z operand.Op)) {
	const size = 32
	c.Function(name)
	c.Attributes(attrNoSplit)
	c.Pragma("noescape")
	c.Doc(name + " sets the given number of vectors of 32 bytes, at least one, of dst from those of a and b.")
	sig("func(dst, a, b *"+element+", vectors int)", c)
	dst, a, b := c.Load(c.Param("dst"), c.GP64()), c.Load(c.Param("a"), c.GP64()), c.Load(c.Param("b"), c.GP64())
	left := c.Load(c.Param("vectors"), c.GP64())
	c.Label("vector")
	x, y, one, other := c.YMM(), c.YMM(), c.YMM(), c.YMM()
	c.VMOVUPS(operand.Mem{Base: a}, x)
	c.VMOVUPS(operand.Mem{Base: b}, y)
	instruction(x, y, one)
	instruction(y, x, other)
	c.VORPS(one, other, one)
	c.VMOVUPS(one, operand.Mem{Base: dst})
	for _, p := range []operand.Op{dst, a, b} {
		c.ADDQ(operand.U8(size), p)
	}
	c.DECQ(left)
	c.JNE(operand.LabelRef("vector"))
	c.VZEROUPPER()
	c.RET()
}
