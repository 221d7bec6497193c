package bumper

import (
	"github.com/allocarrays/allocarrays-go/internal/poison"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

var (
	_ memory.Extender = (*AllocBuffer)(nil)
	_ memory.Extender = (*SlabBuffer)(nil)
	_ memory.Extender = (*AutoscalingBuffer)(nil)
)

// Extend lengthens b in place if it is the last block. See [memory.Extender] for the
// contract.
func (b *AllocBuffer) Extend(block memory.Block, size uintptr) (memory.Block, bool) {
	return extend(b.levels.at.Mem, &b.levels.at.Off, b.levels.at.Top, block, size)
}

// Extend lengthens b in place if it is the last block of the current slab. See
// [memory.Extender] for the contract.
func (b *SlabBuffer) Extend(block memory.Block, size uintptr) (memory.Block, bool) {
	return extend(b.levels.at.Mem, &b.levels.at.Off, b.levels.at.Top, block, size)
}

// Extend lengthens b in place if it is the last block of the current piece. See
// [memory.Extender] for the contract.
func (b *AutoscalingBuffer) Extend(block memory.Block, size uintptr) (memory.Block, bool) {
	return extend(b.levels.at.Mem, &b.levels.at.Off, b.levels.at.Top, block, size)
}

// extend lengthens block to size bytes if it was born in the innermost scope, ends at
// *off in mem and has room behind it; it moves *off then.
func extend(mem []byte, off *int, top memory.Stamp, block memory.Block, size uintptr) (memory.Block, bool) {
	old := block.Bytes()
	if block.Stamp != top || len(old) == 0 || size < uintptr(len(old)) {
		return block, false
	}
	start := int(address(old) - address(mem))
	if start < 0 || start+len(old) != *off || size > uintptr(len(mem)-start) || address(old)&(memory.Alignment(size, 1)-1) != 0 {
		return block, false
	}
	end := start + int(size)
	poison.Unpoison(mem[*off:end])
	*off = end
	return memory.NewBlock(mem[start:end], top), true
}
