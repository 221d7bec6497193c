package locked_test

import (
	"context"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/testenv"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/meter"
	"github.com/allocarrays/allocarrays-go/scope"
)

// TestFrom: the buffer is found through wrappers, derived contexts and regions, and a
// group that begins in a region holds it.
func TestFrom(t *testing.T) {
	_, ok := locked.From(t.Context())
	require.False(t, ok)
	_, ok = locked.From(scope.WithAllocator(t.Context(), bumper.NewSlabBuffer()))
	require.False(t, ok)

	shared := locked.Share(bumper.NewSlabBuffer())
	found := func(ctx context.Context) {
		t.Helper()
		ctx, cancel := context.WithCancel(context.WithValue(ctx, lateKey{}, 1))
		defer cancel()
		b, ok := locked.From(ctx)
		require.True(t, ok)
		require.Same(t, shared, b)
	}
	for _, a := range []scope.Allocator{shared, meter.New(shared, meter.Fallback())} {
		ctx := scope.WithAllocator(t.Context(), a)
		found(ctx)
		require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
			found(ctx)
			return scope.NoEscape(context.WithValue(ctx, lateKey{}, 2), func(ctx context.Context) error {
				found(ctx)
				return nil
			})
		}))
	}
	var g *locked.Group
	require.NoError(t, scope.NoEscape(scope.WithAllocator(t.Context(), shared), func(ctx context.Context) error {
		g = locked.NewGroup(ctx)
		return nil
	}))
	require.ErrorIs(t, shared.Reset(), bumper.ErrHeld)
	require.NoError(t, g.Wait())
	require.NoError(t, shared.Reset())
}

// TestEmptyRegions: regions that allocate nothing hold no storage, and little besides;
// when they have ended, little is left of ten thousand.
func TestEmptyRegions(t *testing.T) {
	testenv.NeedAllocationCounts(t)
	const n = 10_000
	shared := locked.Share(bumper.NewSlabBuffer())
	ctx := scope.WithAllocator(t.Context(), shared)
	heap := func() int {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int(m.HeapAlloc)
	}
	before := heap()
	var within func(ctx context.Context, depth int) error
	within = func(ctx context.Context, depth int) error {
		if depth == 0 {
			require.Equal(t, n, shared.Stats().Open)
			require.Zero(t, shared.Stats().Capacity)
			require.LessOrEqual(t, heap()-before, n<<10)
			return nil
		}
		return scope.NoEscape(ctx, func(ctx context.Context) error { return within(ctx, depth-1) })
	}
	require.NoError(t, within(ctx, n))
	require.LessOrEqual(t, heap()-before, 256<<10)
	require.EqualValues(t, n, shared.Stats().Regions)
}

// TestStatsTellTheTruth follows the numbers through a history.
func TestStatsTellTheTruth(t *testing.T) {
	shared := locked.Share(bumper.NewSlabBuffer(bumper.Limit(4 << 20)))
	ctx := scope.WithAllocator(t.Context(), shared)
	require.Equal(t, locked.Stats{Limit: 4 << 20}, shared.Stats())
	require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
		_ = scope.Make[byte](ctx, 100_000)
		s := shared.Stats()
		require.InDelta(t, 100_000, s.Used, 70_000)
		require.Equal(t, s.Used, s.PeakRegion)
		require.Equal(t, 1<<20, s.Capacity)
		require.Equal(t, s.Capacity, s.Used+s.Idle)
		require.Equal(t, s.Idle, s.LargestIdle)
		require.Equal(t, 1, s.Open)
		return nil
	}))
	require.ErrorIs(t, request(ctx, 5<<20), scope.ErrExhausted)
	require.NoError(t, request(ctx, 4<<20))
	_ = scope.Make[byte](ctx, 100)
	s := shared.Stats()
	require.Equal(t, 100, s.Outside)
	require.EqualValues(t, 1, s.Refused)
	require.EqualValues(t, 3, s.Regions)
	require.Equal(t, 4<<20, s.HighWater)
	require.Zero(t, s.Open)
	again := locked.Share(bumper.NewSlabBuffer(bumper.Limit(s.HighWater)))
	require.NoError(t, request(scope.WithAllocator(t.Context(), again), 4<<20), "HighWater is a limit that serves the same")
}

// slowSource takes its time for large pieces.
type slowSource struct{ asked, goOn chan bool }

func (s slowSource) Acquire(size int) ([]byte, error) {
	if size > 4<<20 {
		s.asked <- true
		<-s.goOn
	}
	return bumper.GoHeap().Acquire(size)
}

func (slowSource) Release([]byte) {}

// TestNobodyWaits: while one goroutine waits for the source, others get idle memory.
func TestNobodyWaits(t *testing.T) {
	src := slowSource{make(chan bool), make(chan bool)}
	shared := locked.Share(bumper.NewSlabBuffer(bumper.From(src)))
	ctx := scope.WithAllocator(t.Context(), shared)
	require.NoError(t, request(ctx, 1000))
	done := make(chan error)
	go func() { done <- request(ctx, 8<<20) }()
	<-src.asked
	for range 100 {
		require.NoError(t, request(ctx, 1000, 50_000))
		_, err := shared.Alloc(10, 1)
		require.NoError(t, err)
		_ = shared.Stats()
	}
	close(src.goOn)
	require.NoError(t, <-done)
}
