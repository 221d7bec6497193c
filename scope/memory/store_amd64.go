//go:build amd64 && !race

package memory

import (
	"sync/atomic"
	"unsafe"
)

// store sets a word that others read with atomic loads. On amd64 an ordinary store of an
// aligned word is seen as a whole, and stores are seen in the order in which they were
// made, so memory that is handed out after one is never seen as live by its old stamp. That
// is all that the end of a scope needs. What the XCHG of atomic.Store adds, waiting until the
// others see it, costs more than all the rest.
//
// The pointer is that of the word itself, which an atomic.Uint64 is and keeps aligned.
func store(w *atomic.Uint64, v uint64) { *(*uint64)(unsafe.Pointer(w)) = v }
