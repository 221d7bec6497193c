package locked_test

import (
	"context"
	"errors"
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/handshake"
	"github.com/allocarrays/allocarrays-go/internal/testenv"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/plan/replay"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// pieceByPiece is a region's own buffer that takes a piece of storage for each block.
type pieceByPiece struct {
	bumper.Levels[int]
	storage  bumper.Source
	held     [][]byte // of the blocks
	reserved []byte   // by Reserve
	idle     []byte   // kept from a block of an earlier scope
	keeps    bool     // the last piece of a scope that ends
	refuses  error
	before   func() // the next block
}

func (p *pieceByPiece) Alloc(size, align uintptr) (memory.Block, error) {
	if p.before != nil {
		p.before()
	}
	if p.refuses != nil {
		return memory.Block{}, p.refuses
	}
	mem, err := p.storage.Acquire(int(min(size, 1<<20)))
	if err != nil {
		return memory.Block{}, &scope.ExhaustedError{Allocator: "pieces", Requested: 1, Cause: err}
	}
	p.held = append(p.held, mem)
	return memory.NewBlock(mem[:size], p.Stamp()), nil
}

func (p *pieceByPiece) Reserve(n int) (err error) {
	if p.refuses != nil {
		return p.refuses
	}
	p.reserved, err = p.storage.Acquire(n)
	return err
}

func (p *pieceByPiece) rewind(mark int, err error) error {
	if err != nil {
		return err
	}
	if p.keeps && len(p.held) > mark {
		p.idle, p.held = p.held[len(p.held)-1], p.held[:len(p.held)-1]
	}
	for _, mem := range append(p.held[mark:], p.reserved) {
		p.storage.Release(mem)
	}
	p.held, p.reserved = p.held[:mark], nil
	return nil
}

func (p *pieceByPiece) Checkpoint() memory.Checkpoint      { return p.Open(len(p.held)) }
func (p *pieceByPiece) Restore(cp memory.Checkpoint) error { return p.rewind(p.End(cp)) }
func (p *pieceByPiece) Unwind(cp memory.Checkpoint) error  { return p.rewind(p.EndAbove(cp)) }
func (p *pieceByPiece) Reset() error                       { return p.Levels.Reset(func() { _ = p.rewind(0, nil) }) }
func (p *pieceByPiece) Stats() (s bumper.Stats) {
	for _, mem := range p.held {
		s.Used += len(mem)
	}
	return s
}

// onPieces returns a shared buffer whose regions have such buffers, the last of which made is *last.
func onPieces(opts ...bumper.SlabOption) (shared *locked.Buffer, last **pieceByPiece) {
	last = new(*pieceByPiece)
	return locked.Share(bumper.NewSlabBuffer(opts...), locked.Regions(func(storage bumper.Source) bumper.Buffer {
		*last = &pieceByPiece{storage: storage}
		(*last).Init(*last)
		return *last
	})), last
}

// TestOwnBufferThatKeeps: what a region's own buffer keeps, because it has no Trim, does not
// become another's as well.
func TestOwnBufferThatKeeps(t *testing.T) {
	shared := locked.Share(bumper.NewSlabBuffer(), locked.Regions(func(storage bumper.Source) bumper.Buffer {
		return bumper.NewAllocBuffer(4096, bumper.From(storage))
	}))
	r, g, alloc := opened(t, shared, nil)
	alloc(100)
	other, h, theirs := opened(t, shared, nil)
	r.Release(g)
	b := theirs(100)
	again, g, alloc := opened(t, shared, nil)
	require.Same(t, r, again)
	a := alloc(100)
	a[0], b[0] = 1, 2
	require.EqualValues(t, 1, a[0])
	again.Release(g)
	other.Release(h)
	require.Zero(t, shared.Stats().Used)
}

// TestOwnBufferOfIsolating: an isolating buffer reuses no memory, and its regions have no
// buffer that would.
func TestOwnBufferOfIsolating(t *testing.T) {
	require.PanicsWithValue(t, "locked: Regions for a buffer that is isolating, which never reuses memory", func() {
		locked.Share(bumper.NewSlabBuffer(bumper.Isolating()), locked.Regions(replay.Regions(nil)))
	})
}

// TestOwnBufferIsCharged: for the storage that its own buffer has taken, an account of a region
// is charged once, and for what it keeps as soon as the next scope opens.
func TestOwnBufferIsCharged(t *testing.T) {
	shared, own := onPieces()
	l := newLedger(4096)
	r, g, alloc := opened(t, shared, l)
	(*own).keeps = true
	alloc(1000)
	require.Equal(t, 1024, l.held, "the arena had too little at first")
	alloc(10)
	require.Equal(t, 1024+64, l.held)
	_, err := r.AllocIn(g, 3500, 8)
	var exhausted *scope.ExhaustedError
	require.ErrorAs(t, err, &exhausted)
	require.ErrorIs(t, err, errLedger.Cause)
	require.EqualValues(t, 3500, exhausted.Requested)
	require.Equal(t, 1024+64, l.held)
	r.Close(g, 0)
	require.Zero(t, l.held)
	require.True(t, r.Reopen(g))
	require.Equal(t, 64, l.held, "of the last block")
	r.Release(g)
	require.Zero(t, l.held)
}

// TestOwnBufferRefuses: what the buffer refuses by itself is not taken for a want of storage;
// what no storage can hold is refused by the shared buffer, in the terms of the request.
func TestOwnBufferRefuses(t *testing.T) {
	shared, own := onPieces(bumper.Limit(1 << 20))
	r, g, alloc := opened(t, shared, nil)
	able := r.(*handshake.BumpRegion)
	var exhausted *scope.ExhaustedError
	for _, size := range []uintptr{2 << 20, math.MaxUint / 2, math.MaxUint} {
		_, err := r.AllocIn(g, size, 8)
		require.ErrorAs(t, err, &exhausted)
		require.Equal(t, size, exhausted.Requested)
		require.Equal(t, "bumper.SlabBuffer", exhausted.Allocator)
	}
	(*own).refuses = errors.New("no")
	_, err := able.Reserve(g, 100)
	require.Equal(t, (*own).refuses, err)
	_, err = r.AllocIn(g, 100, 8)
	require.Equal(t, (*own).refuses, err)
	(*own).refuses = nil
	alloc(100)
	r.Release(g)
}

// TestOwnBufferReserves: what is reserved was taken from the shared buffer, so that others
// cannot have it.
func TestOwnBufferReserves(t *testing.T) {
	shared, own := onPieces(bumper.Limit(1 << 20))
	r, g, _ := opened(t, shared, nil)
	refuser, err := r.Reserve(g, 1<<20)
	require.NoError(t, err)
	require.Nil(t, refuser)
	require.Len(t, (*own).reserved, 1<<20)
	other, h, _ := opened(t, shared, nil)
	refuser, err = other.Reserve(h, 1)
	require.ErrorIs(t, err, scope.ErrExhausted)
	require.True(t, r.Under(g, refuser))
	r.Release(g)
	refuser, err = other.Reserve(h, 1<<20)
	require.NoError(t, err)
	require.Nil(t, refuser)
	other.Release(h)
}

// TestOwnBufferGivesBack: who waits for memory is told when another scope's own buffer gives
// some back, long before that scope ends.
func TestOwnBufferGivesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shared, own := onPieces(bumper.Limit(1 << 20))
		r, g, alloc := opened(t, shared, nil)
		alloc(1 << 20)
		mine := *own
		var all sync.WaitGroup
		all.Go(func() {
			require.NoError(t, scope.NoEscape(scope.WithAllocator(t.Context(), shared), func(ctx context.Context) error {
				return scope.Reserve(ctx, 1<<19)
			}))
		})
		synctest.Wait()
		mine.before = func() {
			mine.storage.Release(mine.held[0])
			mine.held, mine.before = nil, nil
		}
		alloc(64)
		all.Wait()
		r.Release(g)
	})
}

// TestOwnBufferHolds: a scope holds memory from its first block to its end, and no other does.
func TestOwnBufferHolds(t *testing.T) {
	shared, own := onPieces()
	r, g, alloc := opened(t, shared, nil)
	require.False(t, r.Holding(g))
	alloc(1)
	require.True(t, r.Holding(g))
	kept := (*own).held
	r.Close(g, 0)
	(*own).held = kept // as if it were slow to count
	require.False(t, r.Holding(g), "no scope is open")
	(*own).held = nil
	r.Release(g)
	_, h, alloc := opened(t, shared, nil)
	alloc(1)
	require.True(t, r.Holding(h))
	require.False(t, r.Holding(g), "it is another's by now")
	r.Release(h)
}

// TestOwnBufferIsTold: the buffer is told of the scopes that open in its region, but not of
// those that have ended by then.
func TestOwnBufferIsTold(t *testing.T) {
	shared, own := onPieces()
	r, g, _ := opened(t, shared, nil)
	told := 0
	handshake.SharingOf(*own).Entered = func(context.Context, uintptr) { told++ }
	entered := r.(*handshake.BumpRegion).Entered
	entered(t.Context(), 1)
	require.Equal(t, 1, told)
	r.Close(g, 0)
	entered(t.Context(), 1)
	require.Equal(t, 1, told)
	r.Release(g)
}

// TestOwnBuffersConcurrently: regions with buffers of their own, the goroutines that share
// one, and what looks at the buffer meanwhile, keep out of each other's way.
func TestOwnBuffersConcurrently(t *testing.T) {
	rounds := 2000
	if testing.Short() || testenv.Race {
		rounds = 100
	}
	shared := locked.Share(bumper.NewSlabBuffer(bumper.Limit(4<<20)), locked.Regions(replay.Regions(nil)))
	ctx := scope.WithAllocator(t.Context(), shared)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range rounds {
				ctx, s := scope.Open(ctx)
				var sharing sync.WaitGroup
				for range 2 {
					sharing.Go(func() {
						for _, n := range []int{10, 5000, 100, 30_000} {
							b, stamp, err := scope.Alloc[byte](ctx, n)
							if err == nil {
								b[0], b[n-1] = 1, 2
								err = scope.Release(ctx, b, stamp)
							}
							if err != nil {
								t.Error(err)
							}
						}
						_ = shared.Stats()
					})
				}
				sharing.Wait()
				if err := s.End(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	require.Zero(t, shared.Stats().Used)
}

// TestRegionsMakeFails: a function of Regions that panics or returns nothing leaves the
// shared buffer as it was.
func TestRegionsMakeFails(t *testing.T) {
	fail := func() bumper.Buffer { panic("no buffer") }
	slab := bumper.NewSlabBuffer()
	shared := locked.Share(slab, locked.Regions(func(storage bumper.Source) bumper.Buffer {
		if fail != nil {
			return fail()
		}
		return replay.New(replay.From(storage))
	}))
	ctx := scope.WithAllocator(t.Context(), shared)
	begin := func() {
		_ = scope.NoEscape(ctx, func(ctx context.Context) error {
			scope.Make[byte](ctx, 100)
			return nil
		})
	}
	require.PanicsWithValue(t, "no buffer", begin)
	fail = func() bumper.Buffer { return nil }
	require.PanicsWithValue(t, "locked: the function of Regions returned nil, not a buffer", begin)
	require.Zero(t, shared.Stats().Open)
	require.NoError(t, slab.Reset())
	fail = nil
	require.NotPanics(t, begin)
	require.Zero(t, shared.Stats().Open)
	require.NoError(t, slab.Reset())
}

// TestOwnBuffersGiveBackConcurrently: what scopes end with goes back under the lock of the arena.
func TestOwnBuffersGiveBackConcurrently(t *testing.T) {
	shared, _ := onPieces()
	whileLooking(shared, func() {
		r, g, alloc := opened(t, shared, nil)
		for range 300 {
			alloc(100)
			alloc(5000)
			r.Close(g, 0)
			require.True(t, r.Reopen(g))
		}
		r.Release(g)
	})
	require.Zero(t, shared.Stats().Used)
}

// TestReleaserConcurrently: a context that was kept asks what releases its blocks while the next
// scope begins and ends on the same region.
func TestReleaserConcurrently(t *testing.T) {
	shared := locked.Share(bumper.NewSlabBuffer(), locked.Regions(replay.Regions(nil)))
	r, g, _ := opened(t, shared, nil)
	var over atomic.Bool
	var asked atomic.Int32
	var all sync.WaitGroup
	all.Go(func() {
		for !over.Load() {
			if by := r.(handshake.Releasing).Releaser(g); by != nil && by.Release(make([]byte, 8), memory.Stamp{}) {
				t.Error("it is no block of the region")
			}
			asked.Add(1)
		}
	})
	for asked.Load() < 10 {
		runtime.Gosched()
	}
	for range 300 {
		r.Close(g, 0)
		require.True(t, r.Reopen(g))
	}
	over.Store(true)
	all.Wait()
	r.Release(g)
}
