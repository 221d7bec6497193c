package scope_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/handshake"
	"github.com/allocarrays/allocarrays-go/meter"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

type key int

func TestAllocatorFrom(t *testing.T) {
	buf := bumper.NewSlabBuffer()
	background := context.Background()
	with := scope.WithAllocator(background, buf)
	cancelled, cancel := context.WithCancel(context.WithValue(with, key(1), "one"))
	cancel()
	timeout, stop := context.WithTimeout(cancelled, time.Hour)
	defer stop()
	for name, c := range map[string]struct {
		ctx  context.Context
		want scope.Allocator
	}{
		"none":            {background, scope.Heap()},
		"TODO":            {context.TODO(), scope.Heap()},
		"values only":     {context.WithValue(background, key(1), buf), scope.Heap()},
		"itself":          {with, buf},
		"through a chain": {timeout, buf},
		"detached":        {context.WithoutCancel(timeout), buf},
		"heap below":      {scope.WithAllocator(timeout, scope.Heap()), scope.Heap()},
		"the innermost":   {context.WithValue(scope.WithAllocator(scope.WithAllocator(background, scope.Heap()), buf), key(2), 2), buf},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, scope.AllocatorFrom(c.ctx)) })
	}
	require.Equal(t, "one", timeout.Value(key(1)), "values pass through")
	require.Nil(t, with.Value(key(1)))
	require.ErrorIs(t, timeout.Err(), context.Canceled)
	require.PanicsWithValue(t, "scope: WithAllocator with a nil Allocator; the Go heap is scope.Heap()",
		func() { scope.WithAllocator(background, nil) })
}

// Values and cancellation pass through a scope.
func TestScopeIsAContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.WithValue(context.Background(), key(3), "three"))
	ctx = scope.WithAllocator(ctx, bumper.NewSlabBuffer())
	require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
		require.Equal(t, "three", ctx.Value(key(3)))
		require.NoError(t, ctx.Err())
		cancel()
		require.ErrorIs(t, ctx.Err(), context.Canceled)
		return nil
	}))
}

// simple is an allocator without any further ability, and odd ones built on it.
type simple struct{ short, shift int }

func (s simple) Alloc(size, align uintptr) (memory.Block, error) {
	mem := make([]byte, int(size)+64)
	return memory.NewBlock(mem[s.shift:int(size)-s.short+s.shift], scope.Stamp{}), nil
}

// transparent is a wrapper with Unwrap alone.
type transparent struct{ scope.Allocator }

func (w transparent) Unwrap() scope.Allocator { return w.Allocator }

func TestAs(t *testing.T) {
	buf := bumper.NewSlabBuffer()
	for _, a := range []scope.Allocator{buf, transparent{buf}, transparent{meter.New(transparent{buf}, meter.Fallback())}} {
		found, ok := memory.As[memory.Checkpointer](a)
		require.True(t, ok)
		require.Same(t, buf, found)
	}
	_, ok := memory.As[memory.Checkpointer](transparent{scope.Heap()})
	require.False(t, ok)
	_, ok = memory.As[handshake.RegionOpener](nil)
	require.False(t, ok)
}

// Without an ability, NoEscape runs fn all the same.
func TestNoEscapeOfASimpleAllocator(t *testing.T) {
	for _, a := range []scope.Allocator{simple{}, transparent{simple{}}, scope.Heap()} {
		ctx := scope.WithAllocator(context.Background(), a)
		require.NoError(t, scope.NoEscape(ctx, func(inner context.Context) error {
			require.Equal(t, ctx, inner)
			scope.Make[float64](inner, 10)[9] = 1
			return nil
		}))
	}
}
