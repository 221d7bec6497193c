package bumper_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/handshake"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// A panic that is recovered within the outer scope leaves levels open, which go
// with it.
func TestUnwind(t *testing.T) {
	for name, new := range buffers {
		t.Run(name, func(t *testing.T) {
			buf := new()
			low := buf.Checkpoint()
			mid := buf.Checkpoint()
			high := buf.Checkpoint()
			b, err := buf.Alloc(10, 1)
			require.NoError(t, err)
			require.NoError(t, buf.(memory.Unwinder).Unwind(mid))
			require.False(t, mid.Live())
			require.False(t, high.Live())
			require.False(t, b.Stamp.Live())
			require.True(t, low.Live())
			require.ErrorIs(t, buf.(memory.Unwinder).Unwind(high), bumper.ErrEnded)
			require.ErrorIs(t, buf.(memory.Unwinder).Unwind(memory.Checkpoint{}), bumper.ErrForeign)
			require.NoError(t, buf.Restore(low))
			require.Contains(t, high.End(), "ended ", "even what was unwound says something")
		})
	}
}

// halfway is a buffer that cannot unwind.
type halfway struct{ bumper.Buffer }

func TestWithoutUnwind(t *testing.T) {
	buf := halfway{bumper.NewSlabBuffer()}
	ctx := scope.WithAllocator(context.Background(), buf)
	err := scope.NoEscape(ctx, func(context.Context) error { buf.Checkpoint(); return nil })
	require.ErrorIs(t, err, bumper.ErrOutOfOrder)
	require.ErrorIs(t, buf.Reset(), bumper.ErrOpenScope, "nobody could end the levels")
}

// A held buffer cannot end a scope: NoEscape says so, and the scope ends with the last
// hold.
func TestNoEscapeOfAHeldBuffer(t *testing.T) {
	for name, new := range buffers {
		t.Run(name, func(t *testing.T) {
			buf := new()
			own := errors.New("own")
			var stamp scope.Stamp
			err := scope.NoEscape(scope.WithAllocator(t.Context(), buf), func(ctx context.Context) error {
				_, stamp, _ = scope.Alloc[int](ctx, 10)
				handshake.SharingOf(buf).Hold()
				handshake.SharingOf(buf).Hold()
				return own
			})
			require.ErrorIs(t, err, own)
			require.ErrorIs(t, err, bumper.ErrHeld)
			handshake.SharingOf(buf).Unhold()
			require.True(t, stamp.Live())
			require.ErrorIs(t, buf.Reset(), bumper.ErrHeld)
			handshake.SharingOf(buf).Unhold()
			require.False(t, stamp.Live(), "its scope has ended")
			require.Contains(t, stamp.End(), "TestNoEscapeOfAHeldBuffer")
			require.NoError(t, buf.Reset(), "no level is left open")
		})
	}
}

// A region that begins while a reset is under way waits for its end.
func TestHoldWaitsForReset(t *testing.T) {
	levels := newPage(10)
	sharing := handshake.SharingOf(levels)
	held := make(chan struct{})
	err := levels.Levels.Reset(func() {
		go func() {
			sharing.Hold()
			close(held)
		}()
		require.ErrorIs(t, levels.Levels.Reset(func() {}), bumper.ErrHeld, "two resets at the same time")
		require.False(t, sharing.Held())
		for range 100 {
			select {
			case <-held:
				t.Error("held during a reset")
			default:
			}
		}
	})
	require.NoError(t, err)
	<-held
	require.True(t, sharing.Held())
}

// The generation of a stamp is told apart from all others of its epoch, and its end is
// never taken for another's, however many there are.
func TestManyGenerations(t *testing.T) {
	buf := bumper.NewAllocBuffer(1000)
	first := buf.Checkpoint()
	require.NoError(t, buf.Restore(first))
	for range 1<<16 - 1 {
		cp := buf.Checkpoint()
		require.NotEqual(t, first, cp)
		cp.EndsAt(1)
		require.NoError(t, buf.Restore(cp))
	}
	last := buf.Checkpoint()
	require.NoError(t, buf.Restore(last))
	require.Contains(t, last.End(), "levels_test.go:")
	require.Equal(t, "ended 65537 scopes ago", first.End())
}

// A restore that meets the end of a hold is refused for the hold, or succeeds.
func TestRestoreMeetsAHold(t *testing.T) {
	buf := bumper.NewSlabBuffer()
	var wg sync.WaitGroup
	wg.Go(func() {
		for range 200_000 {
			handshake.SharingOf(buf).Hold()
			handshake.SharingOf(buf).Unhold()
		}
	})
	for range 20_000 {
		cp := buf.Checkpoint()
		for err := buf.Restore(cp); err != nil; err = buf.Restore(cp) {
			require.ErrorIs(t, err, bumper.ErrHeld)
		}
	}
	wg.Wait()
}
