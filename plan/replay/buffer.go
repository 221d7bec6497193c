package replay

import (
	"context"
	"errors"
	"fmt"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/handshake"
	"github.com/allocarrays/allocarrays-go/internal/poison"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// DefaultSlab is how many bytes of storage a buffer takes at a time, at the least, unless
// [Slab] sets another number.
const DefaultSlab = 64 << 10

// A Buffer is a bumper.Buffer that takes single blocks back before their scope ends, and
// replays scopes that it has seen before from a plan. Make one with [New]; it must not be
// copied and is as safe for concurrent use as any bumper.Buffer.
type Buffer struct {
	bumper.Levels[int] // the mark of a level is its depth
	heap               heap
	plans              *Plans
	log                log
	levels             []*level
	depth              int             // that of Levels, but while levels end
	top                *level          // levels[depth]
	run                *run            // that serves allocations; nil if none does
	track              handshake.Track // of run, as long as that follows; see follow.go
	spare              *block
	shared             *handshake.Sharing
	moved              []*block // scratch of dissolve

	live  int // granules of live blocks
	stats bumper.Stats
}

var (
	_ bumper.Buffer   = (*Buffer)(nil)
	_ memory.Unwinder = (*Buffer)(nil)
	_ memory.Releaser = (*Buffer)(nil)
)

// An Option configures a [Buffer].
type Option func(*Buffer)

// Slab sets how many bytes of storage the buffer takes from its source at a time, at the
// least. It panics if n is not positive.
func Slab(n int) Option {
	return func(b *Buffer) { b.heap.slab = positive("Slab", n) }
}

// Limit caps what the buffer takes from its source at n bytes. An allocation that needs
// more returns an error that matches scope.ErrExhausted. It panics if n is not positive.
func Limit(n int) Option {
	return func(b *Buffer) { b.heap.limit = positive("Limit", n) }
}

// From makes the buffer take its storage from src instead of the Go heap. It panics if src
// is nil.
func From(src bumper.Source) Option {
	if src == nil {
		panic(misuse("From with a nil Source"))
	}
	return func(b *Buffer) { b.heap.source = src }
}

// With makes the buffer record into p, and replay from it, together with others. It panics
// if p is nil.
func With(p *Plans) Option {
	if p == nil {
		panic(misuse("With nil Plans"))
	}
	return func(b *Buffer) { b.plans = p }
}

// New returns an empty buffer. The first allocation takes storage, from the Go heap or from
// the source that [From] sets.
func New(opts ...Option) *Buffer {
	b := &Buffer{}
	b.heap = heap{source: bumper.GoHeap(), slab: DefaultSlab, seed: 1}
	for _, o := range opts {
		o(b)
	}
	if b.plans == nil {
		b.plans = new(Plans)
	}
	if b.heap.limit > 0 {
		b.heap.slab = min(b.heap.slab, b.heap.limit)
	}
	b.Init(b)
	b.shared = handshake.SharingOf(b)
	b.shared.Entered = b.entered
	if !poison.On {
		b.shared.Track, b.shared.TrackOwner = &b.track, b
	}
	b.top = new(level)
	b.levels = []*level{b.top}
	b.top.open(b.Stamp(), -1, 0)
	b.top.begun = true // what is outside every scope is never replayed
	return b
}

// entered is told which scope has just been opened, before anything is allocated in it.
func (b *Buffer) entered(ctx context.Context, pc uintptr) {
	name, _ := ctx.Value(nameKey{}).(string)
	b.top.key = key{pc, name}
}

// Alloc returns memory that was planned for this allocation, if the scope is one that has
// been recorded and does what it did; else the smallest free memory that holds the block.
// See [memory.Allocator] for the contract.
func (b *Buffer) Alloc(size, align uintptr) (memory.Block, error) {
	align = memory.Alignment(size, align)
	if k, ok := b.follow(size, align); ok {
		return k, nil
	}
	if size == 0 {
		b.stats.Allocations++
		return memory.NewBlock(nil, b.Stamp()), nil
	}
	if size > maxSize || align > maxSize {
		return memory.Block{}, b.exhausted(size, nil)
	}
	n := int((size + max(align, granule) - 1) / granule) // spans begin at multiples of 64
	if !b.top.begun {
		b.begin(n)
		if k, ok := b.follow(size, align); ok {
			return k, nil
		}
	}
	if b.follows() {
		b.leave()
	}
	k, mem, err := b.place(n)
	if err != nil {
		return memory.Block{}, b.exhausted(size, err)
	}
	at := uintptr(0)
	if align > granule {
		at = -address(mem) & (align - 1)
	}
	mem = mem[at : at+size]
	poison.Unpoison(mem)
	return k.epoch.Block(mem), nil
}

// maxSize bounds one block, so that no sum of sizes overflows.
const maxSize = ^uintptr(0) >> 4

// place returns a block of n granules, and its memory.
func (b *Buffer) place(n int) (*block, []byte, error) {
	if r := b.run; r != nil {
		if off, ok := r.take(n); ok {
			k := b.newBlock()
			k.run, k.off = r, off
			b.born(k, n)
			return k, r.span.part(off, n), nil
		}
	}
	s, err := b.heap.take(n)
	if err != nil && b.dissolve() {
		s, err = b.heap.take(n)
	}
	if err != nil {
		return nil, nil, err
	}
	k := b.newBlock()
	k.span = s
	b.born(k, n)
	return k, s.part(0, n), nil
}

// born records a new block.
func (b *Buffer) born(k *block, n int) {
	k.len = n
	l := b.top
	l.add(k)
	l.bump += n
	l.bumpMost = max(l.bumpMost, l.bump)
	b.live += n
	b.stats.Allocations++
	k.birth = b.birth(n, 0)
}

// birth writes a birth into the log, and when the block has ended, or 0.
func (b *Buffer) birth(n, end int) int {
	if len(b.log.births) == longest {
		b.shorten()
	}
	return b.log.record(n, end)
}

// shorten makes room in the log: the outermost scope that is recorded is too long.
func (b *Buffer) shorten() {
	first := true
	for _, l := range b.levels[1 : b.depth+1] {
		switch {
		case l.start >= 0 && first:
			l.start, first = -1, false
			b.log.open--
		case l.start > b.log.first:
			b.log.drop(l.start)
			return
		case l.start >= 0: // it began at the same time
			l.start = -1
			b.log.open--
		}
	}
	b.log.drop(b.log.now())
}

// exhausted returns the error of an allocation that failed.
func (b *Buffer) exhausted(size uintptr, cause error) error {
	available, limit := b.heap.available(), b.heap.limit
	var behind *scope.ExhaustedError
	if errors.As(cause, &behind) {
		available, limit = max(available, int(behind.Available)), int(behind.Limit)
	}
	return &scope.ExhaustedError{
		Allocator: "replay.Buffer", Requested: size,
		Available: uintptr(available), Limit: uintptr(limit), Outside: uintptr(b.outside()), Cause: cause,
	}
}

// outside returns how many bytes were allocated outside every scope.
func (b *Buffer) outside() (sum int) {
	l := b.levels[0]
	for k := l.first.next; k != &l.first; k = k.next {
		sum += k.len * granule
	}
	return sum
}

// Trim gives the storage that is free back to the source.
func (b *Buffer) Trim() {
	b.shared.Trim()
	b.heap.trim()
}

// Reserve takes storage, if that is necessary, so that there is room for n bytes in one
// piece. Its error is that of an allocation.
func (b *Buffer) Reserve(n int) error {
	if n <= 0 {
		return nil
	}
	if uintptr(n) > maxSize {
		return b.exhausted(uintptr(n), nil)
	}
	if need := (n + granule - 1) / granule; b.heap.fit(need) == nil {
		if err := b.heap.grow(need); err != nil {
			return b.exhausted(uintptr(n), err)
		}
	}
	return nil
}

// Close releases everything, as Reset does and under the same conditions, and gives the
// storage back to its source. Later allocations fail with an error that matches
// scope.ErrExhausted and bumper.ErrClosed; a second Close returns bumper.ErrClosed.
//
// A buffer on the Go heap need not be closed.
func (b *Buffer) Close() error {
	if _, is := b.heap.source.(closed); is {
		return bumper.ErrClosed
	}
	return b.Levels.Reset(func() {
		b.rewind()
		b.Trim()
		b.heap.source = closed{}
	})
}

// closed is the source of a buffer after Close.
type closed struct{}

func (closed) Acquire(int) ([]byte, error) { return nil, bumper.ErrClosed }

func (closed) Release([]byte) {}

// Stats returns how the buffer is used. HighWater is the memory that was needed: gaps
// between blocks count, and where a plan is replayed, all that is kept for it.
func (b *Buffer) Stats() bumper.Stats {
	s := b.stats
	s.Allocations += uint64(b.track.Next)
	s.Used, s.Outside = (b.live+b.following())*granule, b.outside()
	s.Capacity, s.Limit, s.Slabs = b.heap.held, b.heap.limit, len(b.heap.pieces)
	s.HighWater = b.heap.most * granule
	return s
}

// String describes the buffer in one line.
func (b *Buffer) String() string { return "replay.Buffer: " + b.Stats().String() }

func positive(what string, n int) int {
	if n <= 0 {
		panic(misuse("%s of %d bytes is not positive", what, n))
	}
	return n
}

// misuse returns the message of a panic about a programming error.
func misuse(format string, args ...any) string {
	return "replay: " + fmt.Sprintf(format, args...)
}
