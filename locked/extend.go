package locked

import (
	"github.com/allocarrays/allocarrays-go/internal/handshake"
	"github.com/allocarrays/allocarrays-go/internal/poison"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// ExtendIn lengthens b in place if it is the last block of the region's open scope and
// there is room behind it.
func (r *region) ExtendIn(g handshake.Generation, b memory.Block, size uintptr) (memory.Block, bool) {
	r.lock()
	defer r.unlock()
	old := b.Bytes()
	if !r.Living(g) || !r.open || b.Stamp != r.epoch.Stamp() || size > maxSize || len(old) == 0 || int(size) < len(old) {
		return b, false
	}
	first := address(old)
	start := int(first - address(r.mem))
	if start < 0 || start+len(old) != r.off || first&(memory.Alignment(size, 1)-1) != 0 {
		return b, false
	}
	end := start + int(size)
	if short := end - len(r.mem); short > 0 && !r.home.lengthen(r, short) {
		return b, false
	}
	poison.Unpoison(r.mem[r.off:end])
	r.off = end
	return memory.NewBlock(r.mem[start:end], b.Stamp), true
}

// lengthen makes r's current span longer by short bytes or more, as carve does; false if
// the memory behind it is not idle. r.mu is held.
func (b *Buffer) lengthen(r *region, short int) bool {
	if b.isolating || len(r.spans) == 0 {
		return false
	}
	most := (r.used()+short)/2*3 + leastSpan - r.held
	most = roundUp(max(min(most, short+mostSlack), short))
	if r.account != nil {
		left, err := r.prepay(short, roundUp(short), most, 0)
		if err != nil {
			return false
		}
		most = min(most, left) &^ (granule - 1)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	last := r.spans[len(r.spans)-1]
	if !b.arena.extend(last, short, most) {
		return false // what is charged is left for a copy
	}
	b.hold(r, last.len-len(r.mem))
	r.mem = last.bytes()
	return true
}
