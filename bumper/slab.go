package bumper

import (
	"errors"

	"github.com/allocarrays/allocarrays-go/internal/handshake"
	"github.com/allocarrays/allocarrays-go/internal/poison"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// DefaultSlabSize is the size in bytes of a slab unless [SlabSize] sets another.
const DefaultSlabSize = 1 << 20

// A SlabBuffer is a bump buffer that grows by slabs. A block that does not fit a slab
// gets one of its own, a custom slab. The buffer keeps empty slabs of both kinds for
// reuse until [SlabBuffer.Trim], so that a loop reaches a steady size and then takes
// nothing more from the source.
//
// Make one with [NewSlabBuffer]. It must not be copied and is not safe for
// concurrent use.
type SlabBuffer struct {
	levels Levels[slabMark]
	slabState
	slabs     [][]byte // slabs[cur] is bumped through; those before it are full, those behind it empty
	customs   customSlabs
	slabSize  int
	isolating bool
	movedTo   struct{ cur, off int } // where the last scope of an isolating buffer ended
	store     store
	stats     Stats
}

// slabMark is a position in a SlabBuffer.
type slabMark struct {
	slabState
	off int // first free byte in the current slab
}

// slabState is all of a position but the offset, which is where package scope moves it.
type slabState struct {
	cur    int // index of the current slab
	full   int // bytes used in the slabs before it
	custom int // custom slabs in use
	large  int // bytes used in custom slabs
	burnt  int // bytes of the above that no scope uses: see Isolating
	kept   int // slabs, from the first on, in which something may live: see Isolating
}

var (
	_ Buffer          = (*SlabBuffer)(nil)
	_ memory.Unwinder = (*SlabBuffer)(nil)
)

// NewSlabBuffer returns an empty buffer. The first allocation takes its first slab,
// from the Go heap or from the source that [From] sets.
func NewSlabBuffer(opts ...SlabOption) *SlabBuffer {
	b := &SlabBuffer{slabSize: DefaultSlabSize, store: newStore()}
	b.levels.Init(b)
	for _, o := range opts {
		o.applySlab(b)
	}
	if b.isolating {
		b.store.isolate()
	}
	b.levels.shared.Storage = slabStorage{b}
	b.slabSize = min(b.slabSize, b.store.room(b.slabSize))
	watch(b, &b.store)
	return b
}

// Alloc returns the next size bytes of the current slab, or of another. See
// [memory.Allocator] for the contract.
func (b *SlabBuffer) Alloc(size, align uintptr) (memory.Block, error) {
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

// allocSlow serves unusual alignments, moves on to the next slab, or takes a custom
// slab if the block does not fit a slab or no whole slab is available.
func (b *SlabBuffer) allocSlow(size, align uintptr) (memory.Block, error) {
	if start, end, ok := Fit(b.levels.at.Mem, b.levels.at.Off, size, align); ok {
		b.levels.at.Off = end
		b.levels.at.Allocations++
		poison.Unpoison(b.levels.at.Mem[start:end])
		return memory.NewBlock(b.levels.at.Mem[start:end], b.levels.at.Top), nil
	}
	need, ok := worstCase(size, align)
	if !ok {
		return memory.Block{}, b.exhausted(size, nil)
	}
	if need <= b.slabSize && b.nextSlab() == nil {
		return b.allocSlow(size, align)
	}
	return b.allocCustom(need, size, align)
}

// worstCase returns how long storage that begins at a multiple of 64 must be to hold
// the block; false if that overflows.
func worstCase(size, align uintptr) (int, bool) {
	const most = uintptr(^uint(0) >> 3) // still an int after all rounding
	pad := max(memory.Alignment(size, align), 64) - 64
	if size > most || pad > most {
		return 0, false
	}
	return int(size + pad), true
}

// nextSlab makes the next empty slab the current one. If there is none, it acquires
// one.
func (b *SlabBuffer) nextSlab() error {
	next := b.cur
	if b.levels.at.Mem != nil {
		next++
	}
	if next == len(b.slabs) {
		mem, err := b.acquire(b.slabSize)
		if err != nil {
			return err
		}
		b.slabs = append(b.slabs, mem)
		next = len(b.slabs) - 1 // to make room, acquire may have dropped those before
	}
	b.full += b.levels.at.Off
	b.cur, b.levels.at.Off, b.levels.at.Mem = next, 0, b.slabs[next]
	return nil
}

// acquire takes storage. If the limit leaves too little room, it first gives back the
// empty slabs, if that makes enough.
func (b *SlabBuffer) acquire(n int) ([]byte, error) {
	mem, err := b.store.acquire(n)
	limited := err == errLimit && n <= b.store.room(0)+b.empty()
	if limited || errors.Is(err, scope.ErrExhausted) && b.empty() > 0 { // the source has a limit
		b.trim()
		mem, err = b.store.acquire(n)
	}
	if err == errUncollected && b.used() == b.large { // then the slabs may be collected, too
		b.slabs = b.store.releaseAll(b.slabs, 0)
		b.leaveSlabs()
	}
	return mem, err
}

// Checkpoint opens a level of scope.
func (b *SlabBuffer) Checkpoint() memory.Checkpoint {
	if b.isolating {
		b.keepUsed()
	}
	return b.levels.Open(b.position())
}

// Restore ends the level that cp opened and releases what was allocated in it.
func (b *SlabBuffer) Restore(cp memory.Checkpoint) error {
	return b.rewind(b.levels.End(cp))
}

// Unwind is Restore for a level above which others were left open.
func (b *SlabBuffer) Unwind(cp memory.Checkpoint) error {
	return b.rewind(b.levels.EndAbove(cp))
}

func (b *SlabBuffer) rewind(mark slabMark, err error) error {
	if err != nil {
		return err
	}
	b.stats.HighWater = max(b.stats.HighWater, b.used())
	b.customs.idleFrom(mark.custom)
	if b.isolating {
		b.moveOn(mark)
		return nil
	}
	poisonFrom(b.slabs, mark.cur, mark.off, b.cur, b.levels.at.Off)
	b.slabState, b.levels.at.Off = mark.slabState, mark.off
	if len(b.slabs) > 0 {
		b.levels.at.Mem = b.slabs[b.cur]
	}
	if b.store.prompt {
		b.trim()
	}
	return nil
}

// Reset releases everything and keeps the slabs. See [Buffer] for its errors.
func (b *SlabBuffer) Reset() error {
	return b.levels.Reset(func() {
		b.stats.Resets++
		_ = b.rewind(slabMark{}, nil)
	})
}

// Trim gives the empty slabs back to the source.
func (b *SlabBuffer) Trim() {
	b.levels.shared.Trim()
	b.trim()
}

// trim gives back the buffer's own empty slabs.
func (b *SlabBuffer) trim() {
	b.customs.drop(&b.store)
	b.slabs = b.store.releaseAll(b.slabs, b.occupied())
	if len(b.slabs) == 0 {
		b.leaveSlabs()
	}
}

// occupied returns how many slabs hold memory, or may.
func (b *SlabBuffer) occupied() int {
	if b.used() == b.large {
		return 0
	}
	return min(b.cur+1, len(b.slabs))
}

// empty returns how many bytes Trim would give back.
func (b *SlabBuffer) empty() (sum int) {
	for _, list := range [][][]byte{b.customs.idle, b.slabs[b.occupied():]} {
		for _, mem := range list {
			sum += len(mem)
		}
	}
	return sum
}

// outside returns how many bytes were allocated outside every scope.
func (b *SlabBuffer) outside() int {
	if mark, open := b.levels.outermost(); open {
		return mark.used()
	}
	return b.used()
}

// position returns where the buffer is.
func (b *SlabBuffer) position() slabMark { return slabMark{b.slabState, b.levels.at.Off} }

// leaveSlabs sets the position to the beginning of slabs that are not there.
func (b *SlabBuffer) leaveSlabs() {
	b.slabState = slabState{custom: b.custom, large: b.large}
	b.levels.at.Mem, b.levels.at.Off = nil, 0
}

func (b *SlabBuffer) used() int { return b.slabState.used(b.levels.at.Off) }

func (m *slabMark) used() int { return m.slabState.used(m.off) }

func (s *slabState) used(off int) int { return s.full + off + s.large - s.burnt }

// Close closes the buffer, as [AllocBuffer.Close] does.
func (b *SlabBuffer) Close() error {
	if b.store.isClosed() {
		return ErrClosed
	}
	return b.levels.Reset(func() {
		_ = b.rewind(slabMark{}, nil)
		b.Trim()
		b.store.source = closed{}
	})
}

// Stats returns how the buffer is used.
func (b *SlabBuffer) Stats() Stats {
	s := b.stats
	s.Allocations = b.levels.at.Allocations
	s.Used, s.Outside, s.Capacity, s.Limit, s.Slabs = b.used(), b.outside(), b.store.holds(), b.store.limit, b.store.pieces
	s.HighWater = max(s.HighWater, s.Used)
	return s
}

func (b *SlabBuffer) sharing() *handshake.Sharing { return b.levels.sharing() }

// String describes the buffer in one line.
func (b *SlabBuffer) String() string { return "bumper.SlabBuffer: " + b.Stats().String() }
