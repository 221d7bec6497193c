package scope_test

import (
	"context"
	"errors"
	"io"
	"runtime"
	"sync"
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
		"fallback": scope.WithAllocator(background, meter.NewFallback(bumper.NewAllocBuffer(100_000))),
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

func TestFallback(t *testing.T) {
	buf := bumper.NewAllocBuffer(10_000)
	f := meter.NewFallback(buf)
	require.Same(t, buf, f.Unwrap())
	ctx := scope.WithAllocator(context.Background(), f)
	for range 3 {
		require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
			_, in, err := scope.Alloc[byte](ctx, 6000)
			require.NoError(t, err)
			s, out, err := scope.Alloc[byte](ctx, 6000)
			require.NoError(t, err)
			s[5999] = 1
			require.NotEqual(t, scope.Stamp{}, in)
			require.Equal(t, scope.Stamp{}, out)
			return nil
		}))
		require.Zero(t, buf.Stats().Used)
	}
	blocks, bytes := f.Count()
	require.Equal(t, []uint64{3, 18_000}, []uint64{blocks, bytes})
	_, err := f.Alloc(^uintptr(0), 1)
	require.ErrorIs(t, err, scope.ErrExhausted, "the heap has not got that either")
	blocks, _ = f.Count()
	require.EqualValues(t, 3, blocks, "a failure is not counted")

	other := f.Rewrap(scope.Heap()).(*meter.Fallback)
	require.Equal(t, "meter.Fallback: 3 blocks (18000 bytes) from the heap, else scope.Heap", other.String())
	require.Equal(t, "meter.Fallback: 0 blocks (0 bytes) from the heap, else scope_test.simple", meter.NewFallback(simple{}).String())
}

// broken is an allocator that fails for another reason.
type broken struct{}

func (broken) Alloc(uintptr, uintptr) (memory.Block, error) { return memory.Block{}, errBroken }

var errBroken = errors.New("broken")

func TestFallbackPassesOtherErrors(t *testing.T) {
	f := meter.NewFallback(broken{})
	_, err := f.Alloc(1, 1)
	require.Equal(t, errBroken, err)
	blocks, _ := f.Count()
	require.Zero(t, blocks)
}

// full is an allocator that is always exhausted.
type full struct{}

func (full) Alloc(uintptr, uintptr) (memory.Block, error) {
	return memory.Block{}, &scope.ExhaustedError{Allocator: "full"}
}

// A fallback counts right, and may be asked, while goroutines share it.
func TestFallbackConcurrently(t *testing.T) {
	f := meter.NewFallback(full{})
	var all sync.WaitGroup
	const goroutines, rounds = 4, 500
	for range goroutines {
		all.Go(func() {
			for range rounds {
				if _, err := f.Alloc(8, 8); err != nil {
					t.Error(err)
				}
				if blocks, bytes := f.Count(); blocks == 0 || bytes == 0 {
					t.Error("the block just allocated was not counted")
				}
			}
		})
	}
	all.Wait()
	blocks, bytes := f.Count()
	require.Equal(t, []uint64{goroutines * rounds, 8 * goroutines * rounds}, []uint64{blocks, bytes})
}
