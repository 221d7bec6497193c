package offheap

import (
	"fmt"
	"runtime"
)

// block is what the books say of one piece of memory.
type block struct {
	mem   []byte // all that the upstream source gave; nil once it is freed
	addr  uintptr
	size  int
	id    uint64 // never used again, unlike the address
	label string
	made  trace
	freed trace
}

// contains reports whether addr lies in b. The difference wraps round below it.
func (b *block) contains(addr uintptr) bool { return addr-b.addr < uintptr(b.size) }

func (b *block) info() BlockInfo {
	return BlockInfo{Addr: b.addr, Size: b.size, Label: b.label, Stack: b.made.stack()}
}

// misfree returns the error about a free of b, or in b, that should not have been.
func (b *block) misfree(kind error, addr uintptr, at *trace) *FreeError {
	e := &FreeError{Kind: kind, Addr: addr, Block: b.info(), Again: at.stack()}
	if b.freed[0] != 0 {
		e.Freed = b.freed.stack()
	}
	return e
}

// A BlockInfo describes a block of a [Heap].
type BlockInfo struct {
	Addr  uintptr   // where it begins
	Size  int       // bytes taken from the upstream source, at least what was asked for
	Label string    // of the heap that it was allocated from
	Stack []uintptr // where it was allocated, innermost first, as from runtime.Callers
}

// Frames returns the functions of Stack, beginning with the one that asked an
// allocator of this module for memory.
func (b BlockInfo) Frames() []runtime.Frame { return userFrames(b.Stack) }

// String tells the size, the label and the stack, in several lines.
func (b BlockInfo) String() string {
	return fmt.Sprintf("%d bytes at %#x labelled %q, allocated at:\n%s", b.Size, b.Addr, b.Label, stackText(b.Stack))
}
