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

	// What is called when they end with the scope, or nil. It is not in the blocks, which stay
	// known beyond their scope, and would keep the owner of the memory reachable.
	ended []func(pc uintptr)
}

// Place returns a guarded block that replaces mem. If live reports that another goroutine
// has ended the scope meanwhile, mem is no longer ours, and Place returns nil. If ended is
// not nil, it is called with the place when the block ends with its scope.
func (l *List) Place(mem []byte, align int, live func() bool, ended func(pc uintptr)) *Block {
	return l.add(live, ended, func() *Block { return all.Place(mem, align) })
}

// Keep is Place of memory that stays where it is, whatever becomes of it.
func (l *List) Keep(mem []byte, live func() bool, ended func(pc uintptr)) *Block {
	return l.add(live, ended, func() *Block { return &Block{mem: mem, kept: true} })
}

func (l *List) add(live func() bool, ended func(pc uintptr), block func() *Block) *Block {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !live() {
		return nil
	}
	b := block()
	l.blocks, l.ended = append(l.blocks, b), append(l.ended, ended)
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
	for _, ended := range l.ended {
		if ended != nil {
			ended(pc)
		}
	}
	overruns.add(all.Release(l.blocks, pc), end)
	clear(l.blocks)
	clear(l.ended)
	l.blocks, l.ended = l.blocks[:0], l.ended[:0]
}

// ReleaseOne ends one block before its scope.
func (l *List) ReleaseOne(b *Block, pc uintptr, end func() string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := len(l.blocks) - 1; i >= 0; i-- { // usually one of the last
		if l.blocks[i] == b {
			l.blocks, l.ended = slices.Delete(l.blocks, i, i+1), slices.Delete(l.ended, i, i+1)
			overruns.add(all.Release([]*Block{b}, pc), end)
			return
		}
	}
}
