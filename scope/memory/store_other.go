//go:build !amd64 || race

package memory

import "sync/atomic"

// store sets a word that others read with atomic loads.
func store(w *atomic.Uint64, v uint64) { w.Store(v) }
