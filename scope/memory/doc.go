// Package memory defines the parts of an allocator. It is for authors of allocators
// and buffers; code that only allocates needs package scope alone.
//
// An [Allocator] hands out a [Block]: memory, and the [Stamp] of the scope that it was
// allocated in. The stamp reports at any time whether that scope is still live. An
// allocator takes its stamps from an [Epoch], and ends the current scope of the epoch
// before it hands the memory out again:
//
//	func (p *pool) Alloc(size, align uintptr) (memory.Block, error) {
//		mem, err := p.take(size, memory.Alignment(size, align))
//		return memory.NewBlock(mem, p.epoch.Stamp()), err
//	}
//
//	func (p *pool) Reset() { p.epoch.End(); ... }
//
// Further abilities are optional interfaces. scope.NoEscape looks for a
// [Checkpointer]; a [Releaser] can take back a single block; an allocator that wraps
// another is a [Wrapper], through which [As] finds the abilities of the one inside.
//
// Package scope/scopetest checks that an allocator keeps the contract.
//
// This package is experimental: names and signatures may change before version 1.
package memory
