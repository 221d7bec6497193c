package bumper

import (
	"runtime"
	"sync"
	"unsafe"

	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// Isolating makes the buffer never hand out memory of a scope that has ended as long
// as anything refers to it, be it a raw slice in another goroutine: such a reference
// sees its old data, or what was written through it, but never another scope's. The
// garbage collector decides, so that no reference is overlooked.
//
// The offset is then not set back at the end of a scope; scopes follow one another
// through the slabs, and slabs that were left behind are used again when a garbage
// collection has found nothing that refers to them. The cost is one garbage-collected
// object for each slab instead of none, and memory for what is allocated between two
// collections: between the plain buffer and the heap. In locked, regions of such a
// buffer are isolated too.
//
// It replaces a source given with [From], and [Prompt] does nothing to it. A [Limit] must
// leave room for slabs of 32 KiB at least.
func Isolating() SlabOption { return isolatingOption{} }

type isolatingOption struct{}

func (isolatingOption) applySlab(b *SlabBuffer) {
	b.isolating = true
}

// Isolates reports whether the buffer was made with [Isolating].
func (b *SlabBuffer) Isolates() bool { return b.isolating }

// account is the source of what stands on a buffer's storage: its limit, and its
// end, are theirs. It is as safe for concurrent use as the buffer.
type account struct{ *store }

func (a account) Acquire(n int) ([]byte, error) { return a.acquire(n) }

func (a account) Release(mem []byte) { a.release(mem) }

// isolate replaces a source that would hand out again what is still referred to.
func (s *store) isolate() {
	switch s.source.(type) {
	case *collected, account, memory.Isolator:
	default:
		s.source = new(collected)
	}
}

// moveOn ends the scopes since mark without setting the offset back. Slabs that only
// they used are left to the garbage collector; the current one goes on.
func (b *SlabBuffer) moveOn(mark slabMark) {
	b.customs.drop(&b.store)
	used := mark.used()
	b.custom, b.large = mark.custom, mark.large
	first := mark.cur + 1
	if used == mark.large { // nothing lives in a slab
		first = 0
	}
	if b.cur > first {
		b.slabs[first], b.slabs[b.cur] = b.slabs[b.cur], b.slabs[first]
		b.slabs = b.store.releaseAll(b.slabs, first+1)
		b.cur = first
	}
	b.burnt = b.full + b.off + b.large - used
}

// collected is a source of Go memory that is used again only when the garbage
// collector has found it unreachable: a finalizer brings it back. It is safe for
// concurrent use.
//
// The collector takes what a finalizer brings back for live, and lets the heap grow to
// twice that before it runs again: if all memory came back, there would be more of it
// each time. So finalizers watch maxWatched bytes, and what is needed beyond them is
// garbage like any other.
type collected struct {
	mu      sync.Mutex
	idle    map[int][][]byte // by length
	watched int              // bytes that have a finalizer or are idle
}

const maxWatched = 32 << 20

// leastCollected is the size from which an allocation of Go is an object of its own
// that begins at a page.
const leastCollected = 32<<10 + 1

func (c *collected) Acquire(size int) ([]byte, error) {
	size = max(size, leastCollected)
	mem, watch := c.take(size)
	if mem == nil {
		var err error
		if mem, err = (goHeap{}).Acquire(size); err != nil {
			c.unwatch(size, watch)
			return nil, err
		}
	}
	if watch {
		// The finalizer gets the first byte of an object of at least size bytes: it
		// was set on that object, and with that size. It runs when nothing else
		// refers to it.
		runtime.SetFinalizer(unsafe.SliceData(mem), func(first *byte) { c.put(unsafe.Slice(first, size)) })
	}
	return mem, nil
}

// Release leaves mem to the garbage collector.
func (c *collected) Release([]byte) {}

// take returns idle memory, nil if there is none of that size, and whether it, or what
// is allocated instead, is to be watched. If there is no room for that, idle memory of
// other sizes is given up.
func (c *collected) take(size int) (mem []byte, watch bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if last := len(c.idle[size]) - 1; last >= 0 {
		mem = c.idle[size][last]
		c.idle[size][last] = nil
		c.idle[size] = c.idle[size][:last]
		return mem, true
	}
	if size > maxWatched-c.watched {
		for length, list := range c.idle {
			c.watched -= length * len(list)
		}
		clear(c.idle)
	}
	watch = size <= maxWatched-c.watched
	if watch {
		c.watched += size
	}
	return nil, watch
}

// unwatch takes back what take did for memory that was not to be had.
func (c *collected) unwatch(size int, watched bool) {
	if watched {
		c.mu.Lock()
		c.watched -= size
		c.mu.Unlock()
	}
}

func (c *collected) put(mem []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.idle == nil {
		c.idle = map[int][][]byte{}
	}
	c.idle[len(mem)] = append(c.idle[len(mem)], mem)
}
