package main

import (
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// emitSmall writes the products of small matrices, four columns at a time, for both
// element types. Nothing is packed: for products of a hundred numbers the way to the
// micro-kernels takes longer than the work.
func emitSmall(c *build.Context) {
	emitSmallOf(c, "smallF32", elements[0], func() reg.Register { return c.XMM() })
	emitSmallOf(c, "smallF64", elements[1], func() reg.Register { return c.YMM() })
}

// emitSmallOf writes one of them. It computes row by row: consecutive rows do not depend
// on each other, so the processor has several in flight.
func emitSmallOf(c *build.Context, name string, e *element, vector func() reg.Register) {
	c.Function(name)
	c.Attributes(attrNoSplit)
	c.Pragma("noescape")
	c.Doc(name+" sets four columns of m rows of c, ldc bytes apart, to the product of a and b, of m × k and k × 4",
		"elements; m and k are positive. The elements of a are row and column bytes apart, the rows of b are ldb bytes",
		"apart. Each element is one chain of fused multiply-adds from zero, as in the micro-kernels.")
	t := "*float32"
	if e.size == 8 {
		t = "*float64"
	}
	sig("func(c "+t+", ldc int, a "+t+", row, column int, b "+t+", ldb, m, k int)", c)
	load := func(name string) reg.Register { return c.Load(c.Param(name), c.GP64()) }
	to, ldc, a, row, column := load("c"), load("ldc"), load("a"), load("row"), load("column")
	b, ldb, m, k := load("b"), load("ldb"), load("m"), load("k")
	x, y, left := c.GP64(), c.GP64(), c.GP64()
	c.Label("next")
	sum, factor := vector(), vector()
	c.VXORPS(sum, sum, sum)
	c.MOVQ(a, x)
	c.MOVQ(b, y)
	c.MOVQ(k, left)
	c.Label("step")
	e.broadcast(c, operand.Mem{Base: x}, factor)
	e.fma(c, operand.Mem{Base: y}, factor, sum)
	c.ADDQ(column, x)
	c.ADDQ(ldb, y)
	c.DECQ(left)
	c.JNE(operand.LabelRef("step"))
	c.VMOVUPS(sum, operand.Mem{Base: to})
	c.ADDQ(ldc, to)
	c.ADDQ(row, a)
	c.DECQ(m)
	c.JNE(operand.LabelRef("next"))
	c.VZEROUPPER()
	c.RET()
}
