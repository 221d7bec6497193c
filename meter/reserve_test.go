package meter_test

import (
	"context"
	"errors"
	"math"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/meter"
	"github.com/allocarrays/allocarrays-go/scope"
)

// reservable are allocators of 1 MiB whose scopes wait for one another, and what refuses.
func reservable() map[string]scope.Allocator {
	one := func() bumper.Buffer { return bumper.NewSlabBuffer(bumper.Limit(1 << 20)) }
	l := func() meter.Option { return meter.Within(meter.NewLimit(nil, "tenant", 1<<20)) }
	return map[string]scope.Allocator{
		"buffer": locked.Share(one()),
		"third":  locked.Share(bumper.NewAllocBuffer(1 << 20)),
		"limit":  meter.New(locked.Share(bumper.NewSlabBuffer()), l()),
		"both":   meter.New(locked.Share(one()), l()),
		"traced": meter.New(locked.Share(one()), l(), meter.Zero()),
		"heap":   meter.New(scope.Heap(), l()),
	}
}

// occupy holds n bytes in a scope until the returned function is called.
func occupy(t *testing.T, ctx context.Context, n int) (release func()) {
	t.Helper()
	began, end, over := make(chan error), make(chan bool), make(chan error)
	go func() {
		over <- scope.NoEscape(ctx, func(ctx context.Context) error {
			_, _, err := scope.Alloc[byte](ctx, n)
			began <- err
			<-end
			return nil
		})
	}()
	require.NoError(t, <-began)
	return func() { close(end); require.NoError(t, <-over) }
}

// TestReserve: it waits until others have released enough, and after it blocks of so many
// bytes succeed, whatever others do.
func TestReserve(t *testing.T) {
	for kind, a := range reservable() {
		t.Run(kind, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx := scope.WithAllocator(t.Context(), a)
				release := occupy(t, ctx, 600_000)
				var reserved atomic.Bool
				done := make(chan error)
				go func() {
					done <- scope.NoEscape(ctx, func(ctx context.Context) error {
						err := scope.Reserve(ctx, 640_000)
						if err != nil {
							return err
						}
						reserved.Store(true)
						for range 3 { // others take what they can get
							_ = scope.NoEscape(scope.WithAllocator(t.Context(), a), func(ctx context.Context) error {
								for err == nil {
									_, _, err = scope.Alloc[byte](ctx, 10_000)
								}
								return nil
							})
						}
						for range 10 {
							scope.Make[byte](ctx, 63_991)
						}
						return nil
					})
				}()
				time.Sleep(time.Second)
				require.False(t, reserved.Load())
				require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
					scope.Make[byte](ctx, 300_000)
					return nil
				}), "who waits holds nothing")
				time.Sleep(time.Second)
				require.False(t, reserved.Load())
				release()
				require.NoError(t, <-done)
			})
		})
	}
}

// TestReserveGivesUp when the context is done, and where waiting is futile.
func TestReserveGivesUp(t *testing.T) {
	for kind, a := range reservable() {
		t.Run(kind, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				background := scope.WithAllocator(t.Context(), a)
				release := occupy(t, background, 600_000)
				in := func(ctx context.Context, before, n int) error {
					return scope.NoEscape(ctx, func(ctx context.Context) error {
						if before > 0 {
							scope.Make[byte](ctx, before)
						}
						return scope.NoEscape(ctx, func(ctx context.Context) error { return scope.Reserve(ctx, n) })
					})
				}
				start := time.Now()
				ctx, cancel := context.WithTimeout(background, time.Minute)
				err := in(ctx, 0, 700_000)
				cancel()
				require.ErrorIs(t, err, context.DeadlineExceeded)
				require.ErrorIs(t, err, scope.ErrExhausted)
				require.ErrorContains(t, err, "scope: Reserve of 700000 bytes: context deadline exceeded while waiting for memory: ")
				require.Equal(t, time.Minute, time.Since(start))

				err = in(background, 1000, 700_000)
				require.ErrorIs(t, err, scope.ErrExhausted)
				require.ErrorContains(t, err, "a scope that holds memory does not wait for more: ")
				require.NoError(t, in(background, 1000, 100_000), "nobody need wait for that")
				require.ErrorIs(t, in(background, 0, 2<<20), scope.ErrExhausted, "more than there will ever be")
				require.ErrorIs(t, in(background, 0, math.MaxInt>>1), scope.ErrExhausted)
				require.NoError(t, in(background, 0, 0))
				require.Equal(t, time.Minute, time.Since(start))
				if shared, ok := locked.From(background); ok {
					require.Zero(t, shared.Stats().Refused, "a reservation is no allocation")
				}
				if m, ok := a.(*meter.Meter); ok {
					require.Zero(t, m.Stats().Limit.Refused)
				}
				release()
			})
		})
	}
}

// TestReserveMoreThanEver: what a limit will never grant is refused at once, by an isolating
// buffer too.
func TestReserveMoreThanEver(t *testing.T) {
	all := reservable()
	all["isolating"] = meter.New(locked.Share(bumper.NewSlabBuffer(bumper.Isolating())),
		meter.Within(meter.NewLimit(nil, "tenant", 1<<20)))
	for kind, a := range all {
		t.Run(kind, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(scope.WithAllocator(t.Context(), a), 5*time.Second)
			defer cancel()
			ctx, s := scope.Open(ctx)
			require.ErrorIs(t, scope.Reserve(ctx, 2<<20), scope.ErrExhausted)
			require.NoError(t, ctx.Err(), "it has waited")
			require.NoError(t, s.End())
		})
	}
}

// TestReserveElsewhere: where nobody waits for anybody.
func TestReserveElsewhere(t *testing.T) {
	require.NoError(t, scope.Reserve(t.Context(), math.MaxInt))
	require.PanicsWithValue(t, "scope: Reserve of -1 bytes", func() { _ = scope.Reserve(t.Context(), -1) })

	buf := bumper.NewAllocBuffer(1000)
	for _, a := range []scope.Allocator{buf, meter.New(buf, within(1000)), meter.New(buf, meter.Zero())} {
		ctx := scope.WithAllocator(t.Context(), a)
		require.NoError(t, scope.Reserve(ctx, 1000))
		require.ErrorIs(t, scope.Reserve(ctx, 1001), scope.ErrExhausted)
		require.Zero(t, buf.Stats().Used)
	}
	for _, a := range []scope.Allocator{locked.Share(buf), broken{}} {
		err := scope.Reserve(scope.WithAllocator(t.Context(), a), 10)
		require.ErrorIs(t, err, errors.ErrUnsupported)
	}

	ctx, s := scope.Open(t.Context())
	require.NoError(t, scope.Reserve(ctx, math.MaxInt), "a scope of the heap")
	require.NoError(t, s.End())
	ctx, s = scope.Open(scope.WithAllocator(t.Context(), broken{}))
	require.ErrorIs(t, scope.Reserve(ctx, 10), errors.ErrUnsupported)
	require.NoError(t, s.End())
	ctx, s = scope.Open(scope.WithAllocator(t.Context(), bumper.NewAllocBuffer(1000)))
	require.NoError(t, scope.Reserve(ctx, 1000))
	require.ErrorIs(t, scope.Reserve(ctx, 1001), scope.ErrExhausted)
	require.NoError(t, s.End())
	require.NoError(t, scope.Reserve(ctx, 1001), "what is late comes from the heap")
	require.Zero(t, s.Late())
}

// TestReserveNeedsAScope of the outermost meter: what reserves nothing there says so.
func TestReserveNeedsAScope(t *testing.T) {
	shared := locked.Share(bumper.NewSlabBuffer())
	require.NoError(t, scope.NoEscape(scope.WithAllocator(t.Context(), shared), func(ctx context.Context) error {
		require.NoError(t, scope.Reserve(ctx, 1000))
		inner := scope.WithAllocator(ctx, meter.New(scope.AllocatorFrom(ctx), within(500)))
		require.ErrorIs(t, scope.Reserve(inner, 100), errors.ErrUnsupported)
		return scope.NoEscape(inner, func(ctx context.Context) error {
			require.NoError(t, scope.Reserve(ctx, 100))
			require.ErrorIs(t, scope.Reserve(ctx, 1000), scope.ErrExhausted)
			return nil
		})
	}))
	ctx, s := scope.Open(scope.WithAllocator(t.Context(), shared))
	require.NoError(t, s.End())
	require.NoError(t, scope.Reserve(ctx, math.MaxInt>>1), "what is late comes from the heap")
}

// TestReserveWhileHolding: a scope does not wait for memory while one around it, however far,
// holds some.
func TestReserveWhileHolding(t *testing.T) {
	shared := locked.Share(bumper.NewSlabBuffer(bumper.Limit(1 << 20)))
	ctx, s := scope.Open(scope.WithAllocator(t.Context(), shared))
	release := occupy(t, scope.WithAllocator(t.Context(), shared), 600_000)
	open := func(ctx context.Context, fn func(context.Context) error) error {
		ctx, s := scope.Open(ctx)
		defer s.End()
		return fn(ctx)
	}
	type enter = func(context.Context, func(context.Context) error) error
	impatient, cancel := context.WithCancel(ctx)
	cancel()
	reserve := func(ctx context.Context, first, second enter) error {
		return first(ctx, func(ctx context.Context) error {
			return second(ctx, func(ctx context.Context) error { return scope.Reserve(ctx, 900_000) })
		})
	}
	for _, holds := range []bool{false, true} {
		if holds {
			scope.Make[byte](ctx, 100)
		}
		for _, first := range []enter{scope.NoEscape, open} {
			for _, second := range []enter{scope.NoEscape, open} {
				err := reserve(impatient, first, second)
				require.ErrorIs(t, err, scope.ErrExhausted)
				if holds {
					require.ErrorContains(t, err, "a scope that holds memory does not wait for more: ")
				} else {
					require.ErrorIs(t, err, context.Canceled, "it would have waited")
				}
			}
		}
	}
	release()
	require.NoError(t, s.End())
}

// TestReserveIsFair: who waits for the same is served in order, and small requests do not
// overtake a large one; who waits for something else is not held up.
func TestReserveIsFair(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		process := meter.NewLimit(nil, "process", 1<<20)
		a, b := meter.NewLimit(process, "a", 400<<10), meter.NewLimit(process, "b", 0)
		m := meter.New(locked.Share(bumper.NewSlabBuffer()))
		in := func(l *meter.Limit) context.Context { return scope.WithAllocator(t.Context(), m.Within(l)) }

		releaseA, releaseB := occupy(t, in(a), 300<<10), occupy(t, in(b), 500<<10)
		var mu sync.Mutex
		var order []string
		var wg sync.WaitGroup
		reserve := func(name string, l *meter.Limit, n int) {
			wg.Go(func() {
				err := scope.NoEscape(in(l), func(ctx context.Context) error {
					err := scope.Reserve(ctx, n)
					mu.Lock()
					order = append(order, name)
					mu.Unlock()
					return err
				})
				if err != nil {
					panic(err)
				}
			})
			synctest.Wait()
		}
		reserve("a large", a, 395<<10)  // waits for a
		reserve("a small", a, 10<<10)   // would fit, but is younger
		reserve("b at once", b, 50<<10) // fits
		reserve("b large", b, 1020<<10) // waits for the process
		reserve("b small", b, 10<<10)   // would fit, but is younger
		require.Equal(t, []string{"b at once"}, order)
		releaseA()
		synctest.Wait()
		require.Equal(t, []string{"b at once", "a large", "a small"}, order)
		releaseB()
		wg.Wait()
		require.Equal(t, []string{"b at once", "a large", "a small", "b large", "b small"}, order)
		require.Equal(t, []int{0, 0, 0}, used(process, a, b))
	})
}

// TestReserveQueueIsBounded: 1024 wait, the next one fails; all are served in the end.
func TestReserveQueueIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := meter.NewLimit(nil, "tenant", 1<<20)
		ctx := scope.WithAllocator(t.Context(), meter.New(locked.Share(bumper.NewSlabBuffer()), meter.Within(l)))
		release := occupy(t, ctx, 1<<20)
		reserve := func(ctx context.Context) error {
			return scope.NoEscape(ctx, func(ctx context.Context) error { return scope.Reserve(ctx, 100<<10) })
		}
		var wg sync.WaitGroup
		var served, cancelled atomic.Int64
		doomed, cancel := context.WithCancel(ctx)
		for i := range 1024 {
			wg.Go(func() {
				of := ctx
				if i%2 == 0 {
					of = doomed
				}
				switch err := reserve(of); {
				case err == nil:
					served.Add(1)
				case errors.Is(err, context.Canceled):
					cancelled.Add(1)
				default:
					panic(err)
				}
			})
		}
		synctest.Wait()
		err := reserve(ctx)
		require.ErrorContains(t, err, "too many wait already")
		require.ErrorIs(t, err, scope.ErrExhausted)
		require.Same(t, l, meter.RefusedBy(err))
		cancel()
		synctest.Wait()
		require.EqualValues(t, 512, cancelled.Load())
		release()
		wg.Wait()
		require.EqualValues(t, 512, served.Load())
		require.Equal(t, []int{0}, used(l))
	})
}

// TestReserveInABubble: what is freed elsewhere does not reach into a bubble of
// testing/synctest, which would end the process.
func TestReserveInABubble(t *testing.T) {
	done, stopped := make(chan bool), make(chan bool)
	go func() {
		defer close(stopped)
		elsewhere := scope.WithAllocator(t.Context(), meter.New(locked.Share(bumper.NewSlabBuffer()), within(1<<20)))
		for {
			select {
			case <-done:
				return
			default:
				_ = scope.NoEscape(elsewhere, func(ctx context.Context) error { scope.Make[byte](ctx, 1000); return nil })
			}
		}
	}()
	for range 20 {
		synctest.Test(t, func(t *testing.T) {
			ctx := scope.WithAllocator(t.Context(), meter.New(locked.Share(bumper.NewSlabBuffer()), within(1<<20)))
			release := occupy(t, ctx, 900_000)
			over := make(chan error)
			go func() {
				over <- scope.NoEscape(ctx, func(ctx context.Context) error { return scope.Reserve(ctx, 500_000) })
			}()
			time.Sleep(time.Second)
			release()
			require.NoError(t, <-over)
		})
	}
	close(done)
	<-stopped
}
