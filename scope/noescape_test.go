package scope_test

import (
	"context"
	"errors"
	"io"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/meter"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// kinds are contexts of every kind of allocator that NoEscape treats differently.
func kinds() map[string]context.Context {
	background := context.Background()
	return map[string]context.Context{
		"heap":     background,
		"buffer":   scope.WithAllocator(background, bumper.NewSlabBuffer()),
		"fallback": scope.WithAllocator(background, meter.New(bumper.NewAllocBuffer(100_000), meter.Fallback())),
		"simple":   scope.WithAllocator(background, transparent{simple{}}),
	}
}

func TestNoEscapeResults(t *testing.T) {
	for kind, ctx := range kinds() {
		t.Run(kind, func(t *testing.T) {
			require.NoError(t, scope.NoEscape(ctx, func(context.Context) error { return nil }))
			require.Equal(t, io.EOF, scope.NoEscape(ctx, func(context.Context) error { return io.EOF }))
			require.PanicsWithValue(t, 7, func() { _ = scope.NoEscape(ctx, func(context.Context) error { panic(7) }) })
			require.Panics(t, func() { _ = scope.NoEscape(ctx, nil) })
			full := &scope.ExhaustedError{Allocator: "x"}
			require.Equal(t, full, scope.NoEscape(ctx, func(context.Context) error { panic(full) }))
			done := make(chan bool)
			go func() {
				defer close(done)
				_ = scope.NoEscape(ctx, func(context.Context) error { runtime.Goexit(); return nil })
				done <- true
			}()
			require.False(t, <-done, "Goexit ends the goroutine")
			if buf, ok := memory.As[bumper.Buffer](scope.AllocatorFrom(ctx)); ok {
				require.NoError(t, buf.Reset(), "no scope is left open")
			}
		})
	}
}

// An error of fn and one of the release are both returned.
func TestNoEscapeJoinsErrors(t *testing.T) {
	buf := bumper.NewSlabBuffer()
	err := scope.NoEscape(scope.WithAllocator(context.Background(), buf), func(context.Context) error {
		buf.Checkpoint()
		return io.EOF
	})
	require.ErrorIs(t, err, io.EOF)
	require.ErrorIs(t, err, bumper.ErrOutOfOrder)
	require.NotErrorIs(t, err, bumper.ErrEnded, "it is ended once")
	require.NoError(t, buf.Reset())
}

// refuses is a third party's Checkpointer that ends nothing.
type refuses struct{ simple }

func (refuses) Checkpoint() memory.Checkpoint { return memory.Checkpoint{} }

func (refuses) Restore(memory.Checkpoint) error { return errBroken }

// The error of a third party's Restore is returned, too.
func TestNoEscapeOfAThirdParty(t *testing.T) {
	err := scope.NoEscape(scope.WithAllocator(context.Background(), refuses{}), func(ctx context.Context) error { return io.EOF })
	require.ErrorIs(t, err, io.EOF)
	require.ErrorIs(t, err, errBroken)
}

// What a scope calls on its own buffer must not pull the memory away.
func TestResetWithinAScope(t *testing.T) {
	buf := bumper.NewSlabBuffer()
	require.NoError(t, scope.NoEscape(scope.WithAllocator(context.Background(), buf), func(ctx context.Context) error {
		s := scope.Make[byte](ctx, 10)
		s[0] = 1
		require.ErrorIs(t, buf.Reset(), bumper.ErrOpenScope)
		require.Equal(t, byte(0), scope.Make[byte](ctx, 10)[0])
		require.Equal(t, byte(1), s[0])
		return nil
	}))
}

var errBroken = errors.New("broken")
