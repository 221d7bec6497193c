package locked_test

import (
	"errors"
	"math"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/testenv"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
)

// TestResetWhileOthersAllocate: outside every region too, all methods are safe for concurrent
// use: a block is of the time before a reset or after it, and then nobody else's.
func TestResetWhileOthersAllocate(t *testing.T) {
	for name, buf := range limited(1 << 20) {
		t.Run(name, func(t *testing.T) {
			shared := locked.Share(buf)
			var all sync.WaitGroup
			for range 2 {
				all.Go(func() {
					for range 500 {
						if b, err := shared.Alloc(64, 8); err != nil || len(b.Bytes()) != 64 {
							t.Error(err, len(b.Bytes()))
						}
						_ = shared.Stats()
					}
				})
			}
			for range 500 {
				require.NoError(t, shared.Reset())
			}
			all.Wait()
			require.NoError(t, shared.Reset())
			require.Zero(t, shared.Stats().Used)
		})
	}
}

// whileLooking runs f while other goroutines ask for the numbers of a buffer.
func whileLooking(shared *locked.Buffer, f func()) {
	var all sync.WaitGroup
	var looks atomic.Int32
	var over atomic.Bool
	for range 2 {
		all.Go(func() {
			for !over.Load() {
				_ = shared.Stats()
				looks.Add(1)
			}
		})
	}
	for looks.Load() < 10 {
		runtime.Gosched()
	}
	f()
	over.Store(true)
	all.Wait()
}

// TestLentStorageIsForgottenUnderTheLock: what a third party's buffer takes back is gone in one step
// for those who look at the shared one.
func TestLentStorageIsForgottenUnderTheLock(t *testing.T) {
	const pieces = 60
	shared := locked.Share(newPage(pieces << 18))
	ctx := scope.WithAllocator(t.Context(), shared)
	many := slices.Repeat([]int{1 << 18}, pieces)
	whileLooking(shared, func() {
		for range 100 {
			require.NoError(t, request(ctx, many...))
			require.NoError(t, shared.Reset())
		}
	})
	require.Zero(t, shared.Stats().Capacity)
}

// TestStaleStorageServesNobody: who allocates while a reset takes storage back does not get a
// part of that.
func TestStaleStorageServesNobody(t *testing.T) {
	rounds := 200_000
	if testing.Short() || testenv.Slow() {
		rounds = 10_000
	}
	shared := locked.Share(bumper.NewAllocBuffer(64 << 20))
	var all sync.WaitGroup
	var stop atomic.Bool
	for range 3 {
		all.Go(func() {
			for !stop.Load() {
				if _, err := shared.Alloc(1, 1); err != nil && !errors.Is(err, scope.ErrExhausted) {
					t.Error(err)
				}
			}
		})
	}
	for range rounds {
		if err := shared.Reset(); err != nil {
			t.Error(err)
		}
	}
	stop.Store(true)
	all.Wait()
	require.NoError(t, shared.Reset())
	require.Zero(t, shared.Stats().Used)
}

// TestRefusalsWhileTrimming: the numbers of a refusal are read while storage goes back.
func TestRefusalsWhileTrimming(t *testing.T) {
	shared := locked.Share(bumper.NewSlabBuffer(bumper.Limit(4 << 20)))
	ctx := scope.WithAllocator(t.Context(), shared)
	for range 5 {
		require.NoError(t, request(ctx, 1<<20))
		var all sync.WaitGroup
		for range 2 {
			all.Go(func() {
				for range 500 {
					if _, err := shared.Alloc(math.MaxInt/2+1, 8); err == nil {
						t.Error("a block of 4 EiB")
					}
				}
			})
		}
		shared.Trim() // the last that this goroutine does for a while
		all.Wait()
	}
}

// TestRecalledUnderTheLock: pieces that retire serve again when there are no others, while
// goroutines look at what is idle.
func TestRecalledUnderTheLock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shared := locked.Share(bumper.NewSlabBuffer(bumper.Limit(8<<20)), locked.Retain(0, 8<<20))
		ctx := scope.WithAllocator(t.Context(), shared)
		rounds := 30
		if testenv.Race {
			rounds = 150
		}
		for range rounds {
			require.NoError(t, request(ctx, 8<<20))
			var regions []func() // what releases them
			for range 200 {
				r, g, alloc := opened(t, shared, nil)
				alloc(100)
				regions = append(regions, func() { r.Release(g) })
			}
			for i := 1; i < len(regions); i += 2 { // many holes: to use them again takes a while
				regions[i]()
			}
			time.Sleep(10 * time.Second) // the piece retires
			require.Zero(t, shared.Stats().LargestIdle)
			whileLooking(shared, func() {
				if err := request(ctx, 7<<20); err != nil {
					t.Error(err)
				}
			})
			for i := 0; i < len(regions); i += 2 {
				regions[i]()
			}
		}
	})
}
