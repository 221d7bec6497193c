package memory

import "unsafe"

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

// An Isolator is an owner of an [Epoch]. If Isolates reports true, its memory is not
// handed out again while anything refers to it, and guard mode leaves its blocks where
// they are.
type Isolator interface {
	Isolates() bool
}
