package handshake_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/internal/handshake"
)

// claim is refused as it was told last, or satisfied.
type claim struct {
	mu    sync.Mutex
	by    *handshake.Refuser
	err   error // with nobody who refuses: waiting is futile
	under []*handshake.Refuser
	tries int
}

func (c *claim) Try() (*handshake.Refuser, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tries++
	return c.by, c.err
}

// set says how the claim is refused from now on.
func (c *claim) set(by *handshake.Refuser, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.by, c.err = by, err
}

func (c *claim) Under(r *handshake.Refuser) bool { return slices.Contains(c.under, r) }

func (c *claim) tried() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.tries
}

var (
	errRefused = errors.New("refused")
	errFutile  = errors.New("futile")
)

func mayWait() error { return nil }

// waitFor starts to wait for c and returns where the result comes. In a bubble of synctest a
// claim that is never served fails the test.
func waitFor(ctx context.Context, c handshake.Claim) <-chan error {
	done := make(chan error, 1)
	go func() { done <- handshake.Wait(ctx, c, mayWait) }()
	synctest.Wait()
	return done
}

// inQueue runs a test that leaves nobody waiting.
func inQueue(t *testing.T, test func(t *testing.T, r, s *handshake.Refuser)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var r, s handshake.Refuser
		test(t, &r, &s)
		synctest.Wait()
		require.Zero(t, handshake.Queued())
		require.Equal(t, []int64{0, 0}, []int64{r.Waiting(), s.Waiting()})
	})
}

// TestFreedBeforeTheQueue: what is freed after a claim was refused and before it is in the queue
// is not missed.
func TestFreedBeforeTheQueue(t *testing.T) {
	inQueue(t, func(t *testing.T, r, _ *handshake.Refuser) {
		c, asked := &claim{by: r, err: errRefused}, 0
		freed := func() error {
			if asked++; asked == 2 { // it has been refused behind all others
				c.set(nil, nil)
				r.Freed() // nobody waits
			}
			return nil
		}
		require.NoError(t, handshake.Wait(t.Context(), c, freed))
		require.Equal(t, 2, asked)
		require.Equal(t, 3, c.tried())
	})
}

// TestRefusedByAnother: a claim waits for the one that refused it last.
func TestRefusedByAnother(t *testing.T) {
	inQueue(t, func(t *testing.T, r, s *handshake.Refuser) {
		c := &claim{by: r, err: errRefused}
		done := waitFor(t.Context(), c)
		require.Equal(t, []int64{1, 0}, []int64{r.Waiting(), s.Waiting()})
		c.set(s, errRefused)
		r.Freed()
		synctest.Wait()
		require.Equal(t, []int64{0, 1}, []int64{r.Waiting(), s.Waiting()})
		c.set(nil, nil)
		r.Freed() // for which it does not wait any more
		synctest.Wait()
		require.Empty(t, done)
		s.Freed()
		require.NoError(t, <-done)
	})
}

// TestFutileInTheQueue: a claim for which waiting becomes futile is told so, behind others too.
func TestFutileInTheQueue(t *testing.T) {
	inQueue(t, func(t *testing.T, r, s *handshake.Refuser) {
		first := &claim{by: r, err: errRefused}
		done := waitFor(t.Context(), first)
		require.Equal(t, errFutile, handshake.Wait(t.Context(), &claim{err: errFutile}, mayWait))
		require.NoError(t, handshake.Wait(t.Context(), &claim{}, mayWait), "nobody refuses it")
		unwilling := func() error { return errors.New("unwilling") }
		require.ErrorContains(t, handshake.Wait(t.Context(), &claim{by: s, err: errRefused}, unwilling), "unwilling: refused")
		require.Empty(t, done)
		first.set(nil, errFutile)
		r.Freed()
		require.Equal(t, errFutile, <-done)
	})
}

// TestBehindAnOlderClaim: a claim that may be refused by somebody for whom an older one waits is
// not tried before that, also if the older one began to wait for him later.
func TestBehindAnOlderClaim(t *testing.T) {
	inQueue(t, func(t *testing.T, r, s *handshake.Refuser) {
		old := &claim{by: s, err: errRefused}
		oldDone := waitFor(t.Context(), old)
		young := &claim{under: []*handshake.Refuser{r, s}}
		youngDone := waitFor(t.Context(), young)
		require.EqualValues(t, 2, s.Waiting())
		require.Zero(t, young.tried())
		old.set(r, errRefused)
		s.Freed() // the older one is refused by r now, and so may the younger be
		synctest.Wait()
		require.Equal(t, []int64{2, 0}, []int64{r.Waiting(), s.Waiting()})
		require.Zero(t, young.tried())
		old.set(nil, nil)
		r.Freed()
		require.NoError(t, <-oldDone)
		require.NoError(t, <-youngDone)
	})
}

// TestQuit: who gives up leaves the queue, and those behind it are tried.
func TestQuit(t *testing.T) {
	inQueue(t, func(t *testing.T, r, _ *handshake.Refuser) {
		ctx, cancel := context.WithCancelCause(t.Context())
		cause := errors.New("enough")
		first := waitFor(ctx, &claim{by: r, err: errRefused})
		second := waitFor(t.Context(), &claim{under: []*handshake.Refuser{r}})
		require.EqualValues(t, 2, r.Waiting())
		cancel(cause)
		err := <-first
		require.ErrorIs(t, err, cause)
		require.ErrorIs(t, err, errRefused)
		require.NoError(t, <-second)
	})
}

// TestQueueConcurrently: goroutines wait, give up and free at the same time.
func TestQueueConcurrently(t *testing.T) {
	var r handshake.Refuser
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			for n := range 200 {
				c := &claim{by: &r, err: errRefused, under: []*handshake.Refuser{&r}}
				ctx, cancel := context.WithCancel(t.Context())
				go func() {
					if (n+i)%2 == 0 {
						c.set(nil, nil)
						r.Freed()
					}
					cancel()
				}()
				if err := handshake.Wait(ctx, c, mayWait); err != nil && !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	require.Eventually(t, func() bool { return handshake.Queued() == 0 }, time.Minute, time.Millisecond)
	require.Zero(t, r.Waiting())
}
