//go:build amd64 && !race

package memory

import "sync/atomic"

// store sets a word that others read with atomic loads. On amd64 an ordinary store of an
// aligned word is seen as a whole, and stores are seen in the order in which they were
// made, so memory that is handed out after one is never seen as live by its old stamp. That
// is all that the end of a scope needs, a store with release as the Go runtime has it for
// itself. What the XCHG of atomic.Store adds, waiting until the others see it, costs more
// than all the rest.
//
// It is assembly so that it is a store to the compiler as well: it neither splits,
// repeats nor moves one, as it may with an assignment.
//
//go:noescape
func store(w *atomic.Uint64, v uint64)

// store2 is two of them, in this order, for the price of one call.
//
//go:noescape
func store2(first *atomic.Uint64, v uint64, then *atomic.Uint64, w uint64)

// endAll ends the blocks that live, as [Blocks.End] does, and returns how many it went through: up
// to the first that lives and that guard mode watches. There are as many words in of, which
// are less than the number of epochs, as in ended. The stores are those of store2.
//
//go:noescape
func endAll(epochs []Epoch, of, ended []uint32, then uint32, pc uintptr) int

// endAt is e.EndAt(pc) of an epoch in which guard mode watches nothing. The stores are those of
// store2.
//
//go:noescape
func endAt(e *Epoch, pc uintptr)
