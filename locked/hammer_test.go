package locked_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/testenv"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
)

// rounds is how often each goroutine of a hammer strikes.
func rounds() int {
	if testing.Short() || testenv.Slow() {
		return 150
	}
	return 500
}

// fillAndCheck makes a slice, fills it with a value of its own, runs between and
// checks that nobody else wrote into it.
func fillAndCheck(ctx context.Context, rng *rand.Rand, between func(context.Context) error) error {
	s := scope.Make[uint64](ctx, 1+rng.IntN(2000))
	mark := rng.Uint64()
	for i := range s {
		if s[i] != 0 {
			return errors.New("memory of Make is not zero")
		}
		s[i] = mark
	}
	runtime.Gosched()
	err := between(ctx)
	for _, v := range s {
		if v != mark {
			return errors.New("somebody wrote into a live slice")
		}
	}
	return err
}

var (
	errOwn   = errors.New("own error")
	errPanic = errors.New("own panic")
)

// strike runs one scope that ends in a way chosen at random; all that comes out of
// it but a real fault is expected here.
func strike(ctx context.Context, rng *rand.Rand, depth int) (err error) {
	ending := rng.IntN(8)
	defer func() {
		if v := recover(); v != nil && v != errPanic {
			panic(v)
		}
	}()
	err = scope.NoEscape(ctx, func(ctx context.Context) error {
		return fillAndCheck(ctx, rng, func(ctx context.Context) error {
			if depth > 0 {
				if err := strike(ctx, rng, depth-1); err != nil {
					return err
				}
			}
			switch ending {
			case 0:
				return errOwn
			case 1:
				panic(errPanic)
			case 2:
				_ = scope.Make[uint64](ctx, math.MaxInt/16)
			}
			return nil
		})
	})
	if errors.Is(err, errOwn) || errors.Is(err, scope.ErrExhausted) {
		return nil
	}
	return err
}

// unlessExhausted returns err, or nil if it says that memory is exhausted: where the
// buffer has a bound that is in the nature of things.
func unlessExhausted(err error) error {
	if errors.Is(err, scope.ErrExhausted) {
		return nil
	}
	return err
}

// hammers are the ways of using a shared buffer from several goroutines.
var hammers = map[string]func(ctx context.Context, worker int) error{
	"regions": func(ctx context.Context, worker int) error {
		rng := rand.New(rand.NewPCG(uint64(worker), 1))
		for range rounds() {
			if err := strike(ctx, rng, rng.IntN(4)); err != nil {
				return err
			}
		}
		return nil
	},
	"one region, sub-goroutines": func(ctx context.Context, worker int) error {
		return scope.NoEscape(ctx, func(ctx context.Context) error {
			for round := range rounds() / 10 {
				if err := together(3, func(i int) error {
					rng := rand.New(rand.NewPCG(uint64(worker), uint64(round*10+i)))
					return unlessExhausted(scope.Try(func() error {
						return fillAndCheck(ctx, rng, func(ctx context.Context) error { return strike(ctx, rng, 2) })
					}))
				}); err != nil {
					return err
				}
			}
			return nil
		})
	},
	"groups in workers": func(ctx context.Context, worker int) error {
		for round := range rounds() / 10 {
			g := locked.NewGroup(ctx)
			for i := range 3 {
				g.Go(func(ctx context.Context) error {
					rng := rand.New(rand.NewPCG(uint64(worker*10+i), uint64(round)))
					return fillAndCheck(ctx, rng, func(ctx context.Context) error { return strike(ctx, rng, 2) })
				})
			}
			if err := unlessExhausted(g.Wait()); err != nil {
				return err
			}
		}
		return nil
	},
	"Goexit": func(ctx context.Context, worker int) error {
		for range rounds() / 10 {
			done := make(chan struct{})
			go func() {
				defer close(done)
				_ = scope.NoEscape(ctx, func(ctx context.Context) error {
					return scope.NoEscape(ctx, func(ctx context.Context) error {
						_ = scope.Make[byte](ctx, 1000)
						runtime.Goexit()
						return nil
					})
				})
			}()
			<-done
		}
		return nil
	},
}

// together runs f in n goroutines and returns their errors.
func together(n int, f func(i int) error) error {
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { errs[i] = f(i) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

func TestHammer(t *testing.T) {
	kinds := map[string]func() bumper.Buffer{
		"alloc":       func() bumper.Buffer { return bumper.NewAllocBuffer(2 << 20) }, // is exhausted now and then
		"slab":        func() bumper.Buffer { return bumper.NewSlabBuffer() },
		"autoscaling": func() bumper.Buffer { return bumper.NewAutoscalingBuffer() },
		"isolating":   func() bumper.Buffer { return bumper.NewSlabBuffer(bumper.Isolating()) },
	}
	for kind, new := range kinds {
		for how, hammer := range hammers {
			t.Run(kind+"/"+how, func(t *testing.T) {
				shared := locked.Share(new())
				ctx := scope.WithAllocator(context.Background(), shared)
				require.NoError(t, together(8, func(i int) error { return hammer(ctx, i) }))
				requireCalm(t, shared)
			})
		}
	}
}

// requireCalm checks that all regions have ended and the buffer can be used again.
func requireCalm(t *testing.T, shared *locked.Buffer) {
	t.Helper()
	s := shared.Stats()
	require.Zero(t, s.Open)
	require.Zero(t, s.Late)
	require.Positive(t, s.Regions)
	require.NoError(t, shared.Reset())
	require.Zero(t, shared.Stats().Used)
}

// TestAllHammers runs all of them on one buffer at the same time.
func TestAllHammers(t *testing.T) {
	shared := locked.Share(bumper.NewSlabBuffer())
	ctx := scope.WithAllocator(context.Background(), shared)
	var wg sync.WaitGroup
	for how, hammer := range hammers {
		for i := range 2 {
			wg.Go(func() {
				if err := hammer(ctx, i); err != nil {
					t.Errorf("%s: %v", how, err)
				}
			})
		}
	}
	wg.Go(func() {
		for range 100 {
			if err := shared.Reset(); err != nil && !errors.Is(err, bumper.ErrHeld) {
				t.Errorf("Reset: %v", err)
			}
			_ = shared.Stats()
			_, _ = shared.Alloc(100, 8)
			runtime.Gosched()
		}
	})
	wg.Wait()
	requireCalm(t, shared)
}

// TestSteadySize: goroutines that open and close regions for ever do not make the
// buffer grow.
func TestSteadySize(t *testing.T) {
	for kind, new := range map[string]func() bumper.Buffer{
		"alloc":       func() bumper.Buffer { return bumper.NewAllocBuffer(2 << 20) },
		"slab":        func() bumper.Buffer { return bumper.NewSlabBuffer() },
		"slab/small":  func() bumper.Buffer { return bumper.NewSlabBuffer(bumper.SlabSize(4096)) },
		"autoscaling": func() bumper.Buffer { return bumper.NewAutoscalingBuffer(bumper.Initial(1000)) },
	} {
		t.Run(kind, func(t *testing.T) {
			shared := locked.Share(new())
			ctx := scope.WithAllocator(context.Background(), shared)
			loop := func(n int) {
				require.NoError(t, together(8, func(i int) error {
					for round := range n {
						err := scope.NoEscape(ctx, func(ctx context.Context) error {
							_ = scope.Make[byte](ctx, 100+(round*37+i*101)%3000)
							return scope.NoEscape(ctx, func(ctx context.Context) error {
								_ = scope.Make[byte](ctx, 2000)
								return nil
							})
						})
						if err != nil {
							return err
						}
					}
					return nil
				}))
			}
			loop(2 * rounds())
			after := shared.Stats()
			// 8 goroutines hold 16 regions at most, and each region one chunk.
			require.LessOrEqual(t, after.Peak, 16)
			require.LessOrEqual(t, after.Used, 16*64<<10, "%v", after)
			require.EqualValues(t, 16*2*rounds(), after.Regions)
			requireCalm(t, shared)
		})
	}
}
