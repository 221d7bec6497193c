package bumper

import "github.com/allocarrays/allocarrays-go/scope"

// An AllocBuffer is a bump buffer of a fixed size. A full one answers with an
// error that matches [scope.ErrExhausted]. Make one with [NewAllocBuffer] or
// [NewAllocBufferOn]; it must not be copied and is not safe for concurrent use.
type AllocBuffer struct {
	levels Levels[int]
	mem    []byte // nil until the first allocation
	piece  []byte // what the source gave, of which mem is the first size bytes
	off    int
	size   int
	store  store
	stats  Stats
}

var (
	_ Buffer         = (*AllocBuffer)(nil)
	_ scope.Unwinder = (*AllocBuffer)(nil)
)

// NewAllocBuffer returns a buffer of size bytes, which it takes from the Go heap
// (or from the source given) with the first allocation. It panics if size is not
// positive.
func NewAllocBuffer(size int, opts ...AllocOption) *AllocBuffer {
	b := &AllocBuffer{size: positive("NewAllocBuffer", size), store: newStore()}
	b.levels.Init(b)
	for _, o := range opts {
		o.applyAlloc(b)
	}
	watch(b, &b.store)
	return b
}

// NewAllocBufferOn returns a buffer that stands on the storage given, from its
// first multiple of 64 on. The caller must not touch the storage while anything
// allocated from the buffer is in use.
func NewAllocBufferOn(storage []byte) *AllocBuffer {
	mem := aligned(storage)
	b := &AllocBuffer{mem: mem, size: len(mem)}
	b.levels.Init(b)
	return b
}

// Alloc returns the next size bytes. See [scope.Allocator] for the contract.
func (b *AllocBuffer) Alloc(size, align uintptr) (scope.Block, error) {
	start, ok := fitFast(len(b.mem), b.off, size, align)
	if !ok {
		return b.allocSlow(size, align)
	}
	b.off = start + int(size)
	b.stats.Allocations++
	claim(b.mem[start:b.off])
	return scope.NewBlock(b.mem[start:b.off], b.levels.top), nil
}

// allocSlow serves unusual alignments, and takes the storage if that has not been
// done.
func (b *AllocBuffer) allocSlow(size, align uintptr) (scope.Block, error) {
	if start, end, ok := Fit(b.mem, b.off, size, align); ok {
		b.off = end
		b.stats.Allocations++
		claim(b.mem[start:end])
		return scope.NewBlock(b.mem[start:end], b.levels.top), nil
	}
	if untaken := b.mem == nil && b.store.source != nil; untaken && size > uintptr(b.size) {
		return scope.Block{}, exhausted("bumper.AllocBuffer", size, b.size, b.size, nil)
	} else if !untaken {
		return scope.Block{}, exhausted("bumper.AllocBuffer", size, len(b.mem)-b.off, b.size, nil)
	}
	mem, err := b.store.acquire(b.size)
	if err != nil {
		return scope.Block{}, exhausted("bumper.AllocBuffer", size, 0, b.size, err)
	}
	b.piece, b.mem = mem, mem[:b.size:b.size]
	return b.allocSlow(size, align)
}

// Checkpoint opens a level of scope.
func (b *AllocBuffer) Checkpoint() scope.Checkpoint { return b.levels.Open(b.off) }

// Restore ends the level that cp opened and releases what was allocated in it.
func (b *AllocBuffer) Restore(cp scope.Checkpoint) error {
	return b.rewind(b.levels.Close(cp))
}

// Unwind is Restore for a level above which others were left open.
func (b *AllocBuffer) Unwind(cp scope.Checkpoint) error {
	return b.rewind(b.levels.CloseAbove(cp))
}

func (b *AllocBuffer) rewind(off int, err error) error {
	if err == nil {
		b.stats.HighWater = max(b.stats.HighWater, b.off)
		announce(b.mem[off:b.off])
		b.off = off
		if b.store.prompt && off == 0 {
			b.drop()
		}
	}
	return err
}

// drop gives the storage back, if it came from a source; the next allocation takes
// it anew.
func (b *AllocBuffer) drop() {
	if b.piece != nil {
		b.store.release(b.piece)
		b.piece, b.mem = nil, nil
	}
}

// Reset releases everything.
func (b *AllocBuffer) Reset() error {
	return b.levels.Reset(func() {
		b.stats.Resets++
		_ = b.rewind(0, nil)
	})
}

// Stats tells how the buffer is used.
func (b *AllocBuffer) Stats() Stats {
	s := b.stats
	s.Used, s.Capacity, s.Limit = b.off, b.size, b.size
	s.HighWater = max(s.HighWater, s.Used)
	if b.mem != nil {
		s.Slabs = 1
	}
	return s
}

// Sharing returns what goroutines share that use the buffer together.
func (b *AllocBuffer) Sharing() *Sharing { return b.levels.Sharing() }

// Busy lets guard mode find goroutines that use the buffer at the same time.
func (b *AllocBuffer) Busy() *scope.Busy { return b.levels.Busy() }

// String describes the buffer in one line.
func (b *AllocBuffer) String() string { return "bumper.AllocBuffer: " + b.Stats().String() }
