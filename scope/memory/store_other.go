//go:build !amd64 || race

package memory

import "sync/atomic"

// store sets a word that others read with atomic loads.
func store(w *atomic.Uint64, v uint64) { w.Store(v) }

// store2 is two of them, in this order.
func store2(first *atomic.Uint64, v uint64, then *atomic.Uint64, w uint64) {
	first.Store(v)
	then.Store(w)
}

// endAll ends the blocks that live, as [Blocks.End] does, and returns how many it went through: up
// to the first that lives and that guard mode watches.
func endAll(epochs []Epoch, of, ended []uint32, then uint32, pc uintptr) int {
	return endSlowly(epochs, of, ended, then, pc)
}

// endAt is e.EndAt(pc) of an epoch in which guard mode watches nothing.
func endAt(e *Epoch, pc uintptr) { e.EndAt(pc) }
