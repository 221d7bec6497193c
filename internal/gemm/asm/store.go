package main

import (
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// storeByMask stores a partial last panel with mask registers.
func storeByMask(k *kernel, row reg.Register) {
	mask := k.masks()
	whole := (k.panels - 1) * vectors
	k.eachRow(row, func(r int) {
		for v := range k.panels * vectors {
			to := operand.Mem{Base: row, Disp: v * k.lanes * 4}
			if v < whole {
				k.VMOVUPS(k.sum(r, v), to)
			} else {
				k.VMOVUPS(k.sum(r, v), mask[v-whole], to)
			}
		}
	})
}

// storeByBits stores a partial last panel, of less than 16 columns, in pieces of
// 8, 4, 2 and 1, one for each bit of the column count, moving the rest of each
// sum down after every piece. VMASKMOVPS would do it in one instruction, which
// on AMD processors takes longer than all the pieces.
func storeByBits(k *kernel, row reg.Register) {
	whole := (k.panels - 1) * vectors
	if whole > 0 {
		k.storeRows(row, whole)
		k.MOVQ(k.field("c"), row)
		k.ADDQ(operand.U32(whole*k.lanes*4), row)
	}
	left := k.GP64()
	k.MOVQ(k.field("cols"), left)
	for _, n := range []int{8, 4, 2, 1} {
		k.storePiece(n, whole, left, row)
	}
}

// storePiece stores the first n of the elements left in each row, if left has
// that bit. The row pointer advances over the columns stored.
func (k *kernel) storePiece(n, whole int, left, row reg.Register) {
	done := operand.LabelRef("no" + string(rune('0'+n)))
	k.TESTQ(operand.U32(n), left)
	k.JEQ(done)
	start := k.GP64()
	k.MOVQ(row, start)
	k.eachRow(row, func(r int) {
		to, sum := operand.Mem{Base: row}, k.sum(r, whole)
		switch low := sum.(reg.Vec).AsX(); n {
		case 8:
			k.VMOVUPS(sum, to)
			k.VMOVAPS(k.sum(r, whole+1), sum)
		case 4:
			k.VMOVUPS(low, to)
			k.VEXTRACTF128(operand.U8(1), sum, low)
		case 2:
			k.VMOVLPS(low, to)
			k.VPSRLDQ(operand.U8(8), low, low)
		case 1:
			k.VMOVSS(low, to)
		}
	})
	k.LEAQ(operand.Mem{Base: start, Disp: 4 * n}, row)
	k.Label(string(done))
}
