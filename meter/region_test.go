package meter_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/testenv"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/meter"
	"github.com/allocarrays/allocarrays-go/scope"
)

func errorsAs[T error](err error, target *T) bool { return errors.As(err, target) }

// metered are allocators within a limit: where it is charged differs.
var metered = map[string]func(l *meter.Limit) scope.Allocator{
	"locked": func(l *meter.Limit) scope.Allocator {
		return meter.New(locked.Share(bumper.NewSlabBuffer()), meter.Within(l))
	},
	"isolating": func(l *meter.Limit) scope.Allocator {
		return meter.New(locked.Share(bumper.NewSlabBuffer(bumper.Isolating())), meter.Within(l))
	},
	"traced": func(l *meter.Limit) scope.Allocator {
		return meter.New(locked.Share(bumper.NewSlabBuffer()), meter.Within(l), meter.Zero(), meter.Log(quietly, 1, 1))
	},
	"between": func(l *meter.Limit) scope.Allocator {
		return meter.New(other{locked.Share(bumper.NewSlabBuffer())}, meter.Within(l))
	},
	"behind": func(l *meter.Limit) scope.Allocator {
		return other{meter.New(locked.Share(bumper.NewSlabBuffer()), meter.Within(l))}
	},
	"twice": func(l *meter.Limit) scope.Allocator {
		return meter.New(meter.New(locked.Share(bumper.NewSlabBuffer()), meter.Within(l)), meter.Within(meter.NewLimit(l, "inner", 0)))
	},
	"heap":     func(l *meter.Limit) scope.Allocator { return meter.New(scope.Heap(), meter.Within(l)) },
	"unlocked": func(l *meter.Limit) scope.Allocator { return meter.New(bumper.NewSlabBuffer(), meter.Within(l)) },
}

// other is a third party's wrapper.
type other struct{ scope.Allocator }

func (o other) Unwrap() scope.Allocator                  { return o.Allocator }
func (o other) Rewrap(a scope.Allocator) scope.Allocator { return other{a} }

// TestScopesDischargeAll: however a scope ends, nothing of it stays charged.
func TestScopesDischargeAll(t *testing.T) {
	ends := map[string]func(ctx context.Context) error{
		"return": func(context.Context) error { return nil },
		"error":  func(context.Context) error { return errors.New("e") },
		"panic":  func(context.Context) error { panic("p") },
		"exit":   func(context.Context) error { runtime.Goexit(); return nil },
		"refused": func(ctx context.Context) error {
			scope.Make[byte](ctx, 10<<20)
			return nil
		},
	}
	for kind, allocator := range metered {
		for how, end := range ends {
			t.Run(kind+"/"+how, func(t *testing.T) {
				p, tenant, r := tree(8<<20, 4<<20, 0)
				ctx := scope.WithAllocator(t.Context(), allocator(r))
				done := make(chan bool)
				go func() {
					defer close(done)
					defer func() { _ = recover() }()
					_ = scope.NoEscape(ctx, func(ctx context.Context) error {
						scope.Make[byte](ctx, 100_000)
						_ = scope.NoEscape(ctx, func(ctx context.Context) error {
							scope.Make[byte](ctx, 300_000)
							return nil
						})
						require.GreaterOrEqual(t, used(p)[0], 100_000)
						if kind != "isolating" {
							require.Less(t, used(p)[0], 200_000, "the inner scope has ended")
						}
						return scope.NoEscape(ctx, func(ctx context.Context) error {
							scope.Make[byte](ctx, 500_000)
							require.GreaterOrEqual(t, used(p)[0], 600_000)
							return end(ctx)
						})
					})
				}()
				<-done
				require.Equal(t, []int{0, 0, 0}, used(p, tenant, r))
			})
		}
	}
}

// TestRefusalNamesTheLimit, and its numbers; the scope goes on.
func TestRefusalNamesTheLimit(t *testing.T) {
	for kind, allocator := range metered {
		t.Run(kind, func(t *testing.T) {
			p, tenant, r := tree(8<<20, 4<<20, 1<<20)
			ctx := scope.WithAllocator(t.Context(), allocator(r))
			require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
				_, _, err := scope.Alloc[byte](ctx, 1_000_000)
				require.NoError(t, err)
				_, _, err = scope.Alloc[byte](ctx, 100_000)
				require.ErrorIs(t, err, scope.ErrExhausted)
				var e *scope.ExhaustedError
				require.ErrorAs(t, err, &e)
				require.EqualValues(t, 100_000, e.Requested)
				require.Less(t, e.Available, e.Requested, "the proof")
				require.EqualValues(t, 1<<20, e.Limit)
				require.Contains(t, err.Error(), `limit "request" has 10`)
				require.Same(t, r, meter.RefusedBy(err))
				_, _, err = scope.Alloc[byte](ctx, 10_000)
				return err
			}))

			release := hold(t, tenant, 3_900_000)
			err := scope.NoEscape(ctx, func(ctx context.Context) error { scope.Make[byte](ctx, 500_000); return nil })
			require.Same(t, tenant, meter.RefusedBy(err))
			release()
			release = hold(t, p, 8_000_000)
			err = scope.NoEscape(ctx, func(ctx context.Context) error { scope.Make[byte](ctx, 500_000); return nil })
			require.Same(t, p, meter.RefusedBy(err))
			release()
			require.Equal(t, []int{0, 0, 0}, used(p, tenant, r))
		})
	}
}

// TestLimitIsUsedUp: growing a region does not waste what the limit has left: blocks of a
// multiple of 64 bytes fill all of it, or nearly if some are of spans of their own.
func TestLimitIsUsedUp(t *testing.T) {
	for _, opts := range [][]bumper.SlabOption{{bumper.SlabSize(4 << 20)}, {bumper.SlabSize(4 << 20), bumper.Isolating()}} {
		l := meter.NewLimit(nil, "request", 1<<20)
		ctx := scope.WithAllocator(t.Context(), meter.New(locked.Share(bumper.NewSlabBuffer(opts...)), meter.Within(l)))
		for range 10 { // isolating, each scope continues behind the last
			require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
				for range 1 << 20 / 4096 {
					scope.Make[byte](ctx, 4096)
				}
				require.Equal(t, []int{1 << 20}, used(l))
				_, _, err := scope.Alloc[byte](ctx, 1)
				require.Same(t, l, meter.RefusedBy(err))
				return nil
			}))
		}
	}
}

// TestChargeIsBounded: what a region is charged follows what it uses.
func TestChargeIsBounded(t *testing.T) {
	for _, size := range []int{1, 64, 1000, 4096, 70_000, 300_000} {
		for _, opts := range [][]bumper.SlabOption{nil, {bumper.Isolating()}} {
			l := meter.NewLimit(nil, "request", 64<<20)
			ctx := scope.WithAllocator(t.Context(), meter.New(locked.Share(bumper.NewSlabBuffer(opts...)), meter.Within(l)))
			require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
				for n := 0; n < 1<<20; {
					scope.Make[byte](ctx, size)
					if n += size; size >= 64 {
						n = (n + 63) &^ 63
					}
					require.LessOrEqual(t, used(l)[0], n+n/2+4<<10+min(n, 64<<10), "%d × %d", n/size, size)
					require.GreaterOrEqual(t, used(l)[0], n)
					if size == 1 && n == 5000 {
						break
					}
				}
				return nil
			}))
			require.Equal(t, []int{0}, used(l))
		}
	}
}

// TestKeptMemoryIsNotCharged: what a worker's region keeps for its next scope is the
// buffer's; opening that scope charges it again, or does without.
func TestKeptMemoryIsNotCharged(t *testing.T) {
	l := meter.NewLimit(nil, "tenant", 1<<20)
	shared := locked.Share(bumper.NewSlabBuffer())
	ctx := scope.WithAllocator(t.Context(), meter.New(shared, meter.Within(l)))
	fill := func(n int) func(context.Context) error {
		return func(ctx context.Context) error {
			if err := scope.NoEscape(ctx, func(context.Context) error { return nil }); err != nil {
				return err
			}
			_, _, err := scope.Alloc[byte](ctx, n)
			return err
		}
	}
	require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
		require.NoError(t, scope.NoEscape(ctx, fill(900_000)))
		require.GreaterOrEqual(t, shared.Stats().Used, 900_000, "the region keeps it")
		require.Equal(t, []int{0}, used(l))

		release := hold(t, l, 900_000)
		require.NoError(t, scope.NoEscape(ctx, fill(100_000)), "a scope that does without what was kept")
		require.Error(t, scope.NoEscape(ctx, fill(500_000)))
		release()
		require.NoError(t, scope.NoEscape(ctx, fill(900_000)))
		return nil
	}))
	require.Equal(t, []int{0}, used(l))
	require.Zero(t, shared.Stats().Used)
}

// TestLimitsNest: a limit inside a scope adds to the one around, and is not charged twice.
func TestLimitsNest(t *testing.T) {
	p, tenant, r := tree(8<<20, 4<<20, 0)
	elsewhere := meter.NewLimit(nil, "elsewhere", 2<<20)
	shared := meter.New(locked.Share(bumper.NewSlabBuffer()), meter.Within(tenant))
	require.NoError(t, scope.NoEscape(scope.WithAllocator(t.Context(), shared), func(ctx context.Context) error {
		scope.Make[byte](ctx, 100_000)
		around := used(tenant)[0]
		for _, l := range []*meter.Limit{r, elsewhere} {
			inner := scope.WithAllocator(ctx, meter.New(scope.AllocatorFrom(ctx), meter.Within(l)))
			require.NoError(t, scope.NoEscape(inner, func(ctx context.Context) error {
				scope.Make[byte](ctx, 1_000_000)
				require.InDelta(t, 1_040_000, used(l)[0], 40_000)
				require.Equal(t, around+used(l)[0], used(tenant)[0])
				require.Equal(t, used(tenant), used(p))
				return nil
			}))
			require.Equal(t, []int{0, around}, used(l, tenant))
		}
		inner := scope.WithAllocator(ctx, meter.New(scope.AllocatorFrom(ctx), meter.Within(elsewhere)))
		err := scope.NoEscape(inner, func(ctx context.Context) error { scope.Make[byte](ctx, 3<<20); return nil })
		require.Same(t, elsewhere, meter.RefusedBy(err))
		err = scope.NoEscape(inner, func(ctx context.Context) error { scope.Make[byte](ctx, 5<<20); return nil })
		require.Error(t, err)
		return nil
	}))
	require.Equal(t, []int{0, 0, 0, 0}, used(p, tenant, r, elsewhere))
}

// TestWithin: for each request a limit of its own, of one instrument.
func TestWithin(t *testing.T) {
	_, tenant, r := tree(8<<20, 4<<20, 1<<20)
	m := meter.New(locked.Share(bumper.NewSlabBuffer()), meter.Within(tenant))
	require.ErrorIs(t, scope.NoEscape(scope.WithAllocator(t.Context(), m.Within(r)), func(ctx context.Context) error {
		scope.Make[byte](ctx, 2<<20)
		return nil
	}), scope.ErrExhausted)
	require.EqualValues(t, 1, m.Stats().Refused)
	require.PanicsWithValue(t, `meter: Within limit "stranger", which is not below "tenant"`, func() {
		m.Within(meter.NewLimit(nil, "stranger", 0))
	})
	require.PanicsWithValue(t, "meter: Within a nil Limit", func() { meter.Within(nil) })
	require.PanicsWithValue(t, "meter: New around a nil Allocator", func() { meter.New(nil) })
}

// TestOutsideScopes: what is allocated outside every scope stays charged until the buffer
// is reset.
func TestOutsideScopes(t *testing.T) {
	for kind, buf := range map[string]bumper.Buffer{"slab": bumper.NewSlabBuffer(), "alloc": bumper.NewAllocBuffer(1 << 20)} {
		for _, shared := range []bool{false, true} {
			l := meter.NewLimit(nil, "tenant", 1000)
			var a scope.Allocator = buf
			reset := buf.Reset
			if shared {
				s := locked.Share(buf)
				a, reset = s, s.Reset
			}
			m := meter.New(a, meter.Within(l))
			_, err := m.Alloc(900, 8)
			require.NoError(t, err, kind)
			_, err = m.Alloc(101, 8)
			require.Same(t, l, meter.RefusedBy(err))
			require.NoError(t, reset())
			_, err = m.Alloc(1000, 8)
			require.NoError(t, err)
			require.NoError(t, reset())
			require.Zero(t, m.Stats().Limit.Used)
		}
	}
}

// TestLateIsNotCharged: what a goroutine allocates after the end of its scope comes from
// the heap and is nobody's.
func TestLateIsNotCharged(t *testing.T) {
	for kind, allocator := range metered {
		if kind == "unlocked" {
			continue // a goroutine of its own has no business there
		}
		l := meter.NewLimit(nil, "tenant", 1<<20)
		var kept context.Context
		require.NoError(t, scope.NoEscape(scope.WithAllocator(t.Context(), allocator(l)), func(ctx context.Context) error {
			kept = ctx
			scope.Make[byte](ctx, 1000)
			return nil
		}))
		s, stamp, err := scope.Alloc[byte](kept, 2<<20)
		require.NoError(t, err, kind)
		require.Len(t, s, 2<<20)
		require.False(t, stamp.Scoped())
		require.Equal(t, []int{0}, used(l), kind)
	}
}

// TestRacingEnds: goroutines allocate while their scope ends. Nothing stays charged.
func TestRacingEnds(t *testing.T) {
	for _, kind := range []string{"locked", "isolating", "traced", "between", "heap", "twice"} {
		t.Run(kind, func(t *testing.T) {
			l := meter.NewLimit(nil, "tenant", 8<<20)
			ctx := scope.WithAllocator(t.Context(), metered[kind](l))
			var wg sync.WaitGroup
			for range 100 {
				_ = scope.NoEscape(ctx, func(ctx context.Context) error {
					for range 3 {
						wg.Go(func() {
							for range 30 {
								_, _, _ = scope.Alloc[byte](ctx, 5000)
							}
						})
					}
					runtime.Gosched()
					return nil
				})
			}
			wg.Wait()
			require.Equal(t, []int{0}, used(l))
		})
	}
}

// TestObjects: a limit costs no object for each scope, nor for each allocation.
func TestObjects(t *testing.T) {
	testenv.NeedAllocationCounts(t)
	_, _, r := tree(8<<20, 8<<20, 0)
	shared := locked.Share(bumper.NewSlabBuffer())
	count := func(a scope.Allocator) (scopes, nested float64) {
		ctx := scope.WithAllocator(t.Context(), a)
		leaf := func(ctx context.Context) error { scope.Make[byte](ctx, 1000); return nil }
		run := func() { _ = scope.NoEscape(ctx, leaf) }
		run()
		scopes = testing.AllocsPerRun(100, run)
		_ = scope.NoEscape(ctx, func(ctx context.Context) error {
			run := func() { _ = scope.NoEscape(ctx, leaf) }
			run()
			nested = testing.AllocsPerRun(100, run)
			return nil
		})
		return scopes, nested
	}
	scopes, nested := count(shared)
	require.Equal(t, []float64{1, 0}, []float64{scopes, nested})
	scopes, nested = count(meter.New(shared, meter.Within(r), meter.OnExhausted(func(meter.Request) bool { return false }), meter.Fallback()))
	require.Equal(t, []float64{1, 0}, []float64{scopes, nested})
	scopes, nested = count(meter.New(shared, meter.Within(r), meter.Log(quietly, time.Hour, 1<<30)))
	require.Equal(t, []float64{2, 0}, []float64{scopes, nested}, "Log: one for each outermost scope")
}

// TestBufferThatIsNotClosed: a buffer on the Go heap need not be closed; what it held is
// discharged when it is collected.
func TestBufferThatIsNotClosed(t *testing.T) {
	l := meter.NewLimit(nil, "process", 64<<20)
	func() {
		buf := bumper.NewSlabBuffer(bumper.From(meter.Source(l, bumper.GoHeap())))
		_, err := buf.Alloc(1000, 8)
		require.NoError(t, err)
		require.Equal(t, []int{bumper.DefaultSlabSize}, used(l))
	}()
	require.Eventually(t, func() bool { runtime.GC(); return used(l)[0] == 0 }, 10*time.Second, 10*time.Millisecond)
}

// TestSourceOfASharedBuffer: the buffer itself is charged for all it holds.
func TestSourceOfASharedBuffer(t *testing.T) {
	l := meter.NewLimit(nil, "process", 2<<20)
	shared := locked.Share(bumper.NewSlabBuffer(bumper.From(meter.Source(l, bumper.GoHeap()))))
	ctx := scope.WithAllocator(t.Context(), shared)
	require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error { scope.Make[byte](ctx, 1_500_000); return nil }))
	require.Equal(t, []int{shared.Stats().Capacity}, used(l), "idle, and the buffer's")
	err := scope.NoEscape(ctx, func(ctx context.Context) error { scope.Make[byte](ctx, 3<<20); return nil })
	require.Same(t, l, meter.RefusedBy(err))
	require.NoError(t, shared.Close())
	require.Equal(t, []int{0}, used(l))
}

// TestIdleGoesBackForALimit: what a buffer keeps idle is not in the way of a block that the
// limit of its source has room for.
func TestIdleGoesBackForALimit(t *testing.T) {
	for kind, new := range map[string]func(bumper.Source) scope.Allocator{
		"slab":        func(s bumper.Source) scope.Allocator { return bumper.NewSlabBuffer(bumper.From(s)) },
		"autoscaling": func(s bumper.Source) scope.Allocator { return bumper.NewAutoscalingBuffer(bumper.From(s)) },
		"locked":      func(s bumper.Source) scope.Allocator { return locked.Share(bumper.NewSlabBuffer(bumper.From(s))) },
	} {
		ctx := scope.WithAllocator(t.Context(), new(meter.Source(meter.NewLimit(nil, "process", 8<<20), bumper.GoHeap())))
		for _, size := range []int{1 << 10, 1 << 20, 5 << 20, 8 << 20, 1 << 10} {
			require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
				_, _, err := scope.Alloc[byte](ctx, size)
				return err
			}), kind)
		}
	}
}

// TestArrays: arrays know nothing of all this.
func TestArrays(t *testing.T) {
	_, _, r := tree(8<<20, 4<<20, 100_000)
	ctx := scope.WithAllocator(t.Context(), meter.New(locked.Share(bumper.NewSlabBuffer()), meter.Within(r)))
	err := scope.NoEscape(ctx, func(ctx context.Context) error {
		allocarray.New[float64](ctx, 100, 1000)
		return nil
	})
	require.Same(t, r, meter.RefusedBy(err))
}

// TestOddPieces: storage whose length is no multiple of 64 has spans that are none. A
// region that was charged more than it holds of one goes on in multiples of 64 all the same,
// and no other finds memory that begins elsewhere.
func TestOddPieces(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	l := meter.NewLimit(nil, "tenant", 5<<20)
	shared := locked.Share(bumper.NewSlabBuffer(bumper.SlabSize(100_001), bumper.Limit(3<<20)))
	ctx := scope.WithAllocator(t.Context(), meter.New(shared, meter.Within(l)))
	var nest func(depth int) func(context.Context) error
	nest = func(depth int) func(context.Context) error {
		return func(in context.Context) error {
			for range 1 + rng.IntN(12) {
				if done, cancel := context.WithCancel(in); rng.IntN(8) == 0 {
					cancel() // so that it does not wait
					_ = scope.Reserve(done, rng.IntN(64<<rng.IntN(13)))
				} else {
					cancel()
				}
				size := rng.IntN(16 << rng.IntN(13))
				if rng.IntN(20) == 0 {
					size = rng.IntN(1 << 20)
				}
				if _, _, err := scope.Alloc[byte](in, size); err != nil && rng.IntN(2) == 0 {
					return nil
				}
				if depth > 0 && rng.IntN(4) == 0 {
					if err := scope.NoEscape(ctx, nest(depth-1)); err != nil {
						return err
					}
				}
			}
			return nil
		}
	}
	for range 3000 {
		require.NoError(t, scope.NoEscape(ctx, nest(4)))
	}
	require.Equal(t, []int{0}, used(l))
	require.Zero(t, shared.Stats().Used)
}
