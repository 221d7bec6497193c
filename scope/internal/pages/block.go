package pages

import "github.com/allocarrays/allocarrays-go/internal/callsite"

// A Block is a guarded block of memory, in use or released.
type Block struct {
	span  *span  // nil if mem was not moved: then it is poisoned at the end
	page  []byte // the accessible pages
	start int    // where in them the block begins
	mem   []byte // the block itself
	born  callsite.Stack

	kept     bool // mem is not even poisoned
	released bool
	end      uintptr // where its scope ended, if known
}

// Bytes returns the memory.
func (b *Block) Bytes() []byte { return b.mem }

// Moved reports whether the block was placed in pages of its own.
func (b *Block) Moved() bool { return b.span != nil }

// distance returns how many bytes address is away from the block; 0 or less if it is
// inside.
func (b *Block) distance(address uintptr) int {
	offset := int(address - start(b.mem))
	return max(-offset, offset-len(b.mem)+1)
}

// stack formats where the block was allocated, a line for each call.
func (b *Block) stack() string { return callsite.Text(b.born.Callers()) + "\n" }
