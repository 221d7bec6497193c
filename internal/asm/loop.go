package main

import (
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// segments walks the K segments. It is written so that twelve rows, the tile,
// B and K fit the fifteen general registers: the loop limits live on the stack.
func (k *micro) segments() {
	k.MOVQ(operand.U32(0), k.offset)
	k.Label("segment")
	k.MOVQ(k.field("segs"), k.k)
	k.ADDQ(k.offset, k.k)
	k.MOVLQSX(operand.Mem{Base: k.k}, k.k)
	k.SHLQ(operand.U8(k.log), k.k)
	k.ADDQ(k.field("segLen"), k.k)
	k.MOVQ(k.k, k.end)
	k.SUBQ(operand.U8(k.size*unroll), k.k)
	k.MOVQ(k.k, k.last)
	k.ADDQ(operand.U8(k.size*unroll), k.k)
	k.SUBQ(k.field("segLen"), k.k)
	k.loop("turn", unroll, k.last, k.JGT, k.JLE)
	k.loop("single", 1, k.end, k.JGE, k.JLT)
	k.ADDQ(operand.U8(4), k.offset)
	k.MOVQ(k.offset, k.k)
	k.CMPQ(k.k, k.field("segEnd"))
	k.JLT(operand.LabelRef("segment"))
}

// loop takes n steps of K per turn, from k until limit; skip and again are the
// jumps that leave it untaken and repeat it.
func (k *micro) loop(label string, n int, limit operand.Mem, skip, again func(operand.Op)) {
	k.CMPQ(k.k, limit)
	skip(operand.LabelRef(label + "Done"))
	k.Label(label)
	for i := range n {
		if k.narrow() {
			k.stepNarrow(i)
		} else if k.accumulators()+k.across()+1 <= k.registers && k.rows > 1 {
			k.stepByRow(i)
		} else {
			k.stepByColumn(i)
		}
	}
	k.ADDQ(operand.U8(k.size*n), k.k)
	k.ADDQ(operand.U32(n*k.panelRow()), k.b)
	k.CMPQ(k.k, limit)
	again(operand.LabelRef(label))
	k.Label(label + "Done")
}

// stepByRow holds one row of the panels in registers and broadcasts A to it,
// element by element.
func (k *micro) stepByRow(i int) {
	var b []reg.Register
	for v := range k.across() {
		b = append(b, k.vec(k.Context))
		k.VMOVUPS(k.panel(v, i), b[v])
	}
	for r := range k.rows {
		a := k.spread(r, i)
		for v := range b {
			k.fma(k.Context, b[v], a, k.sum(r, v))
		}
	}
}

// stepByColumn holds one element of every row of A in registers and runs along
// the panels; it needs fewer registers when the tile is wider than high.
func (k *micro) stepByColumn(i int) {
	var a []reg.Register
	for r := range k.rows {
		a = append(a, k.spread(r, i))
	}
	for v := range k.across() {
		if k.rows == 1 {
			k.fma(k.Context, k.panel(v, i), a[0], k.sum(0, v))
			continue
		}
		b := k.vec(k.Context)
		k.VMOVUPS(k.panel(v, i), b)
		for r := range a {
			k.fma(k.Context, b, a[r], k.sum(r, v))
		}
	}
}

// stepNarrow holds one vector of the panel in a register. Each element of A serves a
// single multiply-add, which therefore reads it itself: apart, the broadcasts would
// take as long as the multiply-adds.
func (k *micro) stepNarrow(i int) {
	b := k.vec(k.Context)
	k.VMOVUPS(k.panel(0, i), b)
	for r := range k.rows {
		k.fmaSpread(k.Context, k.of(r, i), b, k.sum(r, 0))
	}
}

// spread copies row r's element i steps after the current K to all lanes.
func (k *micro) spread(r, i int) reg.Register {
	a := k.vec(k.Context)
	k.broadcast(k.Context, k.of(r, i), a)
	return a
}

// of is row r's element i steps after the current K.
func (k *micro) of(r, i int) operand.Mem {
	return operand.Mem{Base: k.row[r], Index: k.k, Scale: 1, Disp: k.size * i}
}

// panel is vector v of the panels, i steps after the current K.
func (k *micro) panel(v, i int) operand.Mem {
	m := operand.Mem{Base: k.b, Disp: i*k.panelRow() + v%vectors*k.bytes}
	switch p := v / vectors; p {
	case 1, 2:
		m.Index, m.Scale = k.step[0], uint8(p)
	case 3:
		m.Index, m.Scale = k.step[1], 1
	}
	return m
}

// panelRow is the bytes of one K of a panel.
func (k *micro) panelRow() int { return vectors * k.bytes }

// sum is the accumulator of row r and vector v.
func (k *micro) sum(r, v int) reg.Register { return k.sums[r*k.across()+v] }
