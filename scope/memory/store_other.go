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
