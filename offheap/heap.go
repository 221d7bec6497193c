package offheap

import (
	"errors"

	"github.com/allocarrays/allocarrays-go/bumper"
)

// A Heap is a source of memory that keeps books: of each live block its size, its
// label and the call stack that allocated it. It tells at any time how much memory
// is used by what, and turns a leak, a double free and a free of something else
// into an error with all stacks involved.
//
// A Heap is safe for concurrent use. What it costs, apart from the upstream source,
// is a lock and two stack walks for each block, about two microseconds: nothing for
// the storage of buffers and for workspaces, too much for single small arrays, which
// belong in a buffer. Make one with [NewHeap].
type Heap struct {
	label string
	*shared
}

// shared is what all labels of a heap have in common.
type shared struct {
	upstream upstream
	books    books
	faults   faults
}

var _ bumper.LeakReporter = (*Heap)(nil)

// NewHeap returns a heap that takes its memory from source, which the other
// comments call upstream, or from [Mmap] if that is nil. The source need not be
// safe for concurrent use, if nobody else uses it. Its blocks carry the label given; see [Heap.Label] for others.
func NewHeap(label string, source bumper.Source, opts ...HeapOption) *Heap {
	if source == nil {
		source = Mmap()
	}
	h := &Heap{label, &shared{}}
	h.upstream.source = source
	_, h.upstream.zeroed = source.(*Pages)
	h.books.live, h.books.past.limit = map[uintptr]*block{}, 128
	for _, o := range opts {
		o.applyHeap(h)
	}
	return h
}

// Label returns the same heap under another label: what is allocated from it is
// labelled so, everything else is common to all.
func (h *Heap) Label(label string) *Heap { return &Heap{label, h.shared} }

// Alloc returns size bytes, which begin at a multiple of 64 and whose content is
// undefined (zero, if upstream is Mmap), with the capacity clipped. Size 0 gives nil.
// The error is that of the upstream source, or [ErrClosed]. It panics if size is
// negative.
//
// The caller owns the block, and gives it back with [Heap.Free]. Nothing notices if
// the slice is lost, but [Heap.Live] and [Heap.Close]; see [Make] for an owner with
// a safety net.
func (h *Heap) Alloc(size int) ([]byte, error) {
	mem, _, err := h.alloc(size)
	return mem[:min(size, len(mem)):min(size, len(mem))], err
}

// Acquire is Alloc that gives all that was taken from upstream, which may be more
// than size. It makes the heap a bumper.Source.
func (h *Heap) Acquire(size int) ([]byte, error) {
	mem, _, err := h.alloc(size)
	return mem, err
}

func (h *Heap) alloc(size int) (mem []byte, id uint64, err error) {
	if size < 0 {
		panic(misuse("Alloc: size %d is negative", size))
	}
	if size == 0 {
		return nil, 0, nil
	}
	var at trace
	at.capture()
	mem, err = h.upstream.acquire(size)
	if err != nil {
		return nil, 0, err
	}
	id, err = h.books.enter(mem, h.label, &at)
	if errors.Is(err, ErrClosed) {
		h.upstream.release(mem)
	}
	if err != nil {
		return nil, 0, err
	}
	return mem, id, nil
}

// Free gives back a block, which mem must begin where it begins; how long mem is
// does not matter, so that a slice that was shortened will do. Nothing may touch the
// block any more. A mem without memory, such as nil, is nothing to be freed.
//
// A free of anything else is a [FreeError], which is also recorded for
// [Heap.Check], and changes nothing. As with C's free, a double free goes unnoticed
// when the address has been handed out again in between, which [Workspace.Free] does
// not suffer from.
func (h *Heap) Free(mem []byte) error {
	if mem == nil {
		return nil
	}
	var at trace
	at.capture()
	b, err := h.books.strike(address(mem), 0, &at)
	if err != nil {
		h.faults.add(err)
		return err
	}
	h.upstream.release(b.mem)
	return nil
}

// Release is [Heap.Free] without a result, which makes the heap a bumper.Source: an
// error is only recorded.
func (h *Heap) Release(mem []byte) { _ = h.Free(mem) }

// Leaked frees a block and records that its owner, which was made at the place where,
// was forgotten. It is for the cleanup of an owner that was collected, and makes the
// heap a bumper.LeakReporter.
func (h *Heap) Leaked(mem []byte, where string) { h.leaked(address(mem), 0, forgotten(where)) }

func forgotten(where string) string { return "the owner made at " + where + " was forgotten" }

func (h *Heap) leaked(addr uintptr, id uint64, how string) {
	var at trace
	at.capture()
	b, err := h.books.strikeLeak(addr, id, &at)
	switch {
	case err == nil:
		h.upstream.release(b.mem)
		h.faults.add(&LeakError{b.info(), how})
	case !errors.Is(err, ErrClosed):
		h.faults.add(err)
	}
}
