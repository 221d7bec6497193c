package gemm

import "fmt"

// TileMemory is the memory of a tile.
type TileMemory = memory

// Emulate lets run take the place of the processor until restore is called. It
// gets the name of the micro-kernel and the memory of the tile.
func Emulate(run func(name string, tile *TileMemory)) (restore func()) {
	emulate = func(k isa, size int, s shape, t memory) {
		run(fmt.Sprintf("%sF%dR%dP%d", k, 8*size, s.rows, s.panels), &t)
	}
	return func() { emulate = nil }
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
