package gemm

import (
	"fmt"
	"unsafe"
)

// TileMemory is the memory of a tile.
type TileMemory = memory

// Emulate lets run take the place of the processor until restore is called. It
// gets the name of the micro-kernel and the memory of the tile.
func Emulate(run func(name string, tile *TileMemory)) (restore func()) {
	emulate = func(k isa, of kind, s shape, t memory) { run(nameOf(k, of, s), &t) }
	return func() { emulate = nil }
}

// nameOf returns the name of a micro-kernel.
func nameOf(k isa, of kind, s shape) string {
	return fmt.Sprintf("%s%sR%dP%d", k, [...]string{"F32", "F64", "I8"}[of], s.rows, s.panels)
}

// WorksWithout runs the self-test of the named instruction set on the processor, with
// one micro-kernel that does nothing.
func WorksWithout(isaName, broken string) bool {
	defer func() { emulate = nil }()
	var hook func(k isa, of kind, s shape, t memory)
	hook = func(k isa, of kind, s shape, t memory) {
		if nameOf(k, of, s) == broken {
			return
		}
		emulate = nil
		k.run(of, s, (*tile)(unsafe.Pointer(&t))) // the operands are alive in the caller
		emulate = hook
	}
	emulate = hook
	return Works(isaName)
}

// Lanes and Origin are the tables that a tile can point at.
func Lanes() []int32 { return lanes[:] }

// Origin is the segment list of Mul.
func Origin() []int32 { return origin }

// Works runs the self-test of the named instruction set.
func Works(name string) bool {
	for k := range avx512 + 1 {
		if k.String() == name {
			return k.works()
		}
	}
	return false
}
