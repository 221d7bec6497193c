package arrowscope

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"unsafe"

	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// This file imports nothing of Arrow: the command prove copies it into Arrow's own module,
// whose package memory could not import it otherwise.

// An Allocator serves Arrow from the memory of a context; it is a memory.Allocator of
// Arrow's. The package documentation has its contract. It is safe for concurrent use.
type Allocator struct {
	alloc    scope.Allocator
	extender memory.Extender // alloc, if it is one
	zeroed   bool            // what alloc hands out is zeroed
	stamp    scope.Stamp     // of the scope that the Allocator was made in

	mu    sync.Mutex
	last  memory.Block // the one handed out last
	err   error        // the first
	stats Stats
}

// Stats counts what an Allocator has served.
type Stats struct {
	Blocks    int // all blocks, also those from the heap
	Bytes     int // of these, in bytes; what was lengthened in place counts what it became longer
	InPlace   int // calls of Reallocate that copied nothing
	Heap      int // blocks that came from the heap, because memory was exhausted or the scope had ended
	HeapBytes int // of these, in bytes
}

// New returns an Allocator for the memory of ctx: that of its scope on a buffer of package
// locked, or of the shared buffer itself, or the Go heap if ctx says nothing else. Any other
// allocator is an error, since Arrow's functions run goroutines that would share it.
func New(ctx context.Context) (*Allocator, error) {
	a := &Allocator{alloc: scope.AllocatorFrom(ctx)}
	if _, shared := locked.From(ctx); !shared {
		inner := a.alloc
		for next := inner; next != nil; next = memory.Unwrap(next) {
			inner = next
		}
		if inner != scope.Heap() {
			return nil, fmt.Errorf("arrowscope: goroutines of Arrow cannot share %T: put it behind locked.WithLockedBumper", inner)
		}
		a.zeroed = a.alloc == scope.Heap()
	}
	a.extender, _ = a.alloc.(memory.Extender)
	empty, err := a.alloc.Alloc(0, 1) // opens a lazy scope, so that the stamp is its own
	a.stamp = empty.Stamp
	return a, err
}

// Stamp returns the stamp of the scope that a was made in.
func (a *Allocator) Stamp() scope.Stamp { return a.stamp }

// Err returns the first error of an allocation, nil if there was none. It matches
// scope.ErrExhausted if a limit or a buffer was exhausted.
func (a *Allocator) Err() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.err
}

// Stats returns what has been served so far.
func (a *Allocator) Stats() Stats {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.stats
}

// Allocate returns size zeroed bytes at a multiple of 64.
func (a *Allocator) Allocate(size int) []byte {
	b := a.take(size)
	if !a.zeroed {
		clear(b) // what Arrow reads without having written it
	}
	return b
}

// Free does nothing: all memory is released with the scope.
func (a *Allocator) Free([]byte) {}

// Reallocate returns size bytes that begin with those of b. The rest is zeroed. It is b's own
// memory if that has room, or was handed out last and has room behind it.
func (a *Allocator) Reallocate(size int, b []byte) []byte {
	longer, ok := a.inPlace(size, b)
	if !ok {
		longer = a.take(size)
		copy(longer, b)
	}
	clear(longer[min(len(b), len(longer)):]) // also what b has shrunk from
	return longer
}

// inPlace returns b with size bytes if that needs no copy.
func (a *Allocator) inPlace(size int, b []byte) ([]byte, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if 0 <= size && size <= cap(b) {
		a.stats.InPlace++
		return b[:size], true
	}
	last := a.last.Bytes()
	if a.extender == nil || size < 0 || cap(b) == 0 || unsafe.SliceData(b) != unsafe.SliceData(last) {
		return nil, false
	}
	// An extender lengthens no block of an ended scope, and this one was born in a's.
	block, err := a.attempt(func() (memory.Block, error) {
		block, ok := a.extender.Extend(a.last, padded(size))
		if !ok {
			return block, errNotLast
		}
		return block, nil
	})
	if err != nil {
		return nil, false
	}
	a.stats.InPlace++
	a.stats.Bytes += size - cap(b)
	a.last = block
	return block.Bytes()[:size:size], true
}

var errNotLast = errors.New("not the last block")

// take returns size bytes at a multiple of 64, from the heap if the scope has none.
func (a *Allocator) take(size int) []byte {
	if size <= 0 {
		if size < 0 {
			a.fail(fmt.Errorf("arrowscope: allocation of %d bytes", size))
		}
		return []byte{}
	}
	a.mu.Lock()
	block, err := a.attempt(func() (memory.Block, error) { return a.alloc.Alloc(padded(size), alignment) })
	if err == nil && a.stamp != (scope.Stamp{}) && block.Stamp == (scope.Stamp{}) || err != nil {
		a.stats.Heap++
		a.stats.HeapBytes += size
	}
	a.stats.Blocks++
	a.stats.Bytes += size
	if err == nil {
		a.last = block
	}
	a.mu.Unlock()
	if err == nil {
		return memory.Guarded(block, alignment).Bytes()[:size:size]
	}
	a.fail(err)
	block, err = scope.Heap().Alloc(padded(size), alignment)
	if err != nil {
		a.fail(err)
		return []byte{} // no heap has so much; Arrow's own allocator panics
	}
	return block.Bytes()[:size:size]
}

// attempt calls alloc, whose panics become errors: nobody would recover them in a goroutine of
// Arrow's. a.mu is held.
func (a *Allocator) attempt(alloc func() (memory.Block, error)) (block memory.Block, err error) {
	defer func() {
		if v := recover(); v != nil {
			var ok bool
			if err, ok = v.(error); !ok {
				err = fmt.Errorf("arrowscope: the allocator panicked: %v", v)
			}
		}
	}()
	return alloc()
}

func (a *Allocator) fail(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.err == nil {
		a.err = err
	}
}

// alignment is what Arrow recommends for its buffers, and what its kernels for SIMD expect.
const alignment = 64

// padded returns size rounded up to a multiple of 64, so that a block begins at one and can be
// lengthened in place.
func padded(size int) uintptr { return (uintptr(size) + alignment - 1) &^ (alignment - 1) }
