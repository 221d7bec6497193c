//go:build !race && !asan

// Package poison marks released memory for the race detector and the address
// sanitizer. In a build with neither it does nothing.
//
// With the race detector, [Poison] counts as a write: a goroutine that still uses the
// memory, and has not synchronised with the release, is a data race. (The detector sees
// accesses, and setting an offset back is none.) With the address sanitizer, memory
// must not be accessed between Poison and [Unpoison].
package poison

// On reports whether the build watches released memory.
const On = false

// Poison marks mem as released.
func Poison(mem []byte) {}

// Unpoison marks mem as in use.
func Unpoison(mem []byte) {}
