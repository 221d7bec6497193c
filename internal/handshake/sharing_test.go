package handshake_test

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/internal/handshake"
	"github.com/allocarrays/allocarrays-go/internal/testenv"
)

// yield lets other goroutines run for a while.
func yield() {
	for range 1000 {
		runtime.Gosched()
	}
}

// TestHoldWaitsForReset: a hold that begins while a reset runs waits until that is over,
// and then keeps the next one out.
func TestHoldWaitsForReset(t *testing.T) {
	var s handshake.Sharing
	require.True(t, s.TryReset())
	require.False(t, s.TryReset(), "one at a time")
	held := make(chan bool)
	go func() {
		s.Hold()
		close(held)
	}()
	yield()
	select {
	case <-held:
		t.Fatal("held in the middle of a reset")
	default:
	}
	require.False(t, s.Held())
	s.EndReset()
	<-held
	require.True(t, s.Held())
	require.False(t, s.TryReset())
	s.Unhold()
	require.False(t, s.Held())
	require.PanicsWithValue(t, "handshake: Unhold without Hold", s.Unhold)
	require.True(t, s.TryReset(), "the panic changed nothing")
	require.PanicsWithValue(t, "handshake: Unhold without Hold", s.Unhold, "a reset is no hold")
	s.EndReset()
}

// locker counts.
type locker struct{ locked, unlocked int }

func (l *locker) Lock()   { l.locked++ }
func (l *locker) Unlock() { l.unlocked++ }

// TestWhenFree: what waits for the last of several holds runs once, in order, under the
// lock and with regions kept out; without a hold it runs at once.
func TestWhenFree(t *testing.T) {
	lock := new(locker)
	s := handshake.Sharing{Lock: lock}
	var ran []int
	end := func(i int) func() {
		return func() {
			require.False(t, s.TryReset())
			require.False(t, s.Held())
			require.Equal(t, lock.locked, lock.unlocked+1)
			ran = append(ran, i)
		}
	}
	s.WhenFree(end(0))
	require.Equal(t, []int{0}, ran)
	s.Hold()
	s.Hold()
	s.WhenFree(end(1))
	s.WhenFree(end(2))
	s.Unhold()
	require.Equal(t, []int{0}, ran)
	s.Unhold()
	require.Equal(t, []int{0, 1, 2}, ran)
	require.Equal(t, 2, lock.locked)
	s.Hold()
	s.WhenFree(end(3)) // returns although one holds
	require.Equal(t, []int{0, 1, 2}, ran)
	s.Unhold()
	require.Equal(t, []int{0, 1, 2, 3}, ran)
	require.Equal(t, 3, lock.unlocked)
	require.True(t, s.TryReset())
	s.EndReset()
}

// TestWhenFreeWaitsForReset: while a reset runs, an end waits for it.
func TestWhenFreeWaitsForReset(t *testing.T) {
	var s handshake.Sharing
	require.True(t, s.TryReset())
	ran := make(chan bool)
	go s.WhenFree(func() { close(ran) })
	yield()
	select {
	case <-ran:
		t.Fatal("in the middle of a reset")
	default:
	}
	s.EndReset()
	<-ran
}

// TestSharingConcurrently: holds, resets and ends by many goroutines exclude one another
// as they should, and no end is lost.
func TestSharingConcurrently(t *testing.T) {
	var s handshake.Sharing
	var all sync.WaitGroup
	var inside atomic.Int64 // regions that run
	resets, ends := 0, 0    // guarded by s
	const goroutines, rounds = 8, 2000
	for range goroutines {
		all.Go(func() {
			for range rounds {
				s.Hold()
				inside.Add(1)
				if s.TryReset() {
					t.Error("a reset while held")
				}
				end := func() {
					if inside.Load() != 0 {
						t.Error("an end while held")
					}
					ends++
				}
				s.WhenFree(end)
				inside.Add(-1)
				s.Unhold()
				s.WhenFree(end)
				if s.TryReset() {
					if inside.Load() != 0 {
						t.Error("a reset while held")
					}
					resets++
					s.EndReset()
				}
			}
		})
	}
	all.Wait()
	require.True(t, s.TryReset(), "nobody holds it")
	require.Equal(t, 2*goroutines*rounds, ends)
	t.Log(resets, "resets")
	s.EndReset()
}

// TestBusy: a second user is refused, naming both, until the first has left.
func TestBusy(t *testing.T) {
	var b handshake.Busy
	b.Enter("one")
	require.Panics(t, func() { b.Enter("two") })
	b.Leave()
	b.Enter("three")
	b.Leave()
	(*handshake.Busy)(nil).Leave()
}

func TestFront(t *testing.T) {
	var s handshake.Sharing
	first, second := &front{}, &front{}
	s.Rewound(true)
	s.Trim()
	require.Same(t, first, s.Front(func() handshake.Front { return first }))
	require.Same(t, first, s.Front(func() handshake.Front { return second }))
	s.Rewound(true)
	s.Rewound(false)
	s.Trim()
	require.Equal(t, &front{resets: 1, ends: 1, trims: 1}, first, "what happens is passed on")
}

// front counts what it is told.
type front struct{ resets, ends, trims int }

func (f *front) Rewound(reset bool) {
	if reset {
		f.resets++
	} else {
		f.ends++
	}
}

func (f *front) TrimIdle() { f.trims++ }

// TestHoldsAreCounted: no Hold and no Unhold is lost, however many there are at a time.
func TestHoldsAreCounted(t *testing.T) {
	var s handshake.Sharing
	rounds := 20_000_000 // so that goroutines meet
	if testing.Short() || testenv.Race {
		rounds = 200_000
	}
	var start, all sync.WaitGroup
	start.Add(1)
	for range 4 {
		all.Go(func() {
			start.Wait()
			for range rounds {
				s.Hold()
				s.Unhold()
			}
		})
	}
	start.Done()
	all.Wait()
	require.False(t, s.Held())
	require.PanicsWithValue(t, "handshake: Unhold without Hold", s.Unhold)
}

// TestYield: one hold, if it is the only one, lends the buffer to a reset; the others wait, and
// so does what waits for the end of the last one.
func TestYield(t *testing.T) {
	var s handshake.Sharing
	require.False(t, s.Yield(), "nothing is held")
	s.Hold()
	s.Hold()
	require.False(t, s.Yield(), "another holds it too")
	s.Unhold()
	require.True(t, s.Yield())
	require.True(t, s.Held())
	require.False(t, s.Yield())
	require.PanicsWithValue(t, "handshake: Unhold without Hold", s.Unhold)

	var all sync.WaitGroup
	var held, ended atomic.Bool
	all.Go(func() { s.Hold(); held.Store(true) })
	all.Go(func() { s.WhenFree(func() { ended.Store(true) }) })
	yield()
	require.True(t, s.TryReset())
	require.False(t, s.TryReset(), "one at a time")
	require.False(t, s.Held(), "a reset may end levels")
	var regained atomic.Bool
	all.Go(func() { s.Regain(); regained.Store(true) })
	yield()
	require.False(t, regained.Load() || held.Load() || ended.Load())
	s.EndReset()
	all.Wait()
	require.True(t, s.Held())
	require.False(t, s.TryReset())
	s.Unhold()
	require.False(t, ended.Load(), "another has come")
	s.Unhold()
	require.True(t, ended.Load())
	require.True(t, s.TryReset())
	s.EndReset()
}
