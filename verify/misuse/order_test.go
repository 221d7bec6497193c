package misuse_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// during tries to release a buffer while a group of goroutines uses it, from one of
// them, and checks that what another has there is intact.
func during(release func(buf *bumper.SlabBuffer, cp memory.Checkpoint) error) func(*testing.T) error {
	return func(t *testing.T) error {
		buf := bumper.NewSlabBuffer()
		cp := buf.Checkpoint()
		g := locked.NewGroup(locked.WithLockedBumper(context.Background(), buf))
		filled, tried := make(chan bool), make(chan bool)
		g.Go(func(ctx context.Context) error {
			x := allocarray.Full(ctx, 7.0, 1000)
			close(filled)
			<-tried
			require.Equal(t, 7000.0, allocarray.Sum(x))
			return nil
		})
		g.Go(func(context.Context) error {
			defer close(tried)
			<-filled
			return release(buf, cp)
		})
		return g.Wait()
	}
}

var orders = []mistake{
	{name: "reset-in-scope", what: "Reset inside a scope", promise: always, message: "bumper: reset while a scope is open",
		program: func(t *testing.T) error {
			buf := bumper.NewSlabBuffer()
			return scope.NoEscape(on(buf), func(ctx context.Context) error {
				x := allocarray.Full(ctx, 7.0, 10)
				err := buf.Reset()
				require.Equal(t, 70.0, allocarray.Sum(x), "nothing has changed")
				return err
			})
		}},
	{name: "close-in-scope", what: "Close inside a scope", promise: always, message: "bumper: reset while a scope is open",
		program: func(t *testing.T) error {
			buf := bumper.NewAutoscalingBuffer()
			return scope.NoEscape(on(buf), func(ctx context.Context) error {
				x := allocarray.Full(ctx, 7.0, 10)
				err := buf.Close()
				require.Equal(t, 70.0, allocarray.Sum(x), "nothing has changed")
				return err
			})
		}},
	{name: "reset-in-goroutine", what: "Reset in a goroutine while a group uses the buffer", promise: always,
		message: "bumper: buffer is in use by a parallel region; reset it when the region has ended",
		program: during(func(buf *bumper.SlabBuffer, _ memory.Checkpoint) error { return buf.Reset() })},
	{name: "restore-in-goroutine", what: "Restore in a goroutine while a group uses the buffer", promise: always,
		message: "bumper: buffer is in use by a parallel region; reset it when the region has ended",
		program: during(func(buf *bumper.SlabBuffer, cp memory.Checkpoint) error { return buf.Restore(cp) })},
	{name: "close-in-goroutine", what: "Close in a goroutine while a group uses the buffer", promise: always,
		message: "bumper: buffer is in use by a parallel region; reset it when the region has ended",
		program: during(func(buf *bumper.SlabBuffer, _ memory.Checkpoint) error { return buf.Close() })},
	{name: "reset-in-region", what: "Reset of a shared buffer inside a NoEscape on it", promise: always,
		message: "bumper: buffer is in use by a parallel region; reset it when the region has ended",
		program: func(t *testing.T) error {
			shared := locked.Share(bumper.NewSlabBuffer())
			return scope.NoEscape(scope.WithAllocator(context.Background(), shared), func(context.Context) error { return shared.Reset() })
		}},
	{name: "restore-out-of-order", what: "an outer checkpoint restored before an inner one", promise: always,
		message: "bumper: checkpoint restored out of order: a later one is still open",
		program: func(t *testing.T) error {
			buf := bumper.NewSlabBuffer()
			outer := buf.Checkpoint()
			buf.Checkpoint()
			x := allocarray.Full(on(buf), 7.0, 10)
			defer func() { require.Equal(t, 70.0, allocarray.Sum(x), "nothing has changed") }()
			return buf.Restore(outer)
		}},
	{name: "restore-twice", what: "a checkpoint restored twice", promise: always, message: "bumper: checkpoint was restored before",
		program: func(t *testing.T) error {
			buf := bumper.NewSlabBuffer()
			outer := buf.Checkpoint()
			inner := buf.Checkpoint()
			require.NoError(t, buf.Restore(inner))
			x := allocarray.Full(on(buf), 7.0, 10)
			defer func() {
				require.Equal(t, 70.0, allocarray.Sum(x), "nothing has changed")
				require.NoError(t, buf.Restore(outer))
			}()
			return buf.Restore(inner)
		}},
	{name: "restore-foreign", what: "a checkpoint of buffer A restored on buffer B", promise: always, message: "bumper: checkpoint is not of this buffer",
		program: func(t *testing.T) error {
			a, b := bumper.NewSlabBuffer(), bumper.NewSlabBuffer()
			cp := a.Checkpoint()
			b.Checkpoint()
			x := allocarray.Full(on(b), 7.0, 10)
			defer func() { require.Equal(t, 70.0, allocarray.Sum(x), "nothing has changed") }()
			return b.Restore(cp)
		}},
	{name: "restore-zero", what: "the zero Checkpoint restored", promise: always, message: "bumper: checkpoint is not of this buffer",
		program: func(*testing.T) error { return bumper.NewAllocBuffer(100).Restore(memory.Checkpoint{}) }},
	{name: "two-buffers", what: "an array of one buffer used in a scope of another: each lives by its own scope", promise: construction,
		program: func(t *testing.T) error {
			a, b := bump(), bump()
			return scope.NoEscape(a, func(a context.Context) error {
				x := allocarray.Full(a, 7.0, 10)
				var y array
				for range 100 {
					_ = scope.NoEscape(b, func(b context.Context) error {
						y = allocarray.Add(b, x, x)
						require.Equal(t, 140.0, allocarray.Sum(y))
						return nil
					})
				}
				require.Equal(t, 70.0, allocarray.Sum(x))
				require.True(t, x.Live())
				require.False(t, y.Live())
				return nil
			})
		}},
}
