package pages

import "sync"

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

// Place returns guarded memory that replaces mem. If live reports that another
// goroutine has ended the scope meanwhile, mem is no longer ours, and Place returns
// it as it is.
func (l *List) Place(mem []byte, align int, live func() bool) []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !live() {
		return mem
	}
	b := all.Place(mem, align)
	l.blocks = append(l.blocks, b)
	return b.Bytes()
}

// Release ends all blocks of a scope, which has ended at pc, as end describes. A Place
// that waits for the lock then sees that the scope has ended.
func (l *List) Release(pc uintptr, end func() string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.blocks) > 0 {
		overruns.add(all.Release(l.blocks, pc), end)
		clear(l.blocks)
		l.blocks = l.blocks[:0]
	}
}
