package locked_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/testenv"
	"github.com/allocarrays/allocarrays-go/internal/trial"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/meter"
	"github.com/allocarrays/allocarrays-go/scope"
)

// TestWindowHammer: while goroutines run scopes in which they write and check, others allocate
// with contexts whose scopes have ended or end at that moment, in regions that strangers use
// by now. Who is late gets memory of the heap, and nobody's memory is written to.
func TestWindowHammer(t *testing.T) {
	storage := make([]byte, 4<<20)
	shared := locked.Share(bumper.NewAllocBufferOn(storage))
	ctx := scope.WithAllocator(context.Background(), shared)
	const strikers, lates, rounds = 3, 3, 1500
	var kept [8]atomic.Pointer[context.Context]
	for i := range kept {
		old := keepContext(t, ctx)
		kept[i].Store(&old)
	}
	stop := make(chan struct{})
	var workers, late sync.WaitGroup
	for g := range strikers {
		workers.Go(func() {
			rng := rand.New(rand.NewPCG(1, uint64(g)))
			for range rounds {
				err := scope.NoEscape(ctx, func(ctx context.Context) error {
					kept[rng.IntN(len(kept))].Store(&ctx)
					return fillAndCheck(ctx, rng, func(ctx context.Context) error {
						return fillAndCheck(ctx, rng, func(context.Context) error { return nil })
					})
				})
				if err != nil && !errors.Is(err, scope.ErrExhausted) { // who is late may take much while the scope is open
					t.Error(err)
					return
				}
			}
		})
	}
	over := keepContext(t, ctx)
	for g := range lates {
		late.Go(func() {
			rng := rand.New(rand.NewPCG(2, uint64(g)))
			for {
				select {
				case <-stop:
					return
				default:
				}
				_, _, _ = scope.Alloc[float64](*kept[rng.IntN(len(kept))].Load(), 1+rng.IntN(20))
				s, stamp, err := scope.Alloc[float64](over, 8)
				if err != nil || stamp.Scoped() {
					t.Error("a late allocation is of a scope, or failed:", err, stamp)
					return
				}
				for i := range s {
					s[i] = -1
				}
			}
		})
	}
	workers.Wait()
	close(stop)
	late.Wait()
	require.Zero(t, shared.Stats().Open)
	require.NotZero(t, shared.Stats().Late)
	require.NoError(t, shared.Reset())
}

// TestWindowShared: goroutines that share the context of a region get blocks that do not
// overlap, whether they call the allocator or not, across spans and windows.
func TestWindowShared(t *testing.T) {
	ctx := locked.WithLockedBumper(context.Background(), bumper.NewSlabBuffer())
	require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
		const goroutines, each = 4, 2000
		var all sync.WaitGroup
		for g := range goroutines {
			all.Go(func() {
				rng := rand.New(rand.NewPCG(3, uint64(g)))
				mark := uint64(g + 1)
				var mine [][]uint64
				for range each {
					var s []uint64
					if n := 1 + rng.IntN(40); rng.IntN(8) > 0 {
						s = scope.Make[uint64](ctx, n)
					} else {
						s = scope.NewBuilder[uint64](ctx, n).View()[:0]
					}
					for i := range s {
						s[i] = mark
					}
					mine = append(mine, s)
				}
				for _, s := range mine {
					for _, v := range s {
						if v != mark {
							t.Errorf("%d in a block of goroutine %d", v, mark)
							return
						}
					}
				}
			})
		}
		all.Wait()
		return nil
	}))
}

// TestWindowsKeepLimits: what a window hands out is charged already, and a block more than a
// limit allows is refused, though a window is open.
func TestWindowsKeepLimits(t *testing.T) {
	const limit = 64 << 10
	shared := locked.Share(bumper.NewSlabBuffer())
	ctx := scope.WithAllocator(context.Background(), meter.New(shared, meter.Within(meter.NewLimit(nil, "test", limit))))
	err := scope.NoEscape(ctx, func(ctx context.Context) error {
		total := 0
		for {
			if _, _, err := scope.Alloc[float64](ctx, 8); err != nil {
				require.ErrorIs(t, err, scope.ErrExhausted)
				require.LessOrEqual(t, total, limit)
				require.Greater(t, total, limit/2)
				return err
			}
			total += 64
		}
	})
	require.ErrorIs(t, err, scope.ErrExhausted)
}

// TestWindowOfOpen: the context of a Scope allocates in the region as long as it is open.
func TestWindowOfOpen(t *testing.T) {
	storage := make([]byte, 1<<20)
	ctx := locked.WithLockedBumper(context.Background(), bumper.NewAllocBufferOn(storage))
	inner, s := scope.Open(ctx)
	for range 3 {
		mem, stamp, err := scope.Alloc[byte](inner, 100)
		require.NoError(t, err)
		require.True(t, stamp.Live())
		require.True(t, testenv.Guarded() || trial.Inside(mem, storage)) // guard mode moves blocks
	}
	require.NoError(t, s.End())
	mem, stamp, err := scope.Alloc[byte](inner, 100)
	require.NoError(t, err)
	require.False(t, stamp.Scoped())
	require.False(t, trial.Inside(mem, storage))
	require.EqualValues(t, 1, s.Late())
}
