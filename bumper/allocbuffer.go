package bumper

import (
	"github.com/allocarrays/allocarrays-go/internal/handshake"
	"github.com/allocarrays/allocarrays-go/internal/poison"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// An AllocBuffer is a bump buffer of a fixed size. When it is full, Alloc returns an
// error that matches [scope.ErrExhausted]. Make one with [NewAllocBuffer] or
// [NewAllocBufferOn]; it must not be copied and is not safe for concurrent use.
type AllocBuffer struct {
	levels Levels[int]
	mem    []byte // nil until the first allocation
	piece  []byte // what the source returned; mem is its first size bytes
	off    int
	size   int
	store  store
	stats  Stats
}

var (
	_ Buffer          = (*AllocBuffer)(nil)
	_ memory.Unwinder = (*AllocBuffer)(nil)
)

// NewAllocBuffer returns a buffer of size bytes. The first allocation takes them from
// the Go heap, or from the source that [From] sets. NewAllocBuffer panics if size is
// not positive.
func NewAllocBuffer(size int, opts ...AllocOption) *AllocBuffer {
	b := &AllocBuffer{size: positive("NewAllocBuffer", size), store: newStore()}
	b.levels.Init(b)
	b.levels.shared.Storage = allocStorage{b}
	for _, o := range opts {
		o.applyAlloc(b)
	}
	watch(b, &b.store)
	return b
}

// NewAllocBufferOn returns a buffer on the given storage, beginning at its first
// multiple of 64. The caller must not touch the storage while anything allocated
// from the buffer is in use.
func NewAllocBufferOn(storage []byte) *AllocBuffer {
	mem := aligned(storage)
	b := &AllocBuffer{mem: mem, size: len(mem)}
	b.levels.Init(b)
	b.levels.shared.Storage = allocStorage{b}
	return b
}

// Alloc returns the next size bytes. See [memory.Allocator] for the contract.
func (b *AllocBuffer) Alloc(size, align uintptr) (memory.Block, error) {
	// The same fast path is in each buffer: docs/rationale.md says why it is not shared.
	start, ok := fitFast(len(b.mem), b.off, size, align)
	if !ok {
		return b.allocSlow(size, align)
	}
	b.off = start + int(size)
	b.stats.Allocations++
	poison.Unpoison(b.mem[start:b.off])
	return memory.NewBlock(b.mem[start:b.off], b.levels.top), nil
}

// allocSlow serves unusual alignments, and takes the storage if the buffer has none
// yet.
func (b *AllocBuffer) allocSlow(size, align uintptr) (memory.Block, error) {
	if start, end, ok := Fit(b.mem, b.off, size, align); ok {
		b.off = end
		b.stats.Allocations++
		poison.Unpoison(b.mem[start:end])
		return memory.NewBlock(b.mem[start:end], b.levels.top), nil
	}
	if untaken := b.mem == nil && b.store.source != nil; untaken && size > uintptr(b.size) {
		return memory.Block{}, b.exhausted(size, b.size, nil)
	} else if !untaken {
		return memory.Block{}, b.exhausted(size, len(b.mem)-b.off, nil)
	}
	if err := b.take(); err != nil {
		return memory.Block{}, b.exhausted(size, 0, err)
	}
	return b.allocSlow(size, align)
}

// take acquires the storage.
func (b *AllocBuffer) take() error {
	mem, err := b.store.acquire(b.size)
	if err == nil {
		b.piece, b.mem = mem, mem[:b.size:b.size]
	}
	return err
}

// exhausted returns the error for a block that the buffer cannot supply.
func (b *AllocBuffer) exhausted(size uintptr, available int, cause error) error {
	return exhausted("bumper.AllocBuffer", size, available, b.size, b.outside(), cause)
}

// outside returns how many bytes were allocated outside every scope.
func (b *AllocBuffer) outside() int {
	if off, open := b.levels.outermost(); open {
		return off
	}
	return b.off
}

// Checkpoint opens a level of scope.
func (b *AllocBuffer) Checkpoint() memory.Checkpoint { return b.levels.Open(b.off) }

// Restore ends the level that cp opened and releases what was allocated in it.
func (b *AllocBuffer) Restore(cp memory.Checkpoint) error {
	return b.rewind(b.levels.End(cp))
}

// Unwind is Restore for a level above which others were left open.
func (b *AllocBuffer) Unwind(cp memory.Checkpoint) error {
	return b.rewind(b.levels.EndAbove(cp))
}

func (b *AllocBuffer) rewind(off int, err error) error {
	if err == nil {
		b.stats.HighWater = max(b.stats.HighWater, b.off)
		poison.Poison(b.mem[off:b.off])
		b.off = off
		if b.store.prompt && off == 0 {
			b.drop()
		}
	}
	return err
}

// drop gives the storage back, if it came from a source; the next allocation takes
// it again.
func (b *AllocBuffer) drop() {
	if b.piece != nil {
		b.store.release(b.piece)
		b.piece, b.mem = nil, nil
	}
}

// Reset releases everything. See [Buffer] for its errors.
func (b *AllocBuffer) Reset() error {
	return b.levels.Reset(func() {
		b.stats.Resets++
		_ = b.rewind(0, nil)
	})
}

// Close releases everything, as Reset does and under the same conditions, and gives
// the storage back to its source. Later allocations fail with an error that matches
// scope.ErrExhausted and [ErrClosed]; a second Close returns ErrClosed.
//
// A buffer on the Go heap need not be closed.
func (b *AllocBuffer) Close() error {
	if b.store.isClosed() {
		return ErrClosed
	}
	return b.levels.Reset(func() {
		_ = b.rewind(0, nil)
		b.levels.shared.Trim()
		b.drop()
		b.mem, b.store.source = nil, closed{}
	})
}

// Stats returns how the buffer is used.
func (b *AllocBuffer) Stats() Stats {
	s := b.stats
	s.Used, s.Outside, s.Capacity, s.Limit = b.off, b.outside(), b.size, b.size
	s.HighWater = max(s.HighWater, s.Used)
	if b.mem != nil {
		s.Slabs = 1
	}
	return s
}

func (b *AllocBuffer) sharing() *handshake.Sharing { return b.levels.sharing() }

// String describes the buffer in one line.
func (b *AllocBuffer) String() string { return "bumper.AllocBuffer: " + b.Stats().String() }
