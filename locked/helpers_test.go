package locked_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/testenv"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/meter"
	"github.com/allocarrays/allocarrays-go/scope"
)

// pieces is a task from a function.
type pieces func(worker, piece int)

func (p pieces) RunPiece(worker, piece int) { p(worker, piece) }

// onCores returns a context with a new buffer, which is closed with the test.
func onCores(t testing.TB, cores int) context.Context {
	b := locked.Share(bumper.NewSlabBuffer(), locked.Cores(cores))
	t.Cleanup(func() { require.NoError(t, b.Close()) })
	return scope.WithAllocator(context.Background(), b)
}

func helpers(t testing.TB, cores int) scope.Helpers { return scope.HelpersFrom(onCores(t, cores)) }

// TestHelpersRunEachPieceOnce, whoever else uses them, and no two of a task at the same time as the same
// worker.
func TestHelpersRunEachPieceOnce(t *testing.T) {
	for cores := 1; cores <= 5; cores++ {
		h := helpers(t, cores)
		require.Equal(t, cores, h.Workers())
		var wg sync.WaitGroup
		for caller := range 3 {
			wg.Go(func() {
				rng := rand.New(rand.NewPCG(uint64(cores), uint64(caller)))
				for range 300 {
					ran, works := make([]atomic.Int32, rng.IntN(20)), make([]atomic.Bool, cores)
					h.RunPieces(len(ran), pieces(func(worker, piece int) {
						if works[worker].Swap(true) {
							t.Errorf("two pieces at once as worker %d", worker)
						}
						ran[piece].Add(1)
						runtime.Gosched()
						works[worker].Store(false)
					}))
					for i := range ran {
						if n := ran[i].Load(); n != 1 {
							t.Errorf("piece %d of %d ran %d times", i, len(ran), n)
						}
					}
				}
			})
		}
		wg.Wait()
	}
}

// meet returns a function that returns when n goroutines have called it.
func meet(n int) func() {
	var wg sync.WaitGroup
	wg.Add(n)
	return func() {
		wg.Done()
		wg.Wait()
	}
}

// TestHelpersRunAtTheSameTime: the pieces wait for each other.
func TestHelpersRunAtTheSameTime(t *testing.T) {
	h := helpers(t, 4)
	for range 50 {
		met := meet(4)
		var workers sync.Map
		h.RunPieces(4, pieces(func(worker, _ int) {
			met()
			workers.Store(worker, true)
		}))
		for w := range 4 {
			_, ok := workers.Load(w)
			require.True(t, ok, "worker %d", w)
		}
	}
}

// TestHelpersBusy: while they are, others compute alone, and so do the pieces themselves.
func TestHelpersBusy(t *testing.T) {
	h := helpers(t, 2)
	met, left := meet(2), meet(2)
	var inner, other atomic.Int32
	h.RunPieces(2, pieces(func(int, int) {
		met() // both workers are in a piece
		defer left()
		h.RunPieces(3, pieces(func(worker, _ int) {
			inner.Add(1)
			if worker != 0 {
				t.Errorf("worker %d helps although all are busy", worker)
			}
		}))
		h.RunPieces(1, pieces(func(int, int) { other.Add(1) }))
	}))
	require.EqualValues(t, 6, inner.Load())
	require.EqualValues(t, 2, other.Load())
}

// TestHelpersPanic: a panic in any worker comes to the caller as it is, when no piece runs any more.
// What has not begun is left out, and the helpers serve the next.
func TestHelpersPanic(t *testing.T) {
	h := helpers(t, 3)
	failure := errors.New("failure")
	for bad := range 3 {
		var begun, running atomic.Int32
		met := meet(3)
		require.PanicsWithValue(t, failure, func() {
			h.RunPieces(3000, pieces(func(worker, _ int) {
				running.Add(1)
				defer running.Add(-1)
				if begun.Add(1) > 3 {
					time.Sleep(time.Millisecond)
					return
				}
				met() // the first three pieces are those of three workers
				if worker == bad {
					panic(failure)
				}
			}))
		}, "worker %d", bad)
		require.Zero(t, running.Load())
		require.Less(t, begun.Load(), int32(3000))
	}
	requireSum(t, h)
}

// TestHelpersPanicTogether: of several panics at the same time, the caller gets one.
func TestHelpersPanicTogether(t *testing.T) {
	h := helpers(t, 4)
	failure := errors.New("failure")
	for range 20 {
		met := meet(4)
		require.PanicsWithValue(t, failure, func() {
			h.RunPieces(4, pieces(func(worker, _ int) {
				met()
				if worker != 0 {
					panic(failure)
				}
			}))
		})
	}
	requireSum(t, h)
}

// requireSum uses helpers.
func requireSum(t *testing.T, h scope.Helpers) {
	t.Helper()
	var sum atomic.Int64
	h.RunPieces(100, pieces(func(_, piece int) { sum.Add(int64(piece)) }))
	require.EqualValues(t, 4950, sum.Load())
}

// TestHelpersGoexit: as a panic. A helper that has ended so is replaced.
func TestHelpersGoexit(t *testing.T) {
	h := helpers(t, 2)
	for bad := range 2 {
		met, ended, returned := meet(2), make(chan struct{}), false
		go func() {
			defer close(ended)
			h.RunPieces(2, pieces(func(worker, _ int) {
				met()
				if worker == bad {
					runtime.Goexit()
				}
			}))
			returned = true
		}()
		<-ended
		require.False(t, returned, "worker %d", bad)
		met = meet(2)
		h.RunPieces(2, pieces(func(int, int) { met() }))
	}
}

// TestHelpersExhausted: memory that runs out in a piece is the error of the scope.
func TestHelpersExhausted(t *testing.T) {
	ctx := onCores(t, 2)
	for bad := range 2 {
		met := meet(2)
		require.ErrorIs(t, scope.NoEscape(ctx, func(ctx context.Context) error {
			scope.HelpersFrom(ctx).RunPieces(2, pieces(func(worker, _ int) {
				if met(); worker == bad {
					panic(&scope.ExhaustedError{})
				}
			}))
			return nil
		}), scope.ErrExhausted)
	}
}

// sum is a task that is made once.
type sum struct{ total atomic.Int64 }

func (s *sum) RunPiece(_, piece int) { s.total.Add(int64(piece)) }

func TestHelpersAllocateNothing(t *testing.T) {
	testenv.NeedAllocationCounts(t)
	ctx := onCores(t, 3)
	task := new(sum)
	run := func() { scope.HelpersFrom(ctx).RunPieces(50, task) }
	run()
	require.Zero(t, testing.AllocsPerRun(1000, run))
}

// TestHelpersEnd when nobody needs them for a while, which is when the bubble can end, and come again.
func TestHelpersEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := scope.HelpersFrom(scope.WithAllocator(t.Context(), locked.Share(bumper.NewSlabBuffer(), locked.Cores(3))))
		for range 3 {
			met := meet(3)
			h.RunPieces(3, pieces(func(int, int) { met() }))
			time.Sleep(10 * time.Second)
		}
	})
}

// TestHelpersEndWithClose, at once; and with another number of cores.
func TestHelpersEndWithClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		before := goleak.IgnoreCurrent()
		buf := bumper.NewSlabBuffer()
		b := locked.Share(buf, locked.Cores(2))
		ctx := scope.WithAllocator(t.Context(), b)
		for _, end := range []func(){func() { locked.Share(buf, locked.Cores(4)) }, func() { require.NoError(t, b.Close()) }} {
			h := scope.HelpersFrom(ctx)
			met, begin := meet(h.Workers()), time.Now()
			h.RunPieces(h.Workers(), pieces(func(int, int) { met() }))
			end()
			synctest.Wait()
			require.NoError(t, goleak.Find(before))
			require.Equal(t, begin, time.Now())
		}
	})
}

// TestHelpersFrom finds them through whatever a context has around the buffer.
func TestHelpersFrom(t *testing.T) {
	cores := func(ctx context.Context) int { return scope.HelpersFrom(ctx).Workers() }
	require.Equal(t, 1, cores(t.Context()), "the heap")
	require.Equal(t, 1, cores(scope.WithAllocator(t.Context(), bumper.NewSlabBuffer())))
	require.Equal(t, 1, cores(locked.WithLockedBumper(t.Context(), bumper.NewSlabBuffer())))
	ctx := scope.WithAllocator(t.Context(), locked.Share(bumper.NewSlabBuffer(), locked.Cores(3)))
	require.Equal(t, 3, cores(ctx))
	limited := scope.WithAllocator(ctx, meter.New(scope.AllocatorFrom(ctx), meter.Within(meter.NewLimit(nil, "request", 1<<20))))
	require.Equal(t, 3, cores(limited))
	for _, ctx := range []context.Context{ctx, limited} {
		require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
			require.Equal(t, 3, cores(ctx))
			return scope.NoEscape(context.WithValue(ctx, t, t), func(ctx context.Context) error {
				require.Equal(t, 3, cores(ctx))
				return nil
			})
		}))
		opened, s := scope.Open(ctx)
		require.Equal(t, 3, cores(opened))
		require.NoError(t, s.End())
		require.Equal(t, 3, cores(opened), "also after its end, with memory of the heap")
	}
	g := locked.NewGroup(ctx)
	g.Go(func(ctx context.Context) error {
		if n := cores(ctx); n != 3 {
			t.Errorf("%d cores in a group", n)
		}
		return nil
	})
	require.NoError(t, g.Wait())
}

// TestHelpersWithout: a context without helpers does all pieces itself.
func TestHelpersWithout(t *testing.T) { requireSum(t, scope.HelpersFrom(t.Context())) }

func TestCoresPanics(t *testing.T) {
	require.PanicsWithValue(t, "locked: Cores(0), want 1 or more", func() { locked.Cores(0) })
}
