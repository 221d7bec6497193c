package callsite

import "sync/atomic"

// knownUser returns the return address of the innermost call that does not pass on, if all
// up to that are known, else 0.
//
//go:noescape
func knownUser(known *[1 << knownBits][8]atomic.Uint64) uintptr
