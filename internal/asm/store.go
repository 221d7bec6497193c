package main

import (
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// storeByMask stores a partial last panel with mask registers.
func storeByMask(k *micro, row reg.Register) {
	mask := k.masks()
	whole := k.across() - k.lastVectors()
	k.eachRow(row, func(r int) {
		for v := range k.across() {
			to := operand.Mem{Base: row, Disp: v * k.bytes}
			if v < whole {
				k.VMOVUPS(k.sum(r, v), to)
			} else {
				k.VMOVUPS(k.sum(r, v), mask[v-whole], to)
			}
		}
	})
}

// storeByBits stores a partial last panel, of less than 64 bytes, in pieces of 32,
// 16, 8 and 4, one for each bit of the column count, moving the rest of each sum
// down after every piece. VMASKMOVPS would do it in one instruction, which on AMD
// processors takes longer than all the pieces.
func storeByBits(k *micro, row reg.Register) {
	whole := (k.panels - 1) * vectors
	if whole > 0 {
		k.storeRows(row, whole)
		k.MOVQ(k.field("c"), row)
		k.ADDQ(operand.U32(whole*k.bytes), row)
	}
	left := k.GP64()
	k.MOVQ(k.field("cols"), left)
	for piece := k.bytes; piece >= k.size; piece /= 2 {
		k.storePiece(piece, whole, left, row)
	}
}

// storePiece stores the first so many bytes of those left in each row, if left, a
// number of elements, has that bit. The row pointer advances over what was stored.
func (k *micro) storePiece(bytes, whole int, left, row reg.Register) {
	n := bytes / k.size
	done := operand.LabelRef("no" + string(rune('0'+n)))
	k.TESTQ(operand.U32(n), left)
	k.JEQ(done)
	start := k.GP64()
	k.MOVQ(row, start)
	k.eachRow(row, func(r int) {
		to, sum := operand.Mem{Base: row}, k.sum(r, whole)
		switch low := sum.(reg.Vec).AsX(); bytes {
		case 32:
			k.VMOVUPS(sum, to)
			k.VMOVAPS(k.sum(r, whole+1), sum)
		case 16:
			k.VMOVUPS(low, to)
			k.VEXTRACTF128(operand.U8(1), sum, low)
		case 8:
			k.VMOVLPS(low, to)
			k.VPSRLDQ(operand.U8(8), low, low)
		case 4:
			k.VMOVSS(low, to)
		}
	})
	k.LEAQ(operand.Mem{Base: start, Disp: bytes}, row)
	k.Label(string(done))
}
