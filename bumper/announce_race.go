//go:build race

package bumper

import (
	"runtime"
	"unsafe"
)

// announce tells the race detector that memory was released: a goroutine that still
// uses it, without having synchronised with this one, races with the release. The
// detector sees accesses, and moving an offset is none.
func announce(mem []byte) {
	if len(mem) > 0 {
		runtime.RaceWriteRange(unsafe.Pointer(unsafe.SliceData(mem)), len(mem))
	}
}
