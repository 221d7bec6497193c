package misuse_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
)

// on returns a context with buf.
func on(buf bumper.Buffer) context.Context {
	return scope.WithAllocator(context.Background(), buf)
}

// later uses an array after its buffer was released.
func later(release func(buf *bumper.SlabBuffer) error) func(*testing.T) error {
	return func(t *testing.T) error {
		buf := bumper.NewSlabBuffer()
		x := allocarray.New[float64](on(buf), 10)
		require.NoError(t, release(buf))
		x.At(3)
		return nil
	}
}

// laterSlice is later with a raw slice.
func laterSlice(release func(buf *bumper.SlabBuffer) error) func(*testing.T) error {
	return func(t *testing.T) error {
		buf := bumper.NewSlabBuffer()
		s := scope.Make[float64](on(buf), 10)
		require.NoError(t, release(buf))
		return read(s)
	}
}

// restored allocates in a level, restores it and uses what was allocated.
func restored(use func(x array, s []float64) error) func(*testing.T) error {
	return func(t *testing.T) error {
		buf := bumper.NewSlabBuffer()
		cp := buf.Checkpoint()
		x, s := allocarray.New[float64](on(buf), 10), scope.Make[float64](on(buf), 10)
		require.NoError(t, buf.Restore(cp))
		return use(x, s)
	}
}

var releases = []mistake{
	{name: "array-after-reset", what: "an array used after Reset", promise: always, message: staleArray,
		program: later((*bumper.SlabBuffer).Reset)},
	{name: "slice-after-reset", what: "a raw slice used after Reset", promise: inGuardMode, message: staleSlice,
		program: laterSlice((*bumper.SlabBuffer).Reset)},
	{name: "array-after-close", what: "an array used after Close", promise: always, message: staleArray,
		program: later((*bumper.SlabBuffer).Close)},
	{name: "slice-after-close", what: "a raw slice used after Close", promise: inGuardMode, message: staleSlice,
		program: laterSlice((*bumper.SlabBuffer).Close)},
	{name: "array-after-restore", what: "an array used after Restore", promise: always, message: staleArray,
		program: restored(func(x array, _ []float64) error { x.At(3); return nil })},
	{name: "slice-after-restore", what: "a raw slice used after Restore", promise: inGuardMode, message: staleSlice,
		program: restored(func(_ array, s []float64) error { return read(s) })},
	{name: "alloc-after-close", what: "an allocation from a closed buffer", promise: always,
		message: "bumper.SlabBuffer: out of memory: 80 bytes requested, 0 available, limit 0: bumper: buffer is closed",
		program: func(t *testing.T) error {
			buf := bumper.NewSlabBuffer()
			require.NoError(t, buf.Close())
			return scope.Try(func() error { scope.Make[float64](on(buf), 10); return nil })
		}},
	{name: "double-close", what: "a buffer closed twice", promise: always, message: "bumper: buffer is closed",
		program: func(t *testing.T) error {
			buf := bumper.NewAllocBuffer(1000)
			require.NoError(t, buf.Close())
			return buf.Close()
		}},
	{name: "context-after-end", what: "the context of a region used after its end, and 10 000 scopes later: memory of the heap, counted as late", promise: construction,
		program: func(t *testing.T) error {
			shared := locked.Share(bumper.NewSlabBuffer())
			ctx := scope.WithAllocator(context.Background(), shared)
			var kept context.Context
			_ = scope.NoEscape(ctx, func(ctx context.Context) error { kept = ctx; return nil })
			first := allocarray.Full(kept, 1.0, 10)
			for i := range 10_000 {
				requireOwnMemory(t, ctx, kept, i%1000 == 0)
			}
			require.True(t, first.Live())
			require.Equal(t, 1.0, first.At(9), "no stranger's scope had it")
			require.Equal(t, uint64(11), shared.Stats().Late)
			return nil
		}},
	{name: "context-after-end-unlocked", what: "the context of a scope on an unlocked buffer, used after its end: the memory of the scope around it", promise: construction,
		program: func(t *testing.T) error {
			ctx := bump()
			return scope.NoEscape(ctx, func(outer context.Context) error {
				var kept context.Context
				_ = scope.NoEscape(outer, func(ctx context.Context) error { kept = ctx; return nil })
				x := allocarray.Full(kept, 1.0, 10)
				for range 100 {
					keepSlice(outer, func(s []float64) { s[0] = -1 })
				}
				require.Equal(t, 1.0, x.At(0))
				return nil
			})
		}},
	{name: "checkpoint-left-open", what: "a Checkpoint inside NoEscape that is never restored: released with the scope, and reported", promise: always,
		message: "bumper: checkpoint restored out of order: a later one is still open",
		program: func(t *testing.T) error {
			buf := bumper.NewSlabBuffer()
			err := scope.NoEscape(on(buf), func(ctx context.Context) error {
				buf.Checkpoint()
				scope.Make[float64](ctx, 10)
				return nil
			})
			require.Zero(t, buf.Stats().Used)
			require.NoError(t, buf.Reset())
			return err
		}},
}

// requireOwnMemory fills an array in a scope of ctx while, if asked, another is
// allocated through a context whose scope has ended.
func requireOwnMemory(t *testing.T, ctx, kept context.Context, late bool) {
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		x := allocarray.Full(ctx, 2.0, 10)
		if late {
			allocarray.Full(kept, -1.0, 10)
		}
		require.Equal(t, 2.0, x.At(9))
		return nil
	})
}
