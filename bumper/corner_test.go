package bumper_test

import (
	"context"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/scope"
)

func TestIsolatingWithinALimit(t *testing.T) {
	ctx := scope.WithAllocator(context.Background(), bumper.NewSlabBuffer(bumper.Isolating(), bumper.Limit(1<<20)))
	for range 10 {
		require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
			_ = scope.Make[byte](ctx, 700<<10)
			return nil
		}))
	}
}

// recycler is a source that hands out again what it got back.
type recycler struct{ free [][]byte }

func (r *recycler) Acquire(n int) ([]byte, error) {
	if last := len(r.free) - 1; last >= 0 && len(r.free[last]) >= n {
		mem := r.free[last]
		r.free = r.free[:last]
		return mem, nil
	}
	return bumper.GoHeap().Acquire(n)
}

func (r *recycler) Release(mem []byte) { r.free = append(r.free, mem) }

// Isolating replaces a source whatever the order of the options.
func TestIsolatingReplacesTheSource(t *testing.T) {
	defer scope.SetGuard(scope.SetGuard(scope.GuardOff)) // which lets nobody look
	buf := bumper.NewSlabBuffer(bumper.Isolating(), bumper.From(&recycler{}), bumper.SlabSize(4096))
	ctx := scope.WithAllocator(context.Background(), buf)
	var old [][]byte
	for i := range 16 {
		require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
			s := scope.Make[byte](ctx, 3000*(1+2*(i%2)))
			for j := range s {
				s[j] = byte(i)
			}
			old = append(old, s)
			return nil
		}))
	}
	for i, s := range old {
		require.Equal(t, byte(i), s[0], "kept reference %d", i)
	}
}

// An empty block may begin anywhere, also where no element could.
func TestNothingOnANearlyFullBuffer(t *testing.T) {
	ctx := scope.WithAllocator(context.Background(), bumper.NewAllocBuffer(100))
	_ = scope.Make[byte](ctx, 99)
	require.Empty(t, scope.Make[float64](ctx, 0))
}

// What an error says is available can be had.
func TestAvailableIsAvailable(t *testing.T) {
	buf := bumper.NewSlabBuffer(bumper.Limit(4 << 20))
	cp := buf.Checkpoint()
	for range 3 {
		_, err := buf.Alloc(1<<20, 1)
		require.NoError(t, err)
	}
	require.NoError(t, buf.Restore(cp))
	_, err := buf.Alloc(5<<20, 1)
	var e *scope.ExhaustedError
	require.ErrorAs(t, err, &e)
	require.EqualValues(t, 4<<20, e.Available)
	_, err = buf.Alloc(4<<20, 1)
	require.NoError(t, err)
}

// A restore that meets the end of a hold is refused for the hold, or succeeds.
func TestRestoreMeetsAHold(t *testing.T) {
	buf := bumper.NewSlabBuffer()
	var wg sync.WaitGroup
	wg.Go(func() {
		for range 200_000 {
			buf.Sharing().Hold()
			buf.Sharing().Unhold()
		}
	})
	for range 20_000 {
		cp := buf.Checkpoint()
		for err := buf.Restore(cp); err != nil; err = buf.Restore(cp) {
			require.ErrorIs(t, err, bumper.ErrHeld)
		}
	}
	wg.Wait()
}

// A request that can never be served takes nothing from the source.
func TestAbsurdRequestTakesNothing(t *testing.T) {
	source := new(recycler)
	buf := bumper.NewAllocBuffer(1<<20, bumper.From(source))
	_, err := buf.Alloc(2<<20, 1)
	require.ErrorIs(t, err, scope.ErrExhausted)
	require.Zero(t, buf.Stats().Slabs)
}
