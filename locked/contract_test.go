package locked_test

import (
	"errors"
	"math"
	"reflect"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/handshake"
	"github.com/allocarrays/allocarrays-go/internal/poison"
	"github.com/allocarrays/allocarrays-go/internal/trial"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// ledger is an account that grants what it has and notes what is asked of it.
type ledger struct {
	handshake.Refuser
	mu      sync.Mutex
	left    int // more than this is refused
	held    int
	asked   [][3]int // least, most, spare
	charged chan bool
	appeals []int // attempts
	retries int   // how many of them to answer with yes
	gone    int
	under   bool
	stingy  bool // it grants the least
}

var errLedger = &scope.ExhaustedError{Allocator: "ledger", Cause: errors.New("the ledger refuses")}

func newLedger(left int) *ledger { return &ledger{left: left, charged: make(chan bool, 10_000)} }

func (l *ledger) Charge(least, most, spare int) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked = append(l.asked, [3]int{least, most, spare})
	l.charged <- true
	if least > l.left {
		err := *errLedger
		return 0, &err
	}
	if l.stingy {
		most, spare = least, 0
	}
	n := least + (min(most, l.left)-least)&^63
	if n+spare <= l.left {
		n += spare
	}
	l.left -= n
	l.held += n
	return n, nil
}

func (l *ledger) Discharge(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.left += n
	l.held -= n
}

func (l *ledger) Exhausted(_, _ uintptr, attempt int, err error) (memory.Block, bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.appeals = append(l.appeals, attempt)
	l.retries--
	return memory.Block{}, l.retries >= 0, err
}

func (l *ledger) Leave()                                         { l.gone++ }
func (l *ledger) Join(handshake.Account, bool) handshake.Account { return l }
func (l *ledger) Under(r *handshake.Refuser) bool                { return l.under && r == &l.Refuser }
func (l *ledger) last() [3]int                                   { return l.asked[len(l.asked)-1] }
func isolating(opts ...bumper.SlabOption) *locked.Buffer {
	return locked.Share(bumper.NewSlabBuffer(append(opts, bumper.Isolating())...))
}

// opened returns a region of shared, and how to allocate in it.
func opened(t *testing.T, shared *locked.Buffer, a handshake.Account) (r handshake.Region, g handshake.Generation, alloc func(size uintptr) []byte) {
	r, g, ok := shared.OpenRegion(a)
	require.True(t, ok)
	return r, g, func(size uintptr) []byte {
		t.Helper()
		b, err := r.AllocIn(g, size, 8)
		require.NoError(t, err)
		return b.Bytes()
	}
}

// TestGenerationsAreApart: calls with a generation that is over find nothing and change
// nothing, though the region serves another by now, which has blocks.
func TestGenerationsAreApart(t *testing.T) {
	storage := make([]byte, 1<<20)
	shared := locked.Share(bumper.NewAllocBufferOn(storage))
	r, old, _ := opened(t, shared, nil)
	r.Release(old)
	l := newLedger(1 << 20)
	l.under = true
	again, g, alloc := opened(t, shared, l)
	require.Same(t, r, again)
	mem := alloc(100)
	block, err := r.AllocIn(g, 100, 8)
	require.NoError(t, err)

	for _, open := range []bool{true, false} {
		require.Equal(t, open, r.Holding(g))
		require.False(t, r.Holding(old))
		require.Equal(t, open, r.IsOpen(g))
		require.False(t, r.IsOpen(old))
		require.False(t, r.Living(old))
		asked := len(l.asked)
		refuser, err := r.Reserve(old, 512<<20)
		require.NoError(t, err)
		require.Nil(t, refuser)
		require.Len(t, l.asked, asked, "nothing is charged")
		require.True(t, r.Under(g, &l.Refuser))
		require.False(t, r.Under(old, &l.Refuser))
		longer, ok := r.ExtendIn(old, block, 200)
		require.False(t, ok)
		require.Equal(t, block, longer)
		_, _, ok = r.OpenSub(old, nil)
		require.False(t, ok)
		require.False(t, r.Reopen(old))
		late, err := r.AllocIn(old, 100, 8)
		require.NoError(t, err)
		require.False(t, trial.Inside(late.Bytes(), storage))
		r.Close(old, 0)
		r.Release(old)
		require.Equal(t, open, block.Stamp.Live())
		require.Equal(t, 1, shared.Stats().Open)
		if open {
			mem[99] = 1
			r.Close(g, 0)
		}
	}
	require.True(t, r.Living(g))
	require.True(t, r.Reopen(g))
	require.False(t, r.Reopen(g), "it is open")
	require.False(t, r.Holding(g), "the scope is new")
	r.Release(g)
	require.Equal(t, 1, l.gone)
	require.Zero(t, l.held)
	require.Zero(t, shared.Stats().Used)
}

// TestClosedRegion: between two scopes a region reserves, extends and lends nothing.
func TestClosedRegion(t *testing.T) {
	for _, shared := range []*locked.Buffer{locked.Share(bumper.NewSlabBuffer()), isolating()} {
		r, g, alloc := opened(t, shared, nil)
		alloc(100)
		block, err := r.AllocIn(g, 100, 8)
		require.NoError(t, err)
		here, _, _, _ := runtime.Caller(0)
		r.Close(g, here)
		used := shared.Stats().Used
		_, ok := r.ExtendIn(g, block, 101)
		require.False(t, ok)
		refuser, err := r.Reserve(g, 3<<20)
		require.NoError(t, err)
		require.Nil(t, refuser)
		_, _, ok = r.OpenSub(g, nil)
		require.False(t, ok)
		require.Equal(t, used, shared.Stats().Used)
		require.False(t, r.Holding(g))
		alloc(100)
		_, err = r.AllocIn(g, math.MaxInt/2+1, 8)
		require.ErrorIs(t, err, scope.ErrExhausted, "the heap has not got that either")
		require.Equal(t, []uint64{2, 0}, []uint64{shared.Stats().Late, shared.Stats().Refused})
		r.Close(g, reflect.ValueOf(newLedger).Pointer()) // once more, which changes nothing
		require.Equal(t, used, shared.Stats().Used)
		require.Contains(t, block.Stamp.End(), "TestClosedRegion")
		r.Release(g)
		require.Zero(t, shared.Stats().Used)
	}
}

// TestReserveNamesWhoRefuses: one byte is as good as many, and waiting for a closed buffer or
// for more than a limit is futile.
func TestReserveNamesWhoRefuses(t *testing.T) {
	shared := locked.Share(bumper.NewSlabBuffer(bumper.Limit(1 << 20)))
	r, g, alloc := opened(t, shared, nil)
	alloc(1 << 20)
	other, h, _ := opened(t, shared, nil)
	for _, n := range []int{1, 64, 1 << 20} {
		refuser, err := other.Reserve(h, n)
		require.ErrorIs(t, err, scope.ErrExhausted)
		require.NotNil(t, refuser, "%d bytes will be there when the other scope has ended", n)
		require.True(t, other.Under(h, refuser), "the buffer")
	}
	for _, n := range []int{1<<20 + 1, math.MaxInt/2 + 1} {
		refuser, err := other.Reserve(h, n)
		require.ErrorIs(t, err, scope.ErrExhausted)
		require.Nil(t, refuser, "%d bytes never", n)
	}
	for _, n := range []int{0, -1} {
		refuser, err := other.Reserve(h, n)
		require.NoError(t, err)
		require.Nil(t, refuser)
	}
	r.Release(g)
	refuser, err := other.Reserve(h, 1<<20)
	require.NoError(t, err)
	require.Nil(t, refuser)
	other.Release(h)

	require.NoError(t, shared.Close())
	r, g, _ = opened(t, shared, nil)
	for _, n := range []int{1, 100} {
		refuser, err = r.Reserve(g, n)
		require.ErrorIs(t, err, bumper.ErrClosed)
		require.Nil(t, refuser)
	}
	r.Release(g)
}

// stuck is a source that refuses when it is told to.
type stuck struct{ asked, refuse chan bool }

func (s stuck) Acquire(int) ([]byte, error) {
	select {
	case s.asked <- true:
	case <-s.refuse:
	}
	<-s.refuse
	return nil, errors.New("stuck")
}

func (stuck) Release([]byte) {}

// TestAppealOfALateBlock: who waits for the source while the region becomes a stranger's
// does not ask the stranger's account what to do.
func TestAppealOfALateBlock(t *testing.T) {
	src := stuck{make(chan bool), make(chan bool)}
	shared := locked.Share(bumper.NewSlabBuffer(bumper.From(src)))
	mine, theirs := newLedger(1<<20), newLedger(1<<20)
	r, g, _ := opened(t, shared, mine)
	refused := make(chan error)
	go func() {
		_, err := r.AllocIn(g, 100, 8)
		refused <- err
	}()
	<-src.asked
	r.Release(g)
	again, h, _ := opened(t, shared, theirs)
	require.Same(t, r, again)
	close(src.refuse)
	require.ErrorIs(t, <-refused, scope.ErrExhausted)
	require.Empty(t, mine.appeals)
	require.Empty(t, theirs.appeals)
	require.Zero(t, mine.held)
	again.Release(h)
}

// TestAttempts: an account that has a block tried again is told how often it has failed.
func TestAttempts(t *testing.T) {
	shared := locked.Share(bumper.NewSlabBuffer(bumper.Limit(1 << 20)))
	l := newLedger(1 << 30)
	l.retries = 3
	r, g, _ := opened(t, shared, l)
	_, err := r.AllocIn(g, 2<<20, 8)
	require.ErrorIs(t, err, scope.ErrExhausted)
	require.Equal(t, []int{1, 2, 3, 4}, l.appeals)
	require.Zero(t, l.held, "what was charged for a block that is not to be had goes back")
	r.Release(g)
}

// TestOneBlockOpensNoWindow: a region hands out its first block under its lock, for it may be
// the only one, and opens a window with the second.
func TestOneBlockOpensNoWindow(t *testing.T) {
	r, g, alloc := opened(t, locked.Share(bumper.NewSlabBuffer()), nil)
	window := func() bool {
		first, _ := r.(*handshake.BumpRegion).Take(g, 1, 1)
		return first != nil
	}
	alloc(1)
	require.False(t, window())
	alloc(1)
	require.Equal(t, !poison.On, window(), "none where the build watches memory")
	r.Close(g, 0)
	require.False(t, window())
	require.True(t, r.Reopen(g))
	require.Equal(t, !poison.On, window(), "a region that is kept has memory")
	r.Release(g)
}

// TestExtendedRegion: extending a block lengthens the span as a block of its own would, and
// within a span of an isolating buffer it stays in what the region is charged for.
func TestExtendedRegion(t *testing.T) {
	shared := locked.Share(bumper.NewSlabBuffer())
	r, g, _ := opened(t, shared, nil)
	block, err := r.AllocIn(g, 64, 64)
	require.NoError(t, err)
	block, ok := r.ExtendIn(g, block, 8192)
	require.True(t, ok)
	require.Len(t, block.Bytes(), 8192)
	require.Equal(t, 4160+6080, shared.Stats().Used)
	r.Release(g)

	r, g, alloc := opened(t, shared, nil)
	block, err = r.AllocIn(g, 64, 64)
	require.NoError(t, err)
	_, ok = r.ExtendIn(g, block, uintptr(shared.Stats().Used)+1) // by one byte more than there is
	require.True(t, ok)
	alloc(1)
	block, err = r.AllocIn(g, 1, 1)
	require.NoError(t, err)
	_, ok = r.ExtendIn(g, block, 2)
	require.True(t, ok, "a few bytes need no alignment")
	r.Release(g)

	for _, a := range []handshake.Account{nil, newLedger(1 << 30)} {
		r, g, _ = opened(t, isolating(bumper.SlabSize(64<<10)), a)
		block, err = r.AllocIn(g, 64, 64)
		require.NoError(t, err)
		longer, ok := r.ExtendIn(g, block, 4224)
		require.True(t, ok)
		for _, size := range []uintptr{70_000, 4225} {
			if a == nil && size < 64<<10 {
				continue // which is charged to nobody
			}
			_, ok = r.ExtendIn(g, longer, size)
			require.False(t, ok, "%d bytes", size)
		}
		r.Release(g)
	}
}

// TestOutsideEndsWithAReset: a block outside every region tells where the buffer was reset,
// whichever of the two was; and the next ones have room for as many.
func TestOutsideEndsWithAReset(t *testing.T) {
	for _, inside := range []bool{false, true} {
		buf := bumper.NewSlabBuffer()
		shared := locked.Share(buf)
		b, err := shared.Alloc(100_000, 8)
		require.NoError(t, err)
		if inside {
			require.NoError(t, buf.Reset())
		} else {
			require.NoError(t, shared.Reset())
		}
		require.False(t, b.Stamp.Live())
		require.Regexp(t, `^ended at .*/contract_test\.go:\d+ \(.*TestOutsideEndsWithAReset\)$`, b.Stamp.End())
		require.Zero(t, shared.Stats().Used)
		_, err = shared.Alloc(64, 8)
		require.NoError(t, err)
		require.Equal(t, roundedUp(100_000), shared.Stats().Used)
	}
}
