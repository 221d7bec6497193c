package pages

import (
	"fmt"
	"unsafe"
)

// A Finding describes an address.
type Finding struct {
	What     string  // which byte of which block, and where that was allocated
	Inside   bool    // the byte belongs to the block
	Released bool    // the scope of the block has ended
	End      uintptr // where it ended, if known
}

// Explain finds the block that an address lies in or next to.
func (g *Guards) Explain(address uintptr) (f Finding, ok bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	base := start(g.arena.mem)
	if g.arena.mem == nil || address < base || address-base >= uintptr(len(g.arena.mem)) {
		return f, false
	}
	b := g.arena.nearest(int(address-base)/g.arena.sys.pageSize(), address)
	if b == nil {
		return f, false
	}
	offset := int(address - start(b.mem))
	f.What = fmt.Sprintf("byte %d of a block of %d bytes allocated at\n%s", offset, len(b.mem), b.stack())
	f.Inside = offset >= 0 && offset < len(b.mem)
	f.Released, f.End = b.released, b.end
	return f, true
}

// nearest returns the block of the span that page lies in, or the next one if that is
// nearer to the address.
func (a *arena) nearest(page int, address uintptr) (nearest *Block) {
	i, ok := a.at(page)
	if !ok && page > 0 {
		return nil
	}
	for _, s := range a.spans[max(i, 0):min(i+2, len(a.spans))] {
		if b := s.block; b != nil && (nearest == nil || b.distance(address) < nearest.distance(address)) {
			nearest = b
		}
	}
	return nearest
}

// start returns where mem begins, for comparing: it is never turned back into a
// pointer, and what it is called with does not move.
func start(mem []byte) uintptr { return uintptr(unsafe.Pointer(unsafe.SliceData(mem))) }
