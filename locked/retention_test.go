package locked_test

import (
	"context"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/trial"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/offheap"
	"github.com/allocarrays/allocarrays-go/scope"
)

// TestRetention: ten seconds after a spike the buffer holds no more than its floor, and no
// timer is left.
func TestRetention(t *testing.T) {
	for name, new := range map[string]func() bumper.Buffer{
		"alloc":       func() bumper.Buffer { return bumper.NewAllocBuffer(64 << 20) },
		"slab":        func() bumper.Buffer { return bumper.NewSlabBuffer() },
		"autoscaling": func() bumper.Buffer { return bumper.NewAutoscalingBuffer() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				shared := locked.Share(new())
				ctx := scope.WithAllocator(t.Context(), shared)
				require.NoError(t, request(ctx, 30<<20, 20<<20))
				require.Greater(t, shared.Stats().Capacity, 40<<20)
				time.Sleep(10 * time.Second)
				synctest.Wait()
				require.LessOrEqual(t, shared.Stats().Capacity, locked.DefaultFloor)
				require.NoError(t, request(ctx, 30<<20), "it serves as before")
			})
		})
	}
}

// TestRetentionUnderLoad: storage of a spike goes back while small requests go on, as
// they use little of it; a pool that kept what it was given would keep it for ever
// (golang/go#23199).
func TestRetentionUnderLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shared := locked.Share(bumper.NewSlabBuffer())
		ctx := scope.WithAllocator(t.Context(), shared)
		require.NoError(t, request(ctx, 64<<20))
		for range 200 {
			require.NoError(t, request(ctx, 8<<10, 100))
			time.Sleep(50 * time.Millisecond)
		}
		require.LessOrEqual(t, shared.Stats().Capacity, locked.DefaultFloor)
		for range 1000 { // now and then a large one: never more than it needed
			require.NoError(t, request(ctx, 2<<20))
			time.Sleep(10 * time.Millisecond)
		}
		require.LessOrEqual(t, shared.Stats().Capacity, 4<<20)
	})
}

// TestRetentionOverlapping is the same with requests that overlap, so that the piece of
// the spike is never all idle: nothing more is taken from it.
func TestRetentionOverlapping(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shared := locked.Share(bumper.NewSlabBuffer())
		ctx := scope.WithAllocator(t.Context(), shared)
		require.NoError(t, request(ctx, 64<<20))
		end := make(chan bool)
		begin := func() {
			started := make(chan bool)
			go func() {
				_ = scope.NoEscape(ctx, func(ctx context.Context) error {
					_ = scope.Make[byte](ctx, 8<<10)
					close(started)
					<-end
					return nil
				})
			}()
			<-started
		}
		begin()
		for range 240 {
			begin()
			time.Sleep(50 * time.Millisecond)
			end <- true
		}
		require.LessOrEqual(t, shared.Stats().Capacity, 2<<20)
		end <- true
	})
}

// TestRetentionKeepsWhatIsUsed: a load that uses more than a quarter of the storage keeps
// it, and takes nothing more from the source.
func TestRetentionKeepsWhatIsUsed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := &trial.Source{}
		ctx := locked.WithLockedBumper(t.Context(), bumper.NewSlabBuffer(bumper.From(src)))
		require.NoError(t, request(ctx, 10<<20))
		for range 100 {
			require.NoError(t, request(ctx, 4<<20))
			time.Sleep(time.Second)
		}
		require.Equal(t, 1, src.Acquired)
		require.NoError(t, src.Err)
	})
}

// TestCeiling: what is idle beyond the ceiling goes back at once.
func TestCeiling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shared := locked.Share(bumper.NewSlabBuffer(), locked.Retain(2<<20, 8<<20))
		ctx := scope.WithAllocator(t.Context(), shared)
		require.NoError(t, request(ctx, 4<<20))
		require.Positive(t, shared.Stats().Capacity, "below it nothing goes at once")
		require.NoError(t, request(ctx, 20<<20))
		synctest.Wait()
		require.LessOrEqual(t, shared.Stats().Capacity, 8<<20)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		require.LessOrEqual(t, shared.Stats().Capacity, 2<<20)
		require.LessOrEqual(t, shared.Stats().HighWater, 26<<20)
	})
}

// TestPrompt: a buffer that is prompt keeps no idle storage.
func TestPrompt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := &trial.Source{}
		shared := locked.Share(bumper.NewSlabBuffer(bumper.From(src), bumper.Prompt()))
		ctx := scope.WithAllocator(t.Context(), shared)
		require.NoError(t, request(ctx, 100, 3<<20))
		synctest.Wait()
		held, _ := src.Held()
		require.Zero(t, held)
		require.NoError(t, src.Err)
	})
}

// TestTrim gives everything back that holds nothing, also what closed regions keep for
// their next scopes, and nothing else.
func TestTrim(t *testing.T) {
	src := &trial.Source{}
	buf := bumper.NewSlabBuffer(bumper.From(src))
	shared := locked.Share(buf)
	ctx := scope.WithAllocator(t.Context(), shared)
	require.NoError(t, scope.NoEscape(ctx, func(outer context.Context) error {
		mine := scope.Make[byte](outer, 100)
		require.NoError(t, scope.NoEscape(outer, func(ctx context.Context) error {
			_ = scope.Make[byte](ctx, 5<<20)
			return nil
		}))
		shared.Trim()
		require.Equal(t, 1<<20, shared.Stats().Capacity, "the slab that is in use stays")
		mine[99] = 1
		return nil
	}))
	shared.Trim()
	require.Zero(t, shared.Stats().Capacity)
	held, _ := src.Held()
	require.Zero(t, held)
	require.NoError(t, request(ctx, 1000))
	buf.Trim() // the buffer inside trims both
	require.Zero(t, shared.Stats().Capacity)
	require.NoError(t, src.Err)
}

// TestClose gives the storage back, whichever of the two is closed.
func TestClose(t *testing.T) {
	for _, inner := range []bool{false, true} {
		for name, new := range map[string]func(bumper.Source) bumper.Buffer{
			"alloc":       func(s bumper.Source) bumper.Buffer { return bumper.NewAllocBuffer(1<<20, bumper.From(s)) },
			"slab":        func(s bumper.Source) bumper.Buffer { return bumper.NewSlabBuffer(bumper.From(s)) },
			"autoscaling": func(s bumper.Source) bumper.Buffer { return bumper.NewAutoscalingBuffer(bumper.From(s)) },
		} {
			src := &trial.Source{}
			buf := new(src)
			shared := locked.Share(buf)
			ctx := scope.WithAllocator(t.Context(), shared)
			_ = scope.Make[byte](ctx, 1000)
			require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
				_ = scope.Make[byte](ctx, 1000)
				require.ErrorIs(t, shared.Close(), bumper.ErrHeld)
				return nil
			}))
			if inner {
				require.NoError(t, buf.(interface{ Close() error }).Close())
			} else {
				require.NoError(t, shared.Close())
			}
			require.ErrorIs(t, shared.Close(), bumper.ErrClosed)
			held, _ := src.Held()
			require.Zero(t, held, name)
			require.NoError(t, src.Err)
			err := request(ctx, 10)
			require.ErrorIs(t, err, scope.ErrExhausted)
			require.ErrorIs(t, err, bumper.ErrClosed)
		}
	}
}

// TestResident: off the Go heap, resident memory after a spike is that of the warmed-up
// process. It waits for the timer.
func TestResident(t *testing.T) {
	if testing.Short() || runtime.GOOS != "linux" {
		t.Skip("waits ten seconds, and reads /proc")
	}
	heap := offheap.NewHeap("resident", offheap.Mmap())
	shared := locked.Share(bumper.NewSlabBuffer(bumper.From(heap)))
	ctx := scope.WithAllocator(t.Context(), shared)
	touch := func(n int) {
		require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
			s := scope.Make[byte](ctx, n)
			for i := range s {
				s[i] = 1
			}
			return nil
		}))
	}
	touch(1 << 20)
	debug.FreeOSMemory()
	before := resident(t)
	touch(240 << 20) // below the ceiling, or it would go at once
	require.Greater(t, resident(t), before+128<<20, "the test sees the spike, which has just ended")
	least := before + max(before/10, 16<<20)
	require.Eventually(t, func() bool { return resident(t) <= least }, time.Minute, 100*time.Millisecond)
	require.LessOrEqual(t, shared.Stats().Capacity, locked.DefaultFloor)
	require.NoError(t, shared.Close())
	require.NoError(t, heap.Close())
}

func resident(t *testing.T) int {
	text, err := os.ReadFile("/proc/self/statm")
	require.NoError(t, err)
	n, err := strconv.Atoi(strings.Fields(string(text))[1])
	require.NoError(t, err)
	return n * os.Getpagesize()
}
