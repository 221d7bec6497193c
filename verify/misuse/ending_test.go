package misuse_test

import (
	"context"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
)

// ending runs a scope on an unlocked and on a shared buffer that end makes end, and
// checks that both are empty afterwards and can be reset.
func ending(end func() error) func(*testing.T) error {
	return func(t *testing.T) error {
		plain, shared := bumper.NewSlabBuffer(), locked.Share(bumper.NewSlabBuffer())
		fn := func(ctx context.Context) error { scope.Make[float64](ctx, 10); return end() }
		defer func() {
			require.Zero(t, plain.Stats().Used)
			require.NoError(t, plain.Reset())
			require.Zero(t, shared.Stats().Open)
			require.NoError(t, shared.Reset())
		}()
		first := outcome(func() error { return scope.NoEscape(on(plain), fn) })
		second := outcome(func() error {
			return scope.NoEscape(scope.WithAllocator(context.Background(), shared), fn)
		})
		require.Equal(t, first, second)
		panic(second)
	}
}

var endings = []mistake{
	{name: "panic", what: "a panic inside a scope: the scope is released, the panic goes on", promise: construction, message: "oops",
		program: ending(func() error { panic("oops") })},
	{name: "error", what: "an error from a scope: the scope is released, the error returned", promise: construction, message: "bumper: buffer is closed",
		program: ending(func() error { return bumper.ErrClosed })},
	{name: "goexit", what: "runtime.Goexit inside a scope: the scope is released", promise: construction,
		program: func(t *testing.T) error {
			plain, shared := bumper.NewSlabBuffer(), locked.Share(bumper.NewSlabBuffer())
			for _, ctx := range []context.Context{on(plain), scope.WithAllocator(context.Background(), shared)} {
				done := make(chan bool)
				go func() {
					defer close(done)
					_ = scope.NoEscape(ctx, func(ctx context.Context) error {
						scope.Make[float64](ctx, 10)
						runtime.Goexit()
						return nil
					})
				}()
				<-done
			}
			require.Zero(t, plain.Stats().Used)
			require.NoError(t, plain.Reset())
			require.Zero(t, shared.Stats().Open)
			require.NoError(t, shared.Reset())
			return nil
		}},
	{name: "panic-with-overrun", what: "a panic inside a scope in which something was overrun: the panic goes on, the overrun is reported by the next scope", promise: inGuardMode,
		message: "oops; then guard: write behind a block of 80 bytes allocated at",
		program: func(*testing.T) error {
			ctx := bump()
			first := outcome(func() error {
				return scope.NoEscape(ctx, func(ctx context.Context) error {
					*beyond(scope.Make[float64](ctx, 10), 10) = 1
					panic("oops")
				})
			})
			second := outcome(func() error {
				return scope.NoEscape(ctx, func(context.Context) error { return nil })
			})
			panic(first + "; then " + second)
		}},
}
