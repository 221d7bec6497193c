package bumper

import (
	"errors"

	"github.com/allocarrays/allocarrays-go/internal/handshake"
	"github.com/allocarrays/allocarrays-go/internal/poison"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// DefaultInitial is the size in bytes of the first storage of an
// AutoscalingBuffer unless [Initial] sets another.
const DefaultInitial = 64 << 10

// An AutoscalingBuffer is a bump buffer that learns its size. It has one main piece
// of storage; a use that needs more gets extra pieces, each at least twice the last.
// When the buffer is empty again, after Reset or the end of the outermost scope, its
// best size is 1.1 times the largest of the last 5 uses. If extra pieces were needed,
// or if that is less than half of the main piece, one piece of that size replaces them
// all. The next allocation takes it.
//
// AutoscalingAllocBuffer in AllocArrays.jl has the same rule and starts with 128 MiB;
// this buffer starts small, may be capped by [Limit], and nests scopes.
//
// Make one with [NewAutoscalingBuffer]. It must not be copied and is not safe for
// concurrent use.
type AutoscalingBuffer struct {
	levels Levels[pieceMark]
	pieceState
	pieces  [][]byte // [0] is the main one; pieces[cur] is bumped through
	initial int      // the least size of the main piece
	next    int      // how large the next main piece should be
	history history
	peak    int // the largest use since the buffer was last empty
	store   store
	stats   Stats
}

// pieceMark is a position in an AutoscalingBuffer.
type pieceMark struct {
	pieceState
	off int // first free byte in the current piece
}

// pieceState is all of a position but the offset, which is where package scope moves it.
type pieceState struct {
	cur  int // index of the current piece
	full int // bytes used in the pieces before it
}

var (
	_ Buffer          = (*AutoscalingBuffer)(nil)
	_ memory.Unwinder = (*AutoscalingBuffer)(nil)
)

// NewAutoscalingBuffer returns an empty buffer. It takes storage when it needs it,
// from the Go heap or from the source that [From] sets.
func NewAutoscalingBuffer(opts ...AutoscalingOption) *AutoscalingBuffer {
	b := &AutoscalingBuffer{initial: DefaultInitial, store: newStore()}
	b.levels.Init(b)
	b.levels.shared.Storage = autoscalingStorage{b}
	for _, o := range opts {
		o.applyAutoscaling(b)
	}
	b.next = b.initial
	watch(b, &b.store)
	return b
}

// Alloc returns the next size bytes of the current piece, or of a new one. See
// [memory.Allocator] for the contract.
func (b *AutoscalingBuffer) Alloc(size, align uintptr) (memory.Block, error) {
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

// allocSlow serves unusual alignments, moves on to the next piece that holds the
// block, or acquires one.
func (b *AutoscalingBuffer) allocSlow(size, align uintptr) (memory.Block, error) {
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
	i := b.firstFree()
	for i < len(b.pieces) && len(b.pieces[i]) < need {
		i++
	}
	if i == len(b.pieces) {
		if err := b.extend(need); err != nil {
			return memory.Block{}, b.exhausted(size, err)
		}
		i = len(b.pieces) - 1
	}
	b.moveTo(i)
	return b.allocSlow(size, align)
}

// firstFree returns the index of the first empty piece.
func (b *AutoscalingBuffer) firstFree() int {
	if b.levels.at.Mem == nil {
		return b.cur
	}
	return b.cur + 1
}

func (b *AutoscalingBuffer) moveTo(i int) {
	b.full += b.levels.at.Off
	b.cur, b.levels.at.Off, b.levels.at.Mem = i, 0, b.pieces[i]
}

// extend acquires a piece: of the size that has been learnt, if it is the first;
// otherwise of twice the last and at least twice need, so that the next block finds room
// too; or of need bytes, if more is not available.
func (b *AutoscalingBuffer) extend(need int) error {
	want := b.next
	if n := len(b.pieces); n > 0 {
		want = max(2*len(b.pieces[n-1]), 2*need)
	} else if need > want {
		want = 2*need + 64 // the next block begins at a multiple of 64
	}
	mem, err := b.store.acquire(max(need, min(want, b.store.room(want))))
	if err != nil && want > need {
		mem, err = b.store.acquire(need)
	}
	if err == errLimit || errors.Is(err, scope.ErrExhausted) {
		b.releaseEmpty()
		mem, err = b.store.acquire(need)
	}
	if err == nil {
		b.pieces = append(b.pieces, mem)
	}
	return err
}

// releaseEmpty gives back the empty pieces, when they are too small and the limit does
// not allow a larger one.
func (b *AutoscalingBuffer) releaseEmpty() {
	if b.levels.at.Off == 0 {
		b.levels.at.Mem = nil
	}
	b.pieces = b.store.releaseAll(b.pieces, min(b.firstFree(), len(b.pieces)))
}

func (b *AutoscalingBuffer) exhausted(size uintptr, cause error) error {
	available := max(len(b.levels.at.Mem)-b.levels.at.Off, b.store.room(0))
	return exhausted("bumper.AutoscalingBuffer", size, available, b.store.limit, b.outside(), cause)
}

// Checkpoint opens a level of scope.
func (b *AutoscalingBuffer) Checkpoint() memory.Checkpoint {
	return b.levels.Open(pieceMark{b.pieceState, b.levels.at.Off})
}

// Restore ends the level that cp opened and releases what was allocated in it.
func (b *AutoscalingBuffer) Restore(cp memory.Checkpoint) error {
	return b.rewind(b.levels.End(cp))
}

// Unwind is Restore for a level above which others were left open.
func (b *AutoscalingBuffer) Unwind(cp memory.Checkpoint) error {
	return b.rewind(b.levels.EndAbove(cp))
}

func (b *AutoscalingBuffer) rewind(mark pieceMark, err error) error {
	if err != nil {
		return err
	}
	b.peak = max(b.peak, b.used())
	b.stats.HighWater = max(b.stats.HighWater, b.peak)
	poisonFrom(b.pieces, mark.cur, mark.off, b.cur, b.levels.at.Off)
	b.moveBack(mark)
	if b.used() == 0 && b.levels.Depth() == 0 && b.peak > 0 {
		b.learn()
	}
	if b.store.prompt {
		b.trim()
	}
	return nil
}

// learn adapts the buffer when it has become empty after a use of b.peak bytes.
func (b *AutoscalingBuffer) learn() {
	b.history.add(b.peak)
	b.peak = 0
	want := max(scaled(b.history.largest()), b.initial)
	if len(b.pieces) > 1 || (len(b.pieces) == 1 && want < len(b.pieces[0])/2) {
		b.pieces = b.store.releaseAll(b.pieces, 0)
		b.moveBack(pieceMark{})
		b.next = want
	}
}

// Trim gives the empty pieces back to the source.
func (b *AutoscalingBuffer) Trim() {
	b.levels.shared.Trim()
	b.trim()
}

// trim gives back the buffer's own empty pieces.
func (b *AutoscalingBuffer) trim() {
	keep := b.cur + 1
	if b.used() == 0 {
		keep = 0
	}
	b.pieces = b.store.releaseAll(b.pieces, min(keep, len(b.pieces)))
	if keep == 0 {
		b.moveBack(pieceMark{})
	}
}

// Reset releases everything. See [Buffer] for its errors.
func (b *AutoscalingBuffer) Reset() error {
	return b.levels.Reset(func() {
		b.stats.Resets++
		_ = b.rewind(pieceMark{}, nil)
	})
}

// outside returns how many bytes were allocated outside every scope.
func (b *AutoscalingBuffer) outside() int {
	if mark, open := b.levels.outermost(); open {
		return mark.used()
	}
	return b.used()
}

// moveBack sets the position.
func (b *AutoscalingBuffer) moveBack(mark pieceMark) {
	b.pieceState, b.levels.at.Off, b.levels.at.Mem = mark.pieceState, mark.off, nil
	if b.cur < len(b.pieces) {
		b.levels.at.Mem = b.pieces[b.cur]
	}
}

func (b *AutoscalingBuffer) used() int { return b.full + b.levels.at.Off }

func (m *pieceMark) used() int { return m.full + m.off }

// Close closes the buffer, as [AllocBuffer.Close] does.
func (b *AutoscalingBuffer) Close() error {
	if b.store.isClosed() {
		return ErrClosed
	}
	return b.levels.Reset(func() {
		_ = b.rewind(pieceMark{}, nil)
		b.Trim()
		b.store.source = closed{}
	})
}

// Stats returns how the buffer is used.
func (b *AutoscalingBuffer) Stats() Stats {
	s := b.stats
	s.Allocations = b.levels.at.Allocations
	s.Used, s.Outside, s.Capacity, s.Limit, s.Slabs = b.used(), b.outside(), b.store.held, b.store.limit, b.store.pieces
	s.HighWater = max(s.HighWater, s.Used)
	return s
}

func (b *AutoscalingBuffer) sharing() *handshake.Sharing { return b.levels.sharing() }

// String describes the buffer in one line.
func (b *AutoscalingBuffer) String() string {
	return "bumper.AutoscalingBuffer: " + b.Stats().String()
}

// history remembers the sizes in bytes of a buffer's last uses.
type history struct {
	uses [5]int
	n    int // how many were ever added
}

func (h *history) add(use int) {
	h.uses[h.n%len(h.uses)] = use
	h.n++
}

func (h *history) largest() int {
	most := 0
	for _, use := range h.uses {
		most = max(most, use)
	}
	return most
}

// scaled returns n and a tenth more.
func scaled(n int) int { return n + n/10 + 64 }
