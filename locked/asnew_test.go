package locked_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
)

// request runs a region of blocks of the sizes given.
func request(ctx context.Context, sizes ...int) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		for _, size := range sizes {
			if _, err := scope.AllocatorFrom(ctx).Alloc(uintptr(size), 8); err != nil {
				return err
			}
		}
		return nil
	})
}

// burst runs n regions that are open at the same time, and returns how many were
// refused.
func burst(ctx context.Context, n int, sizes ...int) (refused int) {
	var opened, all sync.WaitGroup
	var mu sync.Mutex
	opened.Add(n)
	for range n {
		all.Go(func() {
			_ = scope.NoEscape(ctx, func(ctx context.Context) error {
				err := scope.Try(func() error {
					for _, size := range sizes {
						_ = scope.Make[byte](ctx, size)
					}
					return nil
				})
				if err != nil {
					mu.Lock()
					refused++
					mu.Unlock()
				}
				opened.Done()
				opened.Wait()
				return nil
			})
		})
	}
	all.Wait()
	return refused
}

// TestNoWedge: two histories that left a buffer with a limit of 64 MiB refusing half a
// megabyte, with nothing in use.
func TestNoWedge(t *testing.T) {
	for name, buf := range limited(64 << 20) {
		t.Run("large then small/"+name, func(t *testing.T) {
			ctx := locked.WithLockedBumper(t.Context(), buf)
			require.Zero(t, burst(ctx, 2, 30<<20))
			for range 3 {
				require.Zero(t, burst(ctx, 64, 8<<10))
			}
			require.Zero(t, burst(ctx, 2, 30<<20))
		})
	}
	for name, buf := range limited(67 << 20) {
		t.Run("small then large/"+name, func(t *testing.T) {
			ctx := locked.WithLockedBumper(t.Context(), buf)
			require.Zero(t, burst(ctx, 64, 8<<10, 900<<10))
			require.Zero(t, burst(ctx, 1, 2<<20))
			require.Zero(t, burst(ctx, 1, 66<<20))
		})
	}
}

// limited returns a buffer of each kind that may hold n bytes.
func limited(n int) map[string]bumper.Buffer {
	return map[string]bumper.Buffer{
		"alloc":       bumper.NewAllocBuffer(n),
		"slab":        bumper.NewSlabBuffer(bumper.Limit(n)),
		"autoscaling": bumper.NewAutoscalingBuffer(bumper.Limit(n)),
		"third party": newPage(n),
	}
}

// TestAsGoodAsNew: after any history, when no region is open, a buffer serves what a
// fresh one serves: one block of all that the limit allows, for example.
func TestAsGoodAsNew(t *testing.T) {
	const limit = 4 << 20
	for seed := range uint64(20) {
		for name, buf := range limited(limit) {
			rng := rand.New(rand.NewPCG(seed, 9))
			shared := locked.Share(buf)
			ctx := scope.WithAllocator(t.Context(), shared)
			for range 5 {
				sizes := make([]int, 1+rng.IntN(20))
				for i := range sizes {
					sizes[i] = 1 << rng.IntN(21)
				}
				_ = burst(ctx, 1+rng.IntN(4), sizes...)
			}
			require.NoError(t, request(ctx, limit), "%s, seed %d: %v", name, seed, shared)
		}
	}
}

// TestRefusalIsProved: whatever is refused is larger than the largest idle range that the
// error names, and what the error says is available can be had.
func TestRefusalIsProved(t *testing.T) {
	for name, buf := range limited(1 << 20) {
		t.Run(name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(7, 7))
			shared := locked.Share(buf)
			ctx := scope.WithAllocator(t.Context(), shared)
			refusals := 0
			for range 300 {
				var hold sync.WaitGroup
				done := make(chan struct{})
				for range 1 + rng.IntN(6) {
					size := 1 << rng.IntN(19)
					opened := make(chan struct{})
					hold.Go(func() {
						_ = scope.NoEscape(ctx, func(ctx context.Context) error {
							_, _ = scope.AllocatorFrom(ctx).Alloc(uintptr(size), 8)
							close(opened)
							<-done
							return nil
						})
					})
					<-opened
				}
				err := request(ctx, 64*(1+rng.IntN(1<<14)))
				if err != nil {
					refusals++
					var e *scope.ExhaustedError
					require.ErrorAs(t, err, &e)
					require.Less(t, e.Available, e.Requested, "%v: %v", err, shared)
					require.Contains(t, err.Error(), fmt.Sprintf("%T", buf)[1:])
					require.NoError(t, request(ctx, int(e.Available)), "%v: %v", err, shared)
				}
				close(done)
				hold.Wait()
			}
			require.Positive(t, refusals)
		})
	}
}

// TestOverhead: what a region holds is bounded by what it has used.
func TestOverhead(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	for round := range 200 {
		shared := locked.Share(bumper.NewSlabBuffer())
		ctx := scope.WithAllocator(t.Context(), shared)
		n := 0
		_ = scope.NoEscape(ctx, func(ctx context.Context) error {
			for range 1 + rng.IntN(200) {
				size := 1 << rng.IntN(1+round%17)
				size = (size + rng.IntN(size) + 63) &^ 63
				_ = scope.Make[byte](ctx, size)
				n += size
				require.LessOrEqual(t, shared.Stats().Used, max(4<<10, n+n/2+4<<10))
			}
			return nil
		})
		require.LessOrEqual(t, shared.Stats().PeakRegion, max(4<<10, n+n/2+4<<10))
	}
	for _, sizes := range [][]int{{1_100_000}, make([]int, 1100)} {
		if len(sizes) > 1 {
			for i := range sizes {
				sizes[i] = 1000
			}
		}
		shared := locked.Share(bumper.NewSlabBuffer())
		require.NoError(t, request(scope.WithAllocator(t.Context(), shared), sizes...))
		require.LessOrEqual(t, shared.Stats().PeakRegion, 1_200_000)
	}
	shared := locked.Share(bumper.NewSlabBuffer())
	require.NoError(t, request(scope.WithAllocator(t.Context(), shared), 8))
	require.LessOrEqual(t, shared.Stats().PeakRegion, 4<<10)
}

// TestLentPiecesMerge: blocks outside every region find what a fresh third party's buffer
// has, after regions that have left it in pieces.
func TestLentPiecesMerge(t *testing.T) {
	shared := locked.Share(newPage(4 << 20))
	require.Zero(t, burst(scope.WithAllocator(t.Context(), shared), 3, 900<<10))
	_, err := shared.Alloc(4<<20, 64)
	require.NoError(t, err)
	require.NoError(t, shared.Reset())
	require.Zero(t, burst(scope.WithAllocator(t.Context(), shared), 3, 900<<10))
	require.NoError(t, request(scope.WithAllocator(t.Context(), shared), 4<<20))
}

// TestStatsOfIsolating: what regions of an isolating buffer hold is counted, and found free.
func TestStatsOfIsolating(t *testing.T) {
	shared := locked.Share(bumper.NewSlabBuffer(bumper.Isolating()))
	require.NoError(t, request(scope.WithAllocator(t.Context(), shared), 3<<20))
	s := shared.Stats()
	require.GreaterOrEqual(t, s.Capacity, 3<<20)
	require.GreaterOrEqual(t, s.HighWater, 3<<20)
	require.GreaterOrEqual(t, s.PeakRegion, 3<<20)
}
