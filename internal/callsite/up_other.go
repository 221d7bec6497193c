//go:build !(amd64 || arm64)

package callsite

import "runtime"

// returnAddresses asks the runtime, as the frame pointers cannot be read here.
func returnAddresses(calls *[8]uintptr) int { return runtime.Callers(3, calls[:]) }
