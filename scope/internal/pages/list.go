package pages

import (
	"slices"
	"sync"
)

// all places the blocks of all guarded scopes.
var all = New()

// Explain finds the guarded block that an address lies in or next to.
func Explain(address uintptr) (Finding, bool) { return all.Explain(address) }

// A List holds the guarded blocks of an epoch's current scope. It is safe
// for concurrent use; the zero value is empty.
type List struct {
	mu     sync.Mutex
	blocks []*Block
}

// Place returns a guarded block that replaces mem. If live reports that another goroutine
// has ended the scope meanwhile, mem is no longer ours, and Place returns nil. If ended is
// not nil, it is called with the place when the block ends with its scope.
func (l *List) Place(mem []byte, align int, live func() bool, ended func(pc uintptr)) *Block {
	return l.add(live, func() *Block {
		b := all.Place(mem, align)
		b.ended = ended
		return b
	})
}

// Keep is Place of memory that stays where it is, whatever becomes of it.
func (l *List) Keep(mem []byte, live func() bool, ended func(pc uintptr)) *Block {
	return l.add(live, func() *Block { return &Block{mem: mem, kept: true, ended: ended} })
}

func (l *List) add(live func() bool, block func() *Block) *Block {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !live() {
		return nil
	}
	b := block()
	l.blocks = append(l.blocks, b)
	return b
}

// Release ends all blocks of a scope, which has ended at pc, as end describes. A Place
// that waits for the lock then sees that the scope has ended.
func (l *List) Release(pc uintptr, end func() string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.blocks) == 0 {
		return
	}
	for _, b := range l.blocks {
		if b.ended != nil {
			b.ended(pc)
		}
	}
	overruns.add(all.Release(l.blocks, pc), end)
	clear(l.blocks)
	l.blocks = l.blocks[:0]
}

// ReleaseOne ends one block before its scope.
func (l *List) ReleaseOne(b *Block, pc uintptr, end func() string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := len(l.blocks) - 1; i >= 0; i-- { // usually one of the last
		if l.blocks[i] == b {
			l.blocks = slices.Delete(l.blocks, i, i+1)
			overruns.add(all.Release([]*Block{b}, pc), end)
			return
		}
	}
}
