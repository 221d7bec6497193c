package handshake

import "github.com/allocarrays/allocarrays-go/scope/memory"

// Storage is the account of a buffer with its source, from which a shared buffer takes
// the storage that it carves into regions. It is not safe for concurrent use.
type Storage interface {
	// Acquire returns at least size bytes, or more if the buffer takes its storage in
	// larger pieces, at a multiple of 64. The stamp dies when the buffer takes the
	// storage back by itself.
	Acquire(size int) ([]byte, memory.Stamp, error)

	// Release gives back what Acquire returned, exactly.
	Release(mem []byte)

	// Room returns how many bytes Acquire may still return, and Limit how many it may
	// have returned in all; both are 0 if there is no limit.
	Room() int
	Limit() int

	// Held returns how many bytes the buffer holds. For an isolating buffer it is safe for
	// concurrent use.
	Held() int

	// Prompt reports whether storage goes back as soon as it is idle.
	Prompt() bool
}
