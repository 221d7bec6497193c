package offheap

import (
	"errors"
	"fmt"
	"sync"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/callsite"
)

// A Heap is a source of memory that keeps a record of each live block: its size, its
// label and the call stack that allocated it. It reports at any time who uses how much
// memory, and turns a leak, a double free and a free of something else into an error
// with all stacks involved.
//
// A Heap is safe for concurrent use. Beyond its upstream source it costs a lock and two
// stack walks for each block, about two microseconds: nothing for the storage of buffers
// and for workspaces, too much for single small arrays, which belong in a buffer. Make
// one with [NewHeap].
type Heap struct {
	label string
	*shared
}

// shared is what all labels of a heap have in common.
type shared struct {
	upstream upstream
	records  records
	faults   faults
}

var (
	_ bumper.LeakReporter = (*Heap)(nil)
	_ bumper.Discarder    = (*Heap)(nil)
)

// NewHeap returns a heap that takes its memory from upstream, or from [Mmap] if upstream
// is nil. The upstream source need not be safe for concurrent use if nothing else uses
// it. The heap's blocks carry the label; see [Heap.Label] for others.
func NewHeap(label string, upstream bumper.Source, opts ...HeapOption) *Heap {
	if upstream == nil {
		upstream = Mmap()
	}
	h := &Heap{label, &shared{}}
	h.upstream.source = upstream
	_, h.upstream.zeroed = upstream.(*Pages)
	h.records.live, h.records.past.limit = map[uintptr]*block{}, 128
	for _, o := range opts {
		o.applyHeap(h)
	}
	return h
}

// Label returns the same heap under another label, which the blocks allocated from it
// carry. Everything else is common to all labels.
func (h *Heap) Label(label string) *Heap { return &Heap{label, h.shared} }

// Alloc returns size bytes that begin at a multiple of 64, with the capacity clipped.
// Their content is undefined (zero, if upstream is Mmap). Size 0 gives nil. The error is
// that of the upstream source, or [ErrClosed]. Alloc panics if size is negative.
//
// The caller owns the block, and gives it back with [Heap.Free]. If the slice is lost,
// only [Heap.Live] and [Heap.Close] show it; [Make] gives an owner with a leak guard.
func (h *Heap) Alloc(size int) ([]byte, error) {
	mem, err := h.alloc(size, byCaller)
	return mem[:min(size, len(mem)):min(size, len(mem))], err
}

// Acquire is Alloc that returns all that upstream gave, which may be more than size. It
// makes the heap a bumper.Source.
func (h *Heap) Acquire(size int) ([]byte, error) {
	return h.alloc(size, byBuffer)
}

func (h *Heap) alloc(size int, held holder) ([]byte, error) {
	if size < 0 {
		panic(misuse("Alloc: size %d is negative", size))
	}
	if size == 0 {
		return nil, nil
	}
	var at callsite.Stack
	at.Capture()
	mem, err := h.upstream.acquire(size)
	if err != nil {
		return nil, err
	}
	err = h.records.enter(mem, h.label, held, &at)
	if errors.Is(err, ErrClosed) {
		h.upstream.release(mem)
	}
	if err != nil {
		return nil, err
	}
	return mem, nil
}

// Free gives back the block that begins where mem begins, as [Heap.Alloc] returned it.
// The length of mem does not matter, so a shortened slice will do. Nothing may touch the
// block any more. Free of a slice without memory, such as nil, does nothing. Free works
// after [Heap.Close] too.
//
// A free of anything else, also of the memory of a buffer or workspace, returns a
// [FreeError], which [Heap.Check] returns too, and changes nothing. As with C's free, a double free goes unnoticed if the address has
// been handed out again in between; [Workspace.Free] notices that too.
func (h *Heap) Free(mem []byte) error {
	var at callsite.Stack
	at.Capture()
	return h.free(mem, byCaller, &at)
}

// Release gives back a block of [Heap.Acquire], as Free does one of Alloc, but only
// records its error. It makes the heap a bumper.Source.
func (h *Heap) Release(mem []byte) {
	var at callsite.Stack
	at.Capture()
	_ = h.free(mem, byBuffer, &at)
}

func (h *Heap) free(mem []byte, by holder, at *callsite.Stack) error {
	if mem == nil {
		return nil
	}
	b, err := h.records.remove(address(mem), by, false, at)
	if err != nil {
		h.faults.add(err)
		return err
	}
	h.upstream.release(b.mem)
	return nil
}

// Discard passes mem, which must lie in one live block, on to the upstream source if that
// is a bumper.Discarder, and otherwise does nothing: see [Pages.Discard]. The block stays
// live, and Stats counts it in full. Discard has no result; errors are recorded for
// [Heap.Check]. It makes the heap a bumper.Discarder, and is experimental, as that is.
func (h *Heap) Discard(mem []byte) {
	if len(mem) > 0 && !h.upstream.discard(mem, h.records.cover) {
		h.faults.add(fmt.Errorf("offheap: discard of %d bytes at %#x: %w", len(mem), address(mem), errNotHeld))
	}
}

// Leaked frees a block and records that its owner, made at the place where, was
// forgotten. The cleanup of an owner that was collected calls it. It makes the heap a
// bumper.LeakReporter.
func (h *Heap) Leaked(mem []byte, where string) {
	h.leaked(address(mem), byBuffer, forgotten(where))
}

func (h *Heap) leaked(addr uintptr, by holder, how string) {
	var at callsite.Stack
	at.Capture()
	b, err := h.records.remove(addr, by, true, &at)
	if err != nil {
		h.faults.add(err)
		return
	}
	h.upstream.release(b.mem)
	h.faults.add(&LeakError{b.info(), how})
}

// Live lists the live blocks of all labels, the largest first, then the oldest.
func (h *Heap) Live() []BlockInfo {
	h.records.mu.Lock()
	defer h.records.mu.Unlock()
	return h.records.list()
}

// Check returns the errors recorded since the heap was made, joined, or nil: leaks that
// the leak guard or Close has found, and frees that were refused, each with its stacks, and the
// upstream source's own errors if it has a method Err. It lists at most 64 and counts
// the others. The result matches [ErrLeak], [ErrDoubleFree] and so on.
//
// A live block is no error. Where none should be left, as at the end of a test or a
// program, call [Heap.Close].
func (h *Heap) Check() error { return errors.Join(h.faults.err(), h.upstream.err()) }

// Close makes Alloc fail with [ErrClosed] from now on, reports every block that is still
// held as a [LeakError] with the stack that allocated it, and returns all that Check
// does. It is for all labels of the heap. Closing again does nothing and returns nil.
//
// Close frees nothing, so that nothing loses its memory: arrays, buffers and workspaces
// on the heap keep their data, and a block goes when its owner frees it or, if the owner
// is a buffer or a workspace, when the leak guard finds that it was forgotten.
func (h *Heap) Close() error {
	held, first := h.records.close()
	if !first {
		return nil
	}
	for _, b := range held {
		h.faults.add(&LeakError{b, "still held when the heap was closed"})
	}
	return h.Check()
}

// String describes the heap in one line.
func (h *Heap) String() string { return "offheap.Heap: " + h.Stats().String() }

// Stats returns how the heap is used.
func (h *Heap) Stats() Stats {
	h.records.mu.Lock()
	defer h.records.mu.Unlock()
	return h.records.stats
}

// Stats tells how a [Heap] is used, all its labels together.
type Stats struct {
	Size     int    // bytes live, as taken from the upstream source
	Blocks   int    // blocks live
	Peak     int    // the largest Size so far
	Allocs   uint64 // blocks allocated
	Frees    uint64 // blocks freed, by their owner or not; Allocs - Frees is Blocks
	Leaks    uint64 // of them, those that the leak guard freed
	BadFrees uint64 // frees refused
}

// String returns the numbers in one line.
func (s Stats) String() string {
	return fmt.Sprintf("%d bytes in %d blocks, peak %d bytes, %d allocations, %d frees, %d leaks, %d bad frees",
		s.Size, s.Blocks, s.Peak, s.Allocs, s.Frees, s.Leaks, s.BadFrees)
}

// upstream is where a heap gets its memory. A bumper.Source need not be safe for
// concurrent use, so a lock orders the calls.
type upstream struct {
	mu     sync.Mutex
	source bumper.Source
	zeroed bool // what it gives is zero
}

// acquire checks what it gets: a wrong answer would corrupt the records or the memory.
func (u *upstream) acquire(size int) ([]byte, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	mem, err := u.source.Acquire(size)
	if err != nil {
		return nil, err
	}
	if len(mem) < size || address(mem)%64 != 0 {
		return nil, fmt.Errorf("offheap: source %T broke its contract: %d bytes at %#x for %d", u.source, len(mem), address(mem), size)
	}
	return mem, nil
}

func (u *upstream) release(mem []byte) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.source.Release(mem)
}

// discard discards mem if covered says that it is in use, and returns what that says. It
// asks with the lock held: what is freed after the answer goes back only after the
// discard.
func (u *upstream) discard(mem []byte, covered func([]byte) bool) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if !covered(mem) {
		return false
	}
	if source, ok := u.source.(bumper.Discarder); ok {
		source.Discard(mem)
	}
	return true
}

// err returns what the source itself has recorded, if it keeps a record.
func (u *upstream) err() error {
	if s, ok := u.source.(interface{ Err() error }); ok {
		return s.Err()
	}
	return nil
}
