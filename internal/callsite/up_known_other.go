//go:build !amd64

package callsite

import "sync/atomic"

// knownUser leaves the search to unknownUser.
func knownUser(*[1 << knownBits][8]atomic.Uint64) uintptr { return 0 }
