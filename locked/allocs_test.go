package locked_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/testenv"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
)

// TestOneShotRegion: a private region of one's own costs its context, one object of
// at most 64 bytes, and nothing else.
func TestOneShotRegion(t *testing.T) {
	testenv.NeedAllocationCounts(t)
	ctx := locked.WithLockedBumper(context.Background(), bumper.NewSlabBuffer())
	r := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for range b.N {
			_ = scope.NoEscape(ctx, func(ctx context.Context) error { _ = scope.Make[byte](ctx, 1000); return nil })
		}
	})
	require.EqualValues(t, 1, r.AllocsPerOp())
	require.LessOrEqual(t, r.AllocedBytesPerOp(), int64(64))
}

// TestWorker: scopes within a worker cost nothing on the Go heap, however deep.
func TestWorker(t *testing.T) {
	testenv.NeedAllocationCounts(t)
	for kind, new := range buffers {
		t.Run(kind, func(t *testing.T) {
			g := locked.NewGroup(locked.WithLockedBumper(context.Background(), new()))
			var allocs float64
			g.Go(func(ctx context.Context) error {
				leaf := func(ctx context.Context) error { _ = scope.Make[float64](ctx, 128); return nil }
				middle := func(ctx context.Context) error {
					_ = scope.Make[float64](ctx, 128)
					return scope.NoEscape(ctx, leaf)
				}
				run := func() {
					if err := scope.NoEscape(ctx, middle); err != nil {
						panic(err)
					}
				}
				run()
				allocs = testing.AllocsPerRun(1000, run)
				return nil
			})
			require.NoError(t, g.Wait())
			require.Zero(t, allocs)
		})
	}
}

func TestSharedAlloc(t *testing.T) {
	testenv.NeedAllocationCounts(t)
	shared := locked.Share(bumper.NewSlabBuffer())
	ctx := scope.WithAllocator(context.Background(), shared)
	run := func() {
		_ = scope.Make[byte](ctx, 1000)
		if err := shared.Reset(); err != nil {
			panic(err)
		}
	}
	run()
	require.Zero(t, testing.AllocsPerRun(100, run))
}
