package main

import (
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
)

// An element is what differs between the element types: the size, and the
// instructions that compute. All others move bytes, or lanes of 32 bits, of which
// a float64 has two.
type element struct {
	name string // suffix of the generated functions
	size int    // bytes
	log  uint8  // the size is 1<<log

	broadcast func(c *build.Context, from, dst operand.Op)
	fma       func(c *build.Context, x, y, sum operand.Op)
	fmaSpread func(c *build.Context, x operand.Mem, y, sum operand.Op) // x is one element, for all lanes
	max       func(c *build.Context, x, y, dst operand.Op)
}

var elements = []*element{
	{
		name: "F32", size: 4, log: 2,
		broadcast: func(c *build.Context, from, dst operand.Op) { c.VBROADCASTSS(from, dst) },
		fma:       func(c *build.Context, x, y, sum operand.Op) { c.VFMADD231PS(x, y, sum) },
		fmaSpread: func(c *build.Context, x operand.Mem, y, sum operand.Op) { c.VFMADD231PS_BCST(x, y, sum) },
		max:       func(c *build.Context, x, y, dst operand.Op) { c.VMAXPS(x, y, dst) },
	},
	{
		name: "F64", size: 8, log: 3,
		broadcast: func(c *build.Context, from, dst operand.Op) { c.VBROADCASTSD(from, dst) },
		fma:       func(c *build.Context, x, y, sum operand.Op) { c.VFMADD231PD(x, y, sum) },
		fmaSpread: func(c *build.Context, x operand.Mem, y, sum operand.Op) { c.VFMADD231PD_BCST(x, y, sum) },
		max:       func(c *build.Context, x, y, dst operand.Op) { c.VMAXPD(x, y, dst) },
	},
}

// bytes8 are the elements of products of bytes: four of them in AVX-512, unsigned by signed, and two of
// 16 bits, into which they were widened, in AVX2, whose own instruction for bytes saturates. Sums
// have 32 bits, and no activation.
var bytes8 = map[*isa]*element{
	avx512: {
		name: "I8", size: 4, log: 2,
		broadcast: func(c *build.Context, from, dst operand.Op) { c.VBROADCASTSS(from, dst) },
		fma:       func(c *build.Context, x, y, sum operand.Op) { c.VPDPBUSD(x, y, sum) },
	},
	avx2: {
		name: "I8", size: 4, log: 2,
		broadcast: func(c *build.Context, from, dst operand.Op) { c.VBROADCASTSS(from, dst) },
		fma: func(c *build.Context, x, y, sum operand.Op) {
			products := c.YMM()
			c.VPMADDWD(x, y, products)
			c.VPADDD(products, sum, sum)
		},
	},
}
