package bumper

import "github.com/allocarrays/allocarrays-go/scope"

// A Source supplies a buffer with storage. A source used by one buffer is not called
// concurrently.
type Source interface {
	// Acquire returns at least size bytes, beginning at a multiple of 64, with
	// any content; or an error, which the failing allocation reports as its
	// cause. The buffer may try again with a smaller size. It checks the result.
	Acquire(size int) ([]byte, error)

	// Release gives back exactly what Acquire returned. The buffer no longer
	// touches it.
	Release(mem []byte)
}

// A Discarder is a [Source] that can take memory back without its addresses, for a buffer
// that keeps storage for later but gives up the memory meanwhile. It is experimental and
// may change.
type Discarder interface {
	Source

	// Discard gives the memory behind mem, a part of what Acquire returned, back to
	// the system. The buffer may use mem again; its content is lost, and the first
	// use of each page costs a page fault.
	Discard(mem []byte)
}

// GoHeap returns the default source, the Go heap. A released piece is collected once
// nothing refers to it any more.
func GoHeap() Source { return goHeap{} }

type goHeap struct{}

func (goHeap) Acquire(size int) ([]byte, error) {
	block, err := scope.Heap().Alloc(uintptr(size), 64)
	return block.Bytes(), err
}

func (goHeap) Release([]byte) {}

// A LeakReporter is a [Source] of memory outside the Go heap, which must be given back.
// If a buffer is collected while it holds such memory, because nobody called Close, its
// leak guard reports each piece to Leaked instead of releasing it; where names the
// place where the buffer was made.
type LeakReporter interface {
	Source
	Leaked(mem []byte, where string)
}
