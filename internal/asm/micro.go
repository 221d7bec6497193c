package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/gotypes"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// unroll is how many steps of K one turn of the main loop takes.
const unroll = 4

// A micro is one micro-kernel under construction. All its registers are
// virtual; avo assigns the real ones.
type micro struct {
	*build.Context
	*isa
	*element
	shape
	tile   gotypes.Component // the argument, dereferenced
	row    []reg.GPVirtual   // first element of each row of A
	b      reg.GPVirtual     // the panels at the current K
	step   []reg.GPVirtual   // bytes from panel 0 to panels 1, 2 (scaled 1) and 3
	k      reg.GPVirtual     // byte offset of the current K from each row
	sums   []reg.Register    // row-major: rows × across
	offset operand.Mem       // stack: byte offset into the segment list
	end    operand.Mem       // stack: k at the end of the segment
	last   operand.Mem       // stack: the last k from which a full turn fits
}

// emit writes the micro-kernel s of an instruction set and an element type.
func emit(c *build.Context, i *isa, e *element, s shape, sig *gotypes.Signature) {
	name := fmt.Sprintf("%s%sR%dP%d", i.name, e.name, s.rows, s.panels)
	of := fmt.Sprintf("%d panel(s) of B.", s.panels)
	if s.narrow() {
		of = "the first vector of a panel of B."
	}
	c.Function(name)
	c.Attributes(attrNoSplit)
	c.Pragma("noescape")
	c.Doc(fmt.Sprintf("%s multiplies %d row(s) of A by %s", name, s.rows, of))
	c.Signature(sig)
	k := &micro{Context: c, isa: i, element: e, shape: s}
	k.open()
	k.Label("tile")
	k.start()
	k.pointers()
	k.segments()
	k.finish()
	k.next()
	c.VZEROUPPER()
	c.RET()
}

// open declares the tile, the sums and the stack.
func (k *micro) open() {
	k.tile = k.Dereference(k.Param("t"))
	k.offset, k.end, k.last = k.AllocLocal(8), k.AllocLocal(8), k.AllocLocal(8)
	for range k.accumulators() {
		k.sums = append(k.sums, k.vec(k.Context))
	}
}

// pointers loads what the loops read through. That is most of the general
// registers, so it comes after start has finished with them.
func (k *micro) pointers() {
	k.b, k.k = k.GP64(), k.GP64()
	k.Load(k.tile.Field("b"), k.b)
	for r := range k.rows {
		k.row = append(k.row, k.GP64())
		k.Load(k.tile.Field("rows").Index(r), k.row[r])
	}
	if k.panels > 1 {
		k.step = []reg.GPVirtual{k.GP64()}
		k.Load(k.tile.Field("bStep"), k.step[0])
	}
	if k.panels > 3 {
		k.step = append(k.step, k.GP64())
		k.LEAQ(operand.Mem{Base: k.step[0], Index: k.step[0], Scale: 2}, k.step[1])
	}
}

// next moves the tile down and begins again, if there is another.
func (k *micro) next() {
	k.CMPQ(k.field("again"), operand.U8(0))
	k.JEQ(operand.LabelRef("done"))
	k.DECQ(k.field("again"))
	step := k.GP64()
	k.MOVQ(k.field("cStep"), step)
	k.ADDQ(step, k.field("c"))
	k.MOVQ(k.field("rowStep"), step)
	for r := range k.rows {
		f, err := k.tile.Field("rows").Index(r).Resolve()
		if err != nil {
			panic(err)
		}
		k.ADDQ(step, f.Addr)
	}
	k.JMP(operand.LabelRef("tile"))
	k.Label("done")
}

// field is a field of the tile as a memory operand.
func (k *micro) field(name string) operand.Mem {
	f, err := k.tile.Field(name).Resolve()
	if err != nil {
		panic(err)
	}
	return f.Addr
}
