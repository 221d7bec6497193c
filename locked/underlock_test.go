package locked_test

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/handshake"
	"github.com/allocarrays/allocarrays-go/internal/trial"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
)

// guarded is a source that finds out whether the lock under which it is to be called is held.
type guarded struct {
	trial.Source
	lock  tryLocker
	calls atomic.Int32
	free  atomic.Int32 // calls without the lock
}

type tryLocker interface {
	TryLock() bool
	Unlock()
}

func (s *guarded) look() {
	s.calls.Add(1)
	if s.lock.TryLock() {
		s.free.Add(1)
		s.lock.Unlock()
	}
}

func (s *guarded) Acquire(size int) ([]byte, error) {
	s.look()
	return s.Source.Acquire(size)
}

func (s *guarded) Release(mem []byte) {
	s.look()
	s.Source.Release(mem)
}

// TestSourceIsCalledUnderTheLock: whatever takes storage or gives it back does so alone:
// blocks, Trim of both buffers, the timer, Close, and what comes after a Close that was
// refused.
func TestSourceIsCalledUnderTheLock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := &guarded{}
		buf := bumper.NewSlabBuffer(bumper.From(src))
		shared := locked.Share(buf, locked.Retain(0, 16<<20))
		src.lock = handshake.SharingOf(buf).Lock.(tryLocker)
		ctx := scope.WithAllocator(t.Context(), shared)
		calls := int32(0)
		expect := func(what string) {
			t.Helper()
			require.Greater(t, src.calls.Load(), calls, what)
			require.Zero(t, src.free.Load(), what)
			calls = src.calls.Load()
		}
		r, g, alloc := opened(t, shared, nil)
		alloc(100)
		expect("a block")
		require.ErrorIs(t, shared.Close(), bumper.ErrHeld)
		r.Release(g)
		buf.Trim()
		expect("Trim of the buffer inside")
		require.NoError(t, request(ctx, 100))
		shared.Trim()
		expect("Trim")
		require.NoError(t, request(ctx, 100))
		expect("a block")
		time.Sleep(10 * time.Second)
		synctest.Wait()
		expect("the timer")
		require.NoError(t, request(ctx, 20<<20))
		synctest.Wait()
		expect("beyond the ceiling")
		require.NoError(t, request(ctx, 100))
		require.NoError(t, shared.Close())
		expect("Close")
		require.NoError(t, src.Err)
	})
}

// TestOneLevelIsLost: of what a third party's buffer has lent, what it takes back at the end
// of one of its levels is forgotten, and the rest serves on.
func TestOneLevelIsLost(t *testing.T) {
	buf := newPage(4 << 20)
	shared := locked.Share(buf)
	ctx := scope.WithAllocator(t.Context(), shared)
	require.NoError(t, request(ctx, 100))
	first := shared.Stats().Capacity
	cp := buf.Checkpoint()
	require.NoError(t, request(ctx, 2<<20))
	require.Equal(t, first+2<<20, shared.Stats().Capacity)
	require.NoError(t, buf.Restore(cp))
	require.Equal(t, first, shared.Stats().Capacity)
	require.NoError(t, request(ctx, 2<<20))
	require.NoError(t, request(ctx, 100))
	require.Equal(t, first+2<<20, shared.Stats().Capacity)
}
