package handshake

import "github.com/allocarrays/allocarrays-go/scope/memory"

// Storage supplies a shared buffer with storage to carve into regions, from the source
// and within the limit of the buffer inside. It is not safe for concurrent use.
type Storage interface {
	// Acquire returns at least size bytes, or more if the buffer takes its storage in
	// larger pieces, at a multiple of 64. The stamp is live until the buffer takes
	// the storage back by itself.
	Acquire(size int) ([]byte, memory.Stamp, error)

	// Release gives back what Acquire returned, exactly.
	Release(mem []byte)

	// Room returns how many more bytes Acquire may return, and Limit how many in all;
	// both are 0 if there is no limit.
	Room() int
	Limit() int

	// Held returns how many bytes the buffer holds. For an isolating buffer it is safe for
	// concurrent use.
	Held() int

	// Prompt reports whether storage goes back as soon as it is idle.
	Prompt() bool
}
