package meter_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/meter"
	"github.com/allocarrays/allocarrays-go/scope"
)

// limited is a context of a shared buffer below a limit of 1 MiB.
func limited(t *testing.T) (context.Context, *meter.Limit) {
	l := meter.NewLimit(nil, "tenant", 1<<20)
	return scope.WithAllocator(t.Context(), meter.New(locked.Share(bumper.NewSlabBuffer()), meter.Within(l))), l
}

// requireRefused: Reserve in the scope of ctx fails at once, because memory is held.
func requireRefused(t *testing.T, ctx context.Context, n int) {
	t.Helper()
	start := time.Now()
	short, cancel := context.WithTimeout(ctx, time.Hour)
	defer cancel()
	err := scope.Reserve(short, n)
	require.ErrorContains(t, err, "a scope that holds memory does not wait for more: ")
	require.ErrorIs(t, err, scope.ErrExhausted)
	require.Equal(t, start, time.Now())
}

// TestReserveWithinOthers: no scope waits while one around it holds memory, however far out
// that is, and whatever the code between them put into the context.
func TestReserveWithinOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		outside, _ := limited(t)
		release := occupy(t, outside, 600_000)
		inner := func(ctx context.Context, do func(context.Context)) {
			require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error { do(ctx); return nil }))
		}
		for _, before := range []int{0, 1000} {
			check := func(ctx context.Context) {
				if before > 0 {
					requireRefused(t, ctx, 700_000)
					return
				}
				short, cancel := context.WithTimeout(ctx, time.Second)
				require.ErrorIs(t, scope.Reserve(short, 700_000), context.DeadlineExceeded, "nobody holds any")
				cancel()
			}
			hold := func(ctx context.Context) {
				if before > 0 {
					scope.Make[byte](ctx, before)
				}
			}
			inner(outside, func(ctx context.Context) {
				hold(ctx)
				inner(ctx, func(ctx context.Context) {
					inner(ctx, func(ctx context.Context) { inner(ctx, check) })
				})
				again := scope.WithAllocator(ctx, scope.AllocatorFrom(outside))
				inner(again, check)
				level, s := scope.Open(scope.WithAllocator(ctx, bumper.NewSlabBuffer()))
				inner(scope.WithAllocator(level, scope.AllocatorFrom(outside)), check)
				require.NoError(t, s.End())
				other := locked.Share(bumper.NewSlabBuffer(bumper.Limit(100)))
				inner(scope.WithAllocator(ctx, other), func(ctx context.Context) {
					inner(scope.WithAllocator(ctx, scope.AllocatorFrom(outside)), check)
				})
			})
			ctx, s := scope.Open(outside)
			hold(ctx)
			inner(ctx, func(ctx context.Context) { inner(ctx, check) })
			require.NoError(t, s.End())
		}
		release()
	})
}

// TestReserveInTheQueue: that others wait does not make those wait who must not.
func TestReserveInTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		outside, l := limited(t)
		release := occupy(t, outside, 600_000)
		first := make(chan error)
		go func() {
			first <- scope.NoEscape(outside, func(ctx context.Context) error { return scope.Reserve(ctx, 700_000) })
		}()
		synctest.Wait()
		require.NoError(t, scope.NoEscape(outside, func(ctx context.Context) error {
			scope.Make[byte](ctx, 1000)
			requireRefused(t, ctx, 700_000)
			return nil
		}))
		release()
		require.NoError(t, <-first)
		require.Equal(t, []int{0}, used(l))
	})
}

// TestReserveAfterOthersGaveUp: who gives up holds nothing, then or later, and those behind
// it are tried.
func TestReserveAfterOthersGaveUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		outside, l := limited(t)
		release := occupy(t, outside, 600<<10)
		gaveUp, stay, small := make(chan error), make(chan bool), make(chan error)
		go func() {
			_ = scope.NoEscape(outside, func(ctx context.Context) error {
				short, cancel := context.WithTimeout(ctx, time.Minute)
				defer cancel()
				gaveUp <- scope.Reserve(short, 1000<<10)
				<-stay
				return nil
			})
		}()
		synctest.Wait()
		go func() {
			small <- scope.NoEscape(outside, func(ctx context.Context) error { return scope.Reserve(ctx, 100<<10) })
		}()
		synctest.Wait()
		require.Empty(t, small, "it waits its turn")
		start := time.Now()
		require.ErrorIs(t, <-gaveUp, context.DeadlineExceeded)
		require.NoError(t, <-small, "there is room for it")
		require.Equal(t, time.Minute, time.Since(start))
		release()
		synctest.Wait()
		require.Equal(t, []int{0}, used(l), "what gave up holds nothing")
		close(stay)
	})
}

// TestReserveOfDifferentLimits: who waits for one limit does not hold up who waits for
// another, whichever came first.
func TestReserveOfDifferentLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := meter.New(locked.Share(bumper.NewSlabBuffer()))
		a, b := meter.NewLimit(nil, "a", 1<<20), meter.NewLimit(nil, "b", 1<<20)
		in := func(l *meter.Limit) context.Context { return scope.WithAllocator(t.Context(), m.Within(l)) }
		releaseA, releaseB := occupy(t, in(a), 600<<10), occupy(t, in(b), 600<<10)
		reserve := func(l *meter.Limit) chan error {
			done := make(chan error, 1)
			go func() {
				done <- scope.NoEscape(in(l), func(ctx context.Context) error { return scope.Reserve(ctx, 700<<10) })
			}()
			synctest.Wait()
			return done
		}
		first, second := reserve(a), reserve(b)
		releaseB()
		require.NoError(t, <-second)
		require.Empty(t, first)
		releaseA()
		require.NoError(t, <-first)
	})
}

// TestReserveFirst: in a scope that Open began, Reserve may be the first thing that needs
// its region; on the heap there is nothing to wait for.
func TestReserveFirst(t *testing.T) {
	ctx, s := scope.Open(scope.WithAllocator(t.Context(), locked.Share(bumper.NewSlabBuffer(bumper.Limit(1<<20)))))
	require.NoError(t, scope.Reserve(ctx, 1000<<10))
	require.Zero(t, s.Late())
	require.NoError(t, s.End())

	ctx, s = scope.Open(scope.WithAllocator(t.Context(), locked.Share(bumper.NewSlabBuffer())))
	require.NoError(t, s.End())
	require.NoError(t, scope.Reserve(ctx, 1<<30), "nothing was ever needed")

	outside, l := limited(t)
	ctx, s = scope.Open(outside)
	require.NoError(t, scope.Reserve(ctx, 1000<<10))
	require.Positive(t, used(l)[0])
	require.NoError(t, s.End())
	require.NoError(t, scope.Reserve(ctx, 1<<30), "late")
	require.Equal(t, []int{0}, used(l))

	ctx, s = scope.Open(t.Context())
	ctx, inner := scope.Open(ctx)
	require.NoError(t, scope.Reserve(ctx, 1<<30))
	require.NoError(t, inner.End())
	require.NoError(t, s.End())
}

// TestReserveBeforeTheScope: a meter that somebody puts around the allocator of a scope has
// no scope of its own yet, so there is none to reserve for.
func TestReserveBeforeTheScope(t *testing.T) {
	outside, _ := limited(t)
	require.NoError(t, scope.NoEscape(outside, func(ctx context.Context) error {
		ctx = scope.WithAllocator(ctx, meter.New(scope.AllocatorFrom(ctx)))
		require.ErrorIs(t, scope.Reserve(ctx, 100), errors.ErrUnsupported)
		return scope.NoEscape(ctx, func(ctx context.Context) error { return scope.Reserve(ctx, 100) })
	}))
}
