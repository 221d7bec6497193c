package offheap

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"sync"

	"github.com/allocarrays/allocarrays-go/internal/callsite"
)

// records are what a heap knows of its blocks. Their lock is held for a moment only, and
// never while other code runs (an upstream source, a reporting function), so a cleanup
// may take it at any time.
type records struct {
	mu     sync.Mutex
	live   map[uintptr]*block // by the address at which they begin
	past   history
	spare  []*block // to be used again, so that a loop allocates none
	lastID uint64
	stats  Stats
	closed bool
}

// block is the record of one piece of memory.
type block struct {
	mem   []byte // all that the upstream source gave; nil once it is freed
	addr  uintptr
	size  int
	id    uint64 // counts blocks, in the order of their allocation
	held  holder
	label string
	made  callsite.Stack
	freed callsite.Stack
}

// A holder is who may free a block.
type holder uint8

const (
	byCaller    holder = iota // of Alloc, with Free
	byBuffer                  // or another user of the bumper.Source, with Release
	byWorkspace               // with its own Free
)

// contains reports whether addr lies in b. The difference wraps around below it.
func (b *block) contains(addr uintptr) bool { return addr-b.addr < uintptr(b.size) }

func (b *block) info() BlockInfo {
	return BlockInfo{Addr: b.addr, Size: b.size, Label: b.label, Stack: b.made.Callers()}
}

// misfree returns the error about a free of b, or in b, that is a mistake.
func (b *block) misfree(kind error, addr uintptr, at *callsite.Stack) *FreeError {
	return &FreeError{Kind: kind, Addr: addr, Block: b.info(), Freed: b.freed.Callers(), Again: at.Callers()}
}

// A BlockInfo describes a block of a [Heap].
type BlockInfo struct {
	Addr  uintptr   // where it begins
	Size  int       // bytes taken from the upstream source, at least as many as requested
	Label string    // of the heap that it was allocated from
	Stack []uintptr // where it was allocated, innermost first, as from runtime.Callers
}

// Frames returns the functions of Stack, beginning with the one that asked an
// allocator of this module for memory.
func (b BlockInfo) Frames() []runtime.Frame { return callsite.Frames(b.Stack) }

// String describes the size, the label and the stack, on several lines.
func (b BlockInfo) String() string {
	return fmt.Sprintf("%d bytes at %#x labelled %q, allocated at:\n%s", b.Size, b.Addr, b.Label, callsite.Text(b.Stack))
}

// errTwice: the upstream source gave a block again that was not released.
var errTwice = errors.New("offheap: source broke its contract: it gave a live block again")

// enter records a block that the upstream source has given. On an error nothing has
// changed.
func (r *records) enter(mem []byte, label string, held holder, at *callsite.Stack) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return ErrClosed
	}
	if old := r.live[address(mem)]; old != nil {
		return fmt.Errorf("%w: %v", errTwice, old.info())
	}
	b := r.blank()
	r.lastID++
	*b = block{mem: mem, addr: address(mem), size: len(mem), id: r.lastID, held: held, label: label, made: *at}
	r.live[b.addr] = b
	r.stats.Allocs++
	r.stats.Blocks++
	r.stats.Size += len(mem)
	r.stats.Peak = max(r.stats.Peak, r.stats.Size)
	return nil
}

// maxSpare bounds the records kept for reuse.
const maxSpare = 64

func (r *records) blank() *block {
	if n := len(r.spare); n > 0 {
		b := r.spare[n-1]
		r.spare = r.spare[:n-1]
		return b
	}
	return new(block)
}

// remove removes the block that begins at addr, which by must hold, and returns its
// record; leaked says that the leak guard asks. A block is removed before its memory goes
// back upstream: from then on another goroutine may be given the same address, and enter
// it.
func (r *records) remove(addr uintptr, by holder, leaked bool, at *callsite.Stack) (block, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	b := r.live[addr]
	if b == nil {
		r.stats.BadFrees++
		return block{}, r.badFree(addr, at)
	}
	if b.held != by {
		r.stats.BadFrees++
		return block{}, b.misfree(ErrNotOwner, addr, at)
	}
	if leaked {
		r.stats.Leaks++
	}
	return r.drop(b, at), nil
}

// cover reports whether mem lies in one live block.
func (r *records) cover(mem []byte) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if b := r.live[address(mem)]; b != nil && within(mem, b.mem) {
		return true
	}
	for _, b := range r.live {
		if within(mem, b.mem) {
			return true
		}
	}
	return false
}

// refused counts a free that was refused without a look at the records.
func (r *records) refused() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stats.BadFrees++
}

// drop moves b from the live blocks to the history, and returns a copy.
func (r *records) drop(b *block, at *callsite.Stack) block {
	b.freed = *at
	r.stats.Frees++
	r.stats.Blocks--
	r.stats.Size -= b.size
	delete(r.live, b.addr)
	removed := *b
	b.mem = nil // the memory may be the garbage collector's, and is not ours to hold
	if old := r.past.push(b); old != nil && len(r.spare) < maxSpare {
		r.spare = append(r.spare, old)
	}
	return removed
}

// badFree finds out what it was that cannot be freed. It may look through all blocks: a
// mistake is rare.
func (r *records) badFree(addr uintptr, at *callsite.Stack) error {
	for _, b := range r.live {
		if b.contains(addr) {
			return b.misfree(ErrInterior, addr, at)
		}
	}
	if b := r.past.find(func(b *block) bool { return b.addr == addr }); b != nil {
		return b.misfree(ErrDoubleFree, addr, at)
	}
	if b := r.past.find(func(b *block) bool { return b.contains(addr) }); b != nil {
		return b.misfree(ErrInterior, addr, at)
	}
	return &FreeError{Kind: ErrUnknown, Addr: addr, Again: at.Callers()}
}

// close refuses new blocks from now on, and returns those that are held. Only the first
// call does.
func (r *records) close() (held []BlockInfo, first bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, false
	}
	r.closed = true
	return r.list(), true
}

// list describes the live blocks, the largest first, then the oldest.
func (r *records) list() (list []BlockInfo) {
	sorted := slices.SortedFunc(maps.Values(r.live), func(a, b *block) int {
		if d := b.size - a.size; d != 0 {
			return d
		}
		return cmp.Compare(a.id, b.id)
	})
	for _, b := range sorted {
		list = append(list, b.info())
	}
	return list
}

// history remembers the blocks that were freed last.
type history struct {
	limit int
	ring  []*block // grows until it has limit entries
	next  int      // the oldest, once it has
}

// push remembers b and returns the block that it forgets instead, or nil.
func (h *history) push(b *block) (forgotten *block) {
	if h.limit == 0 {
		return b
	}
	if len(h.ring) < h.limit {
		h.ring = append(h.ring, b)
		return nil
	}
	forgotten, h.ring[h.next] = h.ring[h.next], b
	h.next = (h.next + 1) % h.limit
	return forgotten
}

// find returns the block freed last for which match holds, or nil.
func (h *history) find(match func(*block) bool) *block {
	for i := range h.ring {
		b := h.ring[(h.next+len(h.ring)-1-i)%len(h.ring)]
		if match(b) {
			return b
		}
	}
	return nil
}
