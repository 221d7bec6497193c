package pages

import (
	"fmt"
	"sync"
)

// Guards places blocks and finds them again by address. It is safe for concurrent
// use.
type Guards struct {
	mu    sync.Mutex
	arena arena
}

// New returns guards that ask the operating system for their pages.
func New() *Guards { return &Guards{arena: arena{sys: host{}}} }

// Place returns a guarded block as large as mem, aligned as requested and filled with
// poison, and records its callers. If it cannot be placed, the block is mem itself.
func (g *Guards) Place(mem []byte, align int) *Block {
	b := &Block{mem: mem}
	page := g.arena.sys.pageSize()
	if len(mem) == 0 || align > page {
		return b
	}
	b.born.Capture()
	if g.move(b, (len(mem)+page-1)/page, align) {
		Poison(b.mem)
		before, behind := b.canaries()
		fill(before)
		fill(behind)
	}
	return b
}

// move puts b as far back in pages of its own as its alignment allows. It returns
// false if there are none.
func (g *Guards) move(b *Block, pages, align int) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if b.span, b.page = g.arena.take(pages); b.span == nil {
		return false
	}
	size := len(b.mem)
	b.start = (len(b.page) - size) &^ (max(align, 1) - 1)
	b.mem = b.page[b.start : b.start+size : b.start+size]
	b.span.block = b
	return true
}

// Release releases blocks whose scope ended at end: their pages become inaccessible;
// blocks that were not moved are overwritten. It describes each damaged block.
func (g *Guards) Release(blocks []*Block, end uintptr) (broken []string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, b := range blocks {
		b.released, b.end = true, end
		switch {
		case b.kept:
		case b.span == nil:
			Poison(b.mem)
		default:
			if side := b.damage(); side != "" {
				broken = append(broken, fmt.Sprintf("write %s a block of %d bytes allocated at\n%s", side, len(b.mem), b.stack()))
			}
		}
	}
	for len(blocks) > 0 {
		n := neighbours(blocks)
		g.shut(blocks[:n])
		blocks = blocks[n:]
	}
	return broken
}

// neighbours returns how many of the first blocks are placed side by side, or not
// placed: at least one.
func neighbours(blocks []*Block) int {
	n := 1
	for ; n < len(blocks); n++ {
		a, b := blocks[n-1].span, blocks[n].span
		if a == nil || b == nil || b.first != a.first+a.pages {
			break
		}
	}
	return n
}

// shut makes the pages of neighbours inaccessible, all at once, or poisons them if
// the system refuses.
func (g *Guards) shut(blocks []*Block) {
	if blocks[0].span == nil {
		return
	}
	spans := make([]*span, 0, 16)
	for _, b := range blocks {
		spans = append(spans, b.span)
	}
	if g.arena.put(spans) != nil {
		for _, b := range blocks {
			Poison(b.mem)
		}
	}
}

// Live returns how many blocks are placed in pages of their own now.
func (g *Guards) Live() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.arena.live
}
