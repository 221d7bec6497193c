package bumper

import "github.com/allocarrays/allocarrays-go/scope"

// A Source is where a buffer takes its storage from. A source used by one buffer
// is called as that buffer is: not concurrently.
type Source interface {
	// Acquire returns at least size bytes, beginning at a multiple of 64, whose
	// content does not matter; or an error, which the failing allocation
	// reports as its cause. The buffer may try again with less, if less will
	// do. It checks what it gets.
	Acquire(size int) ([]byte, error)

	// Release gives back what Acquire returned, exactly. The buffer does not
	// touch it any more.
	Release(mem []byte)
}

// A Discarder is a [Source] that can take memory back without its addresses, for a buffer
// that keeps storage for later but leaves the memory to others meanwhile. It is
// experimental: it may change or go.
type Discarder interface {
	Source

	// Discard gives the memory of mem, a part of what Acquire returned, back to the
	// system. mem stays the buffer's and may be used again; its content is lost then,
	// and the first use of each page costs a page fault.
	Discard(mem []byte)
}

// GoHeap returns the default source: the Go heap, where a released piece is
// collected once nothing refers to it any more.
func GoHeap() Source { return goHeap{} }

type goHeap struct{}

func (goHeap) Acquire(size int) ([]byte, error) {
	block, err := scope.Heap().Alloc(uintptr(size), 64)
	return block.Bytes(), err
}

func (goHeap) Release([]byte) {}

// A LeakReporter is a [Source] of memory outside the Go heap, which must therefore be
// given back. A buffer that is collected while it holds such memory, because nobody
// called Close, reports each piece instead of releasing it; where says where the buffer
// was made.
type LeakReporter interface {
	Source
	Leaked(mem []byte, where string)
}
