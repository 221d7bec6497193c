package bumper

import (
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"unsafe"
)

// Isolating makes the buffer reuse memory of an ended scope only when nothing refers to
// it any more, not even a raw slice in another goroutine. Such a slice sees its old data,
// or what was written through it, but never another scope's. The garbage collector finds
// the references, so that none is overlooked.
//
// The end of a scope then does not set the offset back: scopes follow one another through
// the slabs, and a slab left behind is reused when a garbage collection has found nothing
// that refers to it. Each slab costs one garbage-collected object, and the buffer needs
// memory for what is allocated between two collections: the cost is between that of a
// plain buffer and that of the heap. Its regions in package locked are isolated too.
//
// Isolating replaces a source set with [From] and overrides [Prompt]. A [Limit] counts
// memory until the garbage collector has found that nothing refers to it, so it must leave
// room for what is allocated between two collections; a request beyond the limit fails
// and starts a collection.
func Isolating() SlabOption { return isolatingOption{} }

type isolatingOption struct{}

func (isolatingOption) applySlab(b *SlabBuffer) {
	b.isolating = true
}

// Isolates reports whether the buffer was made with [Isolating].
func (b *SlabBuffer) Isolates() bool { return b.isolating }

// moveOn ends the scopes since mark without setting the offset back. It leaves the slabs
// that only they used to the garbage collector; the current slab stays in use.
func (b *SlabBuffer) moveOn(mark slabMark) {
	b.customs.drop(&b.store)
	used := mark.used()
	b.custom, b.large = mark.custom, mark.large
	first := mark.kept
	if used == mark.large { // nothing lives in a slab
		first = 0
	}
	b.kept = first
	if b.cur > first {
		b.slabs[first], b.slabs[b.cur] = b.slabs[b.cur], b.slabs[first]
		b.slabs = b.store.releaseAll(b.slabs, first+1)
		b.cur = first
	}
	b.burnt = b.full + b.levels.at.Off + b.large - used
	b.movedTo.cur, b.movedTo.off = b.cur, b.levels.at.Off
}

// keepUsed counts the current slab among those in which something may live, if anything
// was allocated in it since the last scope ended.
func (b *SlabBuffer) keepUsed() {
	if b.movedTo.cur != b.cur || b.movedTo.off != b.levels.at.Off {
		b.kept = b.cur + 1
	}
}

// collected is a source of Go memory that is reused only when the garbage collector
// has found it unreachable: a finalizer brings it back. It is safe for concurrent use.
//
// The collector counts what a finalizer brings back as live, and lets the heap grow to
// twice that before it runs again: if all memory came back, there would be more of it
// each time. So finalizers watch at most maxWatched bytes; memory beyond them is ordinary
// garbage.
type collected struct {
	limit int // of held; 0 means none

	mu      sync.Mutex
	idle    map[int][][]byte // by length
	idling  int              // bytes of these
	watched int              // bytes that have a finalizer or are idle
	held    int              // bytes not yet found unreachable, or idle

	collecting atomic.Bool
}

const maxWatched = 32 << 20

// leastCollected is the size from which Go allocates an object in pages of its own.
const leastCollected = 32<<10 + 1

// errUncollected is the cause when an isolating buffer has reached its limit.
var errUncollected = errors.New("bumper: limit of the buffer reached; isolating memory counts until the garbage collector has found it free")

// Acquire returns memory that nothing refers to. At the limit it fails, and starts a
// garbage collection for later requests.
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

// take returns idle memory, nil if there is none of that size, and whether to watch it,
// or what is allocated instead. If maxWatched or the limit leaves no room, take gives up
// idle memory of other sizes; ok is false if the limit still leaves none.
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

// lose undoes the counts of take, for memory that was not available or is gone.
func (c *collected) lose(size int, watched bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held -= size
	if watched {
		c.watched -= size
	}
}

// put records as idle memory that nothing refers to.
func (c *collected) put(mem []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.idle == nil {
		c.idle = map[int][][]byte{}
	}
	c.idle[len(mem)] = append(c.idle[len(mem)], mem)
	c.idling += len(mem)
}

// collect starts a garbage collection, unless it has started one that still runs.
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
