package bumper_test

import (
	"context"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/testenv"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// collectAll runs garbage collections until what was garbage before has been found, and the
// finalizers of it have run.
func collectAll() {
	for range 2 { // one goroutine runs finalizers, so those of the first have run then
		done := make(chan bool)
		runtime.SetFinalizer(new([64]byte), func(*[64]byte) { close(done) })
		runtime.GC()
		<-done
	}
}

// within allocates n blocks in a scope of their own.
func within(t *testing.T, b memory.Checkpointer, n, size int) {
	t.Helper()
	require.NoError(t, scope.NoEscape(scope.WithAllocator(t.Context(), b), func(context.Context) error {
		for range n {
			if _, err := b.Alloc(uintptr(size), 1); err != nil {
				return err
			}
		}
		return nil
	}))
}

// TestIsolatingLetsGo: what a scope needed once does not stay: of what nothing refers to,
// the buffer keeps no more than 32 MiB for reuse, however often it happens.
func TestIsolatingLetsGo(t *testing.T) {
	testenv.NeedAllocationCounts(t)
	buf := bumper.NewSlabBuffer(bumper.Isolating(), bumper.SlabSize(64<<10))
	for range 3 {
		within(t, buf, 64, 1<<20)
		collectAll()
		require.LessOrEqual(t, buf.Stats().Capacity, 33<<20)
		require.GreaterOrEqual(t, buf.Stats().Capacity, 30<<20, "but as much as that")
	}
}

// TestIsolatingKeepsSizesApart: scopes that need now this size, now that, reuse both.
func TestIsolatingKeepsSizesApart(t *testing.T) {
	testenv.NeedAllocationCounts(t)
	for name, buf := range map[string]*bumper.SlabBuffer{
		"no limit": bumper.NewSlabBuffer(bumper.Isolating(), bumper.SlabSize(64<<10)),
		"limit":    bumper.NewSlabBuffer(bumper.Isolating(), bumper.SlabSize(64<<10), bumper.Limit(16<<20)),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for i := range 12 {
			within(t, buf, 1, (1+i%2)<<20)
			collectAll()
		}
		runtime.ReadMemStats(&after)
		require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(9<<20), name)
	}
}

// TestIsolatingGivesUpSizes: at the limit, what is kept for reuse makes room for what is
// needed, and is counted no more.
func TestIsolatingGivesUpSizes(t *testing.T) {
	testenv.NeedAllocationCounts(t)
	buf := bumper.NewSlabBuffer(bumper.Isolating(), bumper.SlabSize(64<<10), bumper.Limit(4<<20))
	for _, size := range []int{3 << 20, 3 << 20, 3 << 20, 7 << 19, 7 << 19, 1 << 20} {
		within(t, buf, 1, size)
		collectAll()
		require.GreaterOrEqual(t, buf.Stats().Capacity, size)
		require.LessOrEqual(t, buf.Stats().Capacity, 4<<20)
	}
	require.Equal(t, 1<<20, buf.Stats().Capacity)
}

// TestIsolatingAtTheLimit: requests beyond the limit have one collection run, not one each.
func TestIsolatingAtTheLimit(t *testing.T) {
	buf := bumper.NewSlabBuffer(bumper.Isolating(), bumper.SlabSize(64<<10), bumper.Limit(1<<20))
	require.NoError(t, scope.NoEscape(scope.WithAllocator(t.Context(), buf), func(ctx context.Context) error {
		_ = scope.Make[byte](ctx, 700<<10)
		before := runtime.NumGoroutine()
		for range 1000 {
			_, _, err := scope.Alloc[byte](ctx, 700<<10)
			require.ErrorIs(t, err, scope.ErrExhausted)
		}
		require.Less(t, runtime.NumGoroutine(), before+100)
		return nil
	}))
}
