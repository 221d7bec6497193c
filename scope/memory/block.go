package memory

import (
	"unsafe"

	"github.com/allocarrays/allocarrays-go/scope/internal/pages"
)

// A Block is memory together with the stamp of the scope it was born in. It is
// four words, so that the compiler keeps it in registers.
type Block struct {
	start *byte
	size  int
	Stamp Stamp // live until the memory may be handed out again
}

// NewBlock returns the block that is mem. Its capacity is clipped to its length, so
// that append reallocates instead of writing over a neighbour.
func NewBlock(mem []byte, stamp Stamp) Block {
	return Block{unsafe.SliceData(mem), len(mem), stamp}
}

// Bytes returns the memory: as many bytes as were asked for.
func (b Block) Bytes() []byte {
	// start is the first of size bytes: NewBlock took both from one slice.
	return unsafe.Slice(b.start, b.size)
}

// Guarded returns b or, if guard mode (see package scope/guard) watches the scope that
// b was born in, the block of guarded pages that takes its place. Package scope calls
// it for every block that it hands out; code that calls an allocator's Alloc itself
// gets unguarded blocks unless it does the same.
func Guarded(b Block, align uintptr) Block {
	e := b.Stamp.epoch
	if e == nil || !pages.On() || !pages.Chosen(e.number, b.Stamp.generation) {
		return b
	}
	if i, ok := e.owner.(Isolator); ok && i.Isolates() {
		return b // its memory stays as it is for as long as anything refers to it
	}
	mem := e.guards().Place(b.Bytes(), int(Alignment(uintptr(b.size), align)), b.Stamp.Live)
	return NewBlock(mem, b.Stamp)
}

// An Isolator is the owner of an [Epoch] whose memory, if Isolates reports true, is
// not handed out again as long as anything refers to it. Guard mode leaves its blocks
// where they are.
type Isolator interface {
	Isolates() bool
}
