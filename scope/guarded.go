package scope

import (
	"sync"

	"github.com/allocarrays/allocarrays-go/scope/internal/guard"
)

// guards places the blocks of all guarded scopes.
var guards = guard.New()

// guardedBlocks are the guarded blocks of the scope that lives now in an epoch.
type guardedBlocks struct {
	mu     sync.Mutex
	blocks []*guard.Block
}

// guard places b anew and enters it into the books of its scope.
func (e *Epoch) guard(b Block, align int) Block {
	if e.guarded.Load() == nil {
		e.guarded.CompareAndSwap(nil, new(guardedBlocks))
	}
	list := e.guarded.Load()
	list.mu.Lock()
	defer list.mu.Unlock()
	if !b.Stamp.Live() { // it ended meanwhile, in another goroutine: b is no more ours
		return b
	}
	g := guards.Place(b.Bytes(), align, 3)
	list.blocks = append(list.blocks, g)
	return NewBlock(g.Bytes(), b.Stamp)
}

// release ends all blocks of the scope with stamp s. The scope was ended before, and
// whoever holds the lock sees that.
func (l *guardedBlocks) release(s Stamp) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.blocks) > 0 {
		overruns.add(guards.Release(l.blocks, s.endPC()), s)
		clear(l.blocks)
		l.blocks = l.blocks[:0]
	}
}
