package bumper_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/scope"
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
			require.NoError(t, buf.(scope.Unwinder).Unwind(mid))
			require.False(t, mid.Live())
			require.False(t, high.Live())
			require.False(t, b.Stamp.Live())
			require.True(t, low.Live())
			require.ErrorIs(t, buf.(scope.Unwinder).Unwind(high), bumper.ErrEnded)
			require.ErrorIs(t, buf.(scope.Unwinder).Unwind(scope.Checkpoint{}), bumper.ErrForeign)
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

// A held buffer cannot end a scope: NoEscape says so and leaves the level open.
func TestNoEscapeOfAHeldBuffer(t *testing.T) {
	buf := bumper.NewSlabBuffer()
	own := errors.New("own")
	err := scope.NoEscape(scope.WithAllocator(context.Background(), buf), func(context.Context) error {
		buf.Sharing().Hold()
		return own
	})
	require.ErrorIs(t, err, own)
	require.ErrorIs(t, err, bumper.ErrHeld)
	buf.Sharing().Unhold()
	require.ErrorIs(t, buf.Reset(), bumper.ErrOpenScope)
}

// A region that begins while a reset is under way waits for its end.
func TestHoldWaitsForReset(t *testing.T) {
	var levels bumper.Levels[int]
	levels.Init(nil)
	held := make(chan struct{})
	err := levels.Reset(func() {
		go func() {
			levels.Sharing().Hold()
			close(held)
		}()
		require.ErrorIs(t, levels.Reset(func() {}), bumper.ErrHeld, "two resets at the same time")
		require.False(t, levels.Sharing().Held())
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
	require.True(t, levels.Sharing().Held())
}

// The life of a stamp is told apart from all others of its epoch, and its end is
// never taken for another's, however many there are.
func TestManyLives(t *testing.T) {
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
