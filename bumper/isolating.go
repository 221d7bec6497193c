package bumper

import (
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"unsafe"
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
// It replaces a source given with [From], and [Prompt] does nothing to it. A [Limit] counts
// memory until the garbage collector has found that nothing refers to it, so it must leave
// room for what is allocated between two collections; a request that meets the limit fails
// and has a collection begin.
func Isolating() SlabOption { return isolatingOption{} }

type isolatingOption struct{}

func (isolatingOption) applySlab(b *SlabBuffer) {
	b.isolating = true
}

// Isolates reports whether the buffer was made with [Isolating].
func (b *SlabBuffer) Isolates() bool { return b.isolating }

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
	limit int // of held; 0 means none

	mu      sync.Mutex
	idle    map[int][][]byte // by length
	idling  int              // bytes of these
	watched int              // bytes that have a finalizer or are idle
	held    int              // bytes that were not found unreachable yet, or are idle

	collecting atomic.Bool
}

const maxWatched = 32 << 20

// leastCollected is the size from which an allocation of Go is an object of its own
// that begins at a page.
const leastCollected = 32<<10 + 1

// errUncollected is the cause of an ExhaustedError when the limit of an isolating buffer
// is.
var errUncollected = errors.New("bumper: limit of the buffer reached; isolating memory counts until the garbage collector has found that nothing refers to it")

// Acquire returns memory that nothing refers to. If the limit is in the way, it asks for a
// garbage collection, for later requests, and fails.
func (c *collected) Acquire(size int) ([]byte, error) {
	size = max(size, leastCollected)
	mem, watch, ok := c.take(size)
	if !ok {
		c.collect()
		return nil, errUncollected
	}
	if mem == nil {
		var err error
		if mem, err = (goHeap{}).Acquire(size); err != nil {
			c.lose(size, watch)
			return nil, err
		}
	}
	if watch {
		// The finalizer gets the first byte of an object of at least size bytes: it
		// was set on that object, and with that size. It runs when nothing else
		// refers to it.
		runtime.SetFinalizer(unsafe.SliceData(mem), func(first *byte) { c.put(unsafe.Slice(first, size)) })
	} else {
		runtime.AddCleanup(unsafe.SliceData(mem), func(size int) { c.lose(size, false) }, size)
	}
	return mem, nil
}

// Release leaves mem to the garbage collector.
func (c *collected) Release([]byte) {}

// take returns idle memory, nil if there is none of that size, and whether it, or what
// is allocated instead, is to be watched. If there is no room for that, or below the
// limit, idle memory of other sizes is given up; ok is false if the limit is in the way
// all the same.
func (c *collected) take(size int) (mem []byte, watch, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if last := len(c.idle[size]) - 1; last >= 0 {
		mem = c.idle[size][last]
		c.idle[size][last] = nil
		c.idle[size] = c.idle[size][:last]
		c.idling -= size
		return mem, true, true
	}
	if size > maxWatched-c.watched || c.limit > 0 && size > c.limit-c.held {
		c.watched -= c.idling
		c.held -= c.idling
		c.idling = 0
		clear(c.idle)
	}
	if c.limit > 0 && size > c.limit-c.held {
		return nil, false, false
	}
	c.held += size
	watch = size <= maxWatched-c.watched
	if watch {
		c.watched += size
	}
	return nil, watch, true
}

// lose takes back what take counted, for memory that was not to be had or is no more.
func (c *collected) lose(size int, watched bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held -= size
	if watched {
		c.watched -= size
	}
}

// put makes memory idle that nothing refers to.
func (c *collected) put(mem []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.idle == nil {
		c.idle = map[int][][]byte{}
	}
	c.idle[len(mem)] = append(c.idle[len(mem)], mem)
	c.idling += len(mem)
}

// collect runs a garbage collection, unless one was asked for that has not ended yet.
func (c *collected) collect() {
	if c.collecting.CompareAndSwap(false, true) {
		go func() {
			runtime.GC()
			c.collecting.Store(false)
		}()
	}
}

// size returns how many bytes are held.
func (c *collected) size() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.held
}
