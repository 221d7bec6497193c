package locked_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
)

// capacityAfterGC returns what the buffer holds when the collector has found what is free.
func capacityAfterGC(b *locked.Buffer) int {
	for range 3 { // a finalizer runs after a collection, and what it lets go is found by the next
		runtime.GC()
		time.Sleep(20 * time.Millisecond)
	}
	return b.Stats().Capacity
}

// TestIsolatingKeepsNoLargePiece: a region that served a large block does not keep its memory
// for the next scope.
func TestIsolatingKeepsNoLargePiece(t *testing.T) {
	shared := locked.Share(bumper.NewSlabBuffer(bumper.Isolating()))
	ctx := scope.WithAllocator(t.Context(), shared)
	for range 3 {
		require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
			scope.Make[byte](ctx, 100<<20)
			return nil
		}))
	}
	require.Less(t, capacityAfterGC(shared), 40<<20) // what the buffer keeps watch of, and no more
	require.NoError(t, shared.Close())
}

// TestIsolatingAfterASpike: regions that a spike has needed go, with the rests of spans that they
// hold, when nobody has needed them for six to twelve seconds. Those in use stay.
func TestIsolatingAfterASpike(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shared := locked.Share(bumper.NewSlabBuffer(bumper.Isolating()))
		ctx := scope.WithAllocator(t.Context(), shared)
		at := func(goroutines int) {
			var wg sync.WaitGroup
			for range goroutines {
				wg.Go(func() {
					_ = scope.NoEscape(ctx, func(ctx context.Context) error {
						scope.Make[byte](ctx, 1000)
						time.Sleep(time.Millisecond)
						return nil
					})
				})
			}
			wg.Wait()
		}
		at(40)
		require.Equal(t, 40, locked.Spares(shared))
		time.Sleep(7 * time.Second) // the first look still saw the spike
		at(2)
		time.Sleep(6 * time.Second)
		require.Equal(t, 2, locked.Spares(shared))
		at(3)
		time.Sleep(13 * time.Second) // the second look finds that nobody took them since the first
		require.Zero(t, locked.Spares(shared))
		time.Sleep(time.Hour)
		at(1)
		require.Equal(t, 1, locked.Spares(shared))
		require.NoError(t, shared.Close()) // stops the timer
	})
}

// TestIsolatingRefusalsProveThemselves: what is available, in one piece and in all, is less
// than what was asked for, also when what is left is less than a span.
func TestIsolatingRefusalsProveThemselves(t *testing.T) {
	const limit = 1<<20 + 20_000
	shared := locked.Share(bumper.NewSlabBuffer(bumper.Isolating(), bumper.Limit(limit)))
	ctx := scope.WithAllocator(t.Context(), shared)
	var wg sync.WaitGroup
	var refused atomic.Int64
	for range 8 {
		wg.Go(func() {
			for i := range 200 {
				size := 56 << (i % 14)
				err := scope.NoEscape(ctx, func(ctx context.Context) error {
					_, _, err := scope.Alloc[byte](ctx, size)
					runtime.Gosched()
					return err
				})
				if err == nil {
					continue
				}
				refused.Add(1)
				e, ok := errors.AsType[*scope.ExhaustedError](err)
				if !ok || e.Requested != uintptr(size) || e.Available >= e.Requested || e.Idle > limit || e.Limit != limit {
					t.Errorf("%v", err)
				}
			}
		})
	}
	wg.Wait()
	require.Positive(t, refused.Load())
	require.NoError(t, shared.Close())
}
