package offheap

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
)

// books are a heap's record of its blocks. Their lock is held for a moment only,
// and never while code of others runs (an upstream source, a reporting function),
// so that a cleanup may take it whatever else the program is doing.
type books struct {
	mu     sync.Mutex
	live   map[uintptr]*block // by the address at which they begin
	past   history
	spare  []*block // records to be used again, so that a loop allocates none
	lastID uint64
	stats  Stats
	closed bool
}

// errTwice: the upstream source gave a block that it had given before and that was
// not released.
var errTwice = errors.New("offheap: source broke its contract: it gave a live block again")

// maxSpare bounds the records kept for reuse.
const maxSpare = 64

// enter writes down a block that the upstream source has given. On an error
// nothing has changed.
func (k *books) enter(mem []byte, label string, at *trace) (id uint64, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closed {
		return 0, ErrClosed
	}
	if old := k.live[address(mem)]; old != nil {
		return 0, fmt.Errorf("%w: %v", errTwice, old.info())
	}
	b := k.record()
	k.lastID++
	*b = block{mem: mem, addr: address(mem), size: len(mem), id: k.lastID, label: label, made: *at}
	k.live[b.addr] = b
	k.stats.Allocs++
	k.stats.Blocks++
	k.stats.Size += len(mem)
	k.stats.Peak = max(k.stats.Peak, k.stats.Size)
	return b.id, nil
}

func (k *books) record() *block {
	if n := len(k.spare); n > 0 {
		b := k.spare[n-1]
		k.spare = k.spare[:n-1]
		return b
	}
	return new(block)
}

// close takes all blocks out of the books, the largest first, and refuses new ones
// from now on.
func (k *books) close(at *trace) []block {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.closed = true
	var left []block
	for _, b := range k.sorted() {
		left = append(left, k.remove(b, at))
		k.stats.Leaks++
	}
	return left
}

// sorted returns the live blocks, the largest first, then the oldest.
func (k *books) sorted() []*block {
	return slices.SortedFunc(maps.Values(k.live), func(a, b *block) int {
		if d := b.size - a.size; d != 0 {
			return d
		}
		return cmp.Compare(a.id, b.id)
	})
}

func (k *books) isClosed() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.closed
}
