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
	piece  []byte // what the source returned; its first size bytes are bumped through
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
	b := &AllocBuffer{size: len(mem)}
	b.levels.Init(b)
	b.levels.at.Mem = mem
	b.levels.shared.Storage = allocStorage{b}
	return b
}

// Alloc returns the next size bytes. See [memory.Allocator] for the contract.
func (b *AllocBuffer) Alloc(size, align uintptr) (memory.Block, error) {
	// The same fast path is in each buffer: docs/rationale.md says why it is not shared.
	start, ok := fitFast(len(b.levels.at.Mem), b.levels.at.Off, size, align)
	if !ok {
		return b.allocSlow(size, align)
	}
	b.levels.at.Off = start + int(size)
	b.levels.at.Allocations++
	poison.Unpoison(b.levels.at.Mem[start:b.levels.at.Off])
	return memory.NewBlock(b.levels.at.Mem[start:b.levels.at.Off], b.levels.at.Top), nil
}

// allocSlow serves unusual alignments, and takes the storage if the buffer has none
// yet.
func (b *AllocBuffer) allocSlow(size, align uintptr) (memory.Block, error) {
	if start, end, ok := Fit(b.levels.at.Mem, b.levels.at.Off, size, align); ok {
		b.levels.at.Off = end
		b.levels.at.Allocations++
		poison.Unpoison(b.levels.at.Mem[start:end])
		return memory.NewBlock(b.levels.at.Mem[start:end], b.levels.at.Top), nil
	}
	if untaken := b.levels.at.Mem == nil && b.store.source != nil; untaken && size > uintptr(b.size) {
		return memory.Block{}, b.exhausted(size, b.size, nil)
	} else if !untaken {
		return memory.Block{}, b.exhausted(size, len(b.levels.at.Mem)-b.levels.at.Off, nil)
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
		b.piece, b.levels.at.Mem = mem, mem[:b.size:b.size]
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
	return b.levels.at.Off
}

// Checkpoint opens a level of scope.
func (b *AllocBuffer) Checkpoint() memory.Checkpoint { return b.levels.Open(b.levels.at.Off) }

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
		b.stats.HighWater = max(b.stats.HighWater, b.levels.at.Off)
		poison.Poison(b.levels.at.Mem[off:b.levels.at.Off])
		b.levels.at.Off = off
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
		b.piece, b.levels.at.Mem = nil, nil
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
		b.levels.at.Mem, b.store.source = nil, closed{}
	})
}

// Stats returns how the buffer is used.
func (b *AllocBuffer) Stats() Stats {
	s := b.stats
	s.Allocations = b.levels.at.Allocations
	s.Used, s.Outside, s.Capacity, s.Limit = b.levels.at.Off, b.outside(), b.size, b.size
	s.HighWater = max(s.HighWater, s.Used)
	if b.levels.at.Mem != nil {
		s.Slabs = 1
	}
	return s
}

func (b *AllocBuffer) sharing() *handshake.Sharing { return b.levels.sharing() }

// String describes the buffer in one line.
func (b *AllocBuffer) String() string { return "bumper.AllocBuffer: " + b.Stats().String() }
