//go:build race

// Package poison marks released memory for the race detector.
package poison

import (
	"runtime"
	"unsafe"
)

// On reports whether the build watches released memory.
const On = true

// Poison marks mem as released, which counts as a write.
func Poison(mem []byte) {
	if len(mem) > 0 {
		// The range is the slice itself: it is only told to the detector.
		runtime.RaceWriteRange(unsafe.Pointer(unsafe.SliceData(mem)), len(mem))
	}
}

// Unpoison does nothing: handing memory out is no access.
func Unpoison(mem []byte) {}
