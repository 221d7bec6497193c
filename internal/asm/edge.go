package main

import (
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// start sets the accumulators: to C, to the bias, or to zero.
func (k *micro) start() {
	k.CMPB(k.field("add"), operand.U8(0))
	k.JNE(operand.LabelRef("fromC"))
	k.CMPQ(k.field("bias"), operand.U8(0))
	k.JNE(operand.LabelRef("fromBias"))
	for _, v := range k.sums {
		k.zero(k.Context, v)
	}
	k.JMP(operand.LabelRef("ready"))
	k.Label("fromBias")
	k.fromBias()
	k.JMP(operand.LabelRef("ready"))
	k.Label("fromC")
	row := k.GP64()
	k.MOVQ(k.field("c"), row)
	k.eitherWay("load", func(mask []operand.Op) {
		k.eachRow(row, func(r int) {
			for v := range k.across() {
				k.loadTo(row, v, mask, k.sum(r, v))
			}
		})
	})
	k.Label("ready")
}

// fromBias loads the bias into the first row of sums and copies it down.
func (k *micro) fromBias() {
	bias := k.GP64()
	k.MOVQ(k.field("bias"), bias)
	k.eitherWay("bias", func(mask []operand.Op) {
		for v := range k.across() {
			k.loadTo(bias, v, mask, k.sum(0, v))
			for r := 1; r < k.rows; r++ {
				k.VMOVAPS(k.sum(0, v), k.sum(r, v))
			}
		}
	})
}

// finish applies the activation, if there is one for the type, and stores the sums to C.
func (k *micro) finish() {
	if k.max != nil {
		k.rectify()
	}
	row := k.GP64()
	k.MOVQ(k.field("c"), row)
	k.CMPQ(k.field("cols"), operand.U8(0))
	k.JNE(operand.LabelRef("storePart"))
	k.storeRows(row, k.across())
	k.JMP(operand.LabelRef("stored"))
	k.Label("storePart")
	k.storePart(k, row)
	k.Label("stored")
}

// rectify applies the ReLU.
func (k *micro) rectify() {
	k.CMPB(k.field("relu"), operand.U8(0))
	k.JEQ(operand.LabelRef("store"))
	zero := k.vec(k.Context)
	k.zero(k.Context, zero)
	for _, v := range k.sums {
		k.max(k.Context, v, zero, v) // with the sum as last source NaN and -0 pass
	}
	k.Label("store")
}

// storeRows stores the first so many vectors of each row whole.
func (k *micro) storeRows(row reg.Register, count int) {
	k.eachRow(row, func(r int) {
		for v := range count {
			k.VMOVUPS(k.sum(r, v), operand.Mem{Base: row, Disp: v * k.bytes})
		}
	})
}

// eachRow visits the rows of C with row, which it moves, pointing at each.
func (k *micro) eachRow(row reg.Register, visit func(r int)) {
	for r := range k.rows {
		visit(r)
		if r < k.rows-1 {
			k.ADDQ(k.field("ldc"), row)
		}
	}
}

// eitherWay emits body twice, for a full last panel (no mask) and for a
// partial one, and the branch that picks.
func (k *micro) eitherWay(label string, body func(mask []operand.Op)) {
	k.CMPQ(k.field("cols"), operand.U8(0))
	k.JNE(operand.LabelRef(label + "Part"))
	body(nil)
	k.JMP(operand.LabelRef(label + "End"))
	k.Label(label + "Part")
	body(k.masks())
	k.Label(label + "End")
}

// masks loads the masks of the last panel's vectors.
func (k *micro) masks() []operand.Op {
	lanes, mask := k.GP64(), make([]operand.Op, k.lastVectors())
	k.MOVQ(k.field("mask"), lanes)
	for v := range mask {
		mask[v] = k.loadMask(k.Context, operand.Mem{Base: lanes, Disp: v * k.bytes})
	}
	return mask
}

// loadTo reads vector v of the columns at base; only the last panel is masked.
func (k *micro) loadTo(base reg.Register, v int, mask []operand.Op, dst reg.Register) {
	from := operand.Mem{Base: base, Disp: v * k.bytes}
	if p := v - (k.across() - k.lastVectors()); mask != nil && p >= 0 {
		k.loadPart(k.Context, from, mask[p], dst)
		return
	}
	k.VMOVUPS(from, dst)
}
