package memory

import (
	"unsafe"

	"github.com/allocarrays/allocarrays-go/scope/internal/pages"
)

// A Block is memory together with the stamp of the scope it was allocated in. It is
// four words, so that the compiler keeps it in registers.
type Block struct {
	start *byte
	size  int
	Stamp Stamp // live until the memory may be handed out again
}

// NewBlock returns mem as a block. The capacity is clipped to the length, so that
// append reallocates instead of overwriting a neighbour.
func NewBlock(mem []byte, stamp Stamp) Block {
	return Block{unsafe.SliceData(mem), len(mem), stamp}
}

// Bytes returns the block's memory.
func (b Block) Bytes() []byte {
	// start is the first of size bytes: NewBlock took both from one slice.
	return unsafe.Slice(b.start, b.size)
}

// Guarded returns b or, if guard mode (see package scope/guard) watches the scope of b,
// a block in guarded pages that replaces it. Package scope calls Guarded for every block
// that it hands out; code that calls Alloc itself gets unguarded blocks unless it does
// the same.
func Guarded(b Block, align uintptr) Block {
	e := b.Stamp.epoch
	if e == nil || !pages.On() || !pages.Chosen(e.number, b.Stamp.generation) {
		return b
	}
	if i, ok := e.owner.(Isolator); ok && i.Isolates() {
		return b // its memory is not reused while anything refers to it
	}
	mem := e.guards().Place(b.Bytes(), int(Alignment(uintptr(b.size), align)), b.Stamp.Live)
	return NewBlock(mem, b.Stamp)
}

// An Isolator is an owner of an [Epoch]. If Isolates reports true, its memory is not
// handed out again while anything refers to it, and guard mode leaves its blocks where
// they are.
type Isolator interface {
	Isolates() bool
}
