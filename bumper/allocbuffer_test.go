package bumper_test

import (
	"context"
	"errors"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/trial"
	"github.com/allocarrays/allocarrays-go/scope"
)

func TestAllocBufferTakesItsStorageLate(t *testing.T) {
	src := &trial.Source{}
	buf := bumper.NewAllocBuffer(1000, bumper.From(src))
	require.Zero(t, src.Acquired)
	require.Equal(t, bumper.Stats{Capacity: 1000, Limit: 1000}, buf.Stats())
	for range 5 {
		_, err := buf.Alloc(100, 1)
		require.NoError(t, err)
	}
	require.Equal(t, 1, src.Acquired)
	require.Equal(t, 1, buf.Stats().Slabs)
}

func TestAllocBufferIsFull(t *testing.T) {
	buf := bumper.NewAllocBuffer(1000)
	_, err := buf.Alloc(600, 1)
	require.NoError(t, err)
	_, err = buf.Alloc(500, 1)
	require.Equal(t, &scope.ExhaustedError{
		Allocator: "bumper.AllocBuffer", Requested: 500, Available: 400, Limit: 1000, Outside: 600,
	}, err)
	require.EqualError(t, err, "bumper.AllocBuffer: out of memory: 500 bytes requested, 400 available, limit 1000; 600 bytes allocated outside every scope stay until Reset")
	_, err = buf.Alloc(63, 1)
	require.NoError(t, err, "what fits is still served")
}

// A storage of the user's is used from its first multiple of 64 to its end, and
// nothing around it is touched.
func TestUserStorage(t *testing.T) {
	const size = 1000
	for shift := range 70 {
		arena := make([]byte, 64+shift+size+64)
		for i := range arena {
			arena[i] = 0xAA
		}
		storage := arena[64+shift : 64+shift+size]
		buf := bumper.NewAllocBufferOn(storage)
		require.GreaterOrEqual(t, buf.Stats().Capacity, size-63)
		for {
			b, err := buf.Alloc(7, 1)
			if err != nil {
				break
			}
			require.True(t, trial.Inside(b.Bytes(), storage))
			copy(b.Bytes(), "overrun")
		}
		for i, v := range arena {
			if i < 64+shift || i >= 64+shift+size {
				require.Equal(t, byte(0xAA), v, "byte %d outside the storage changed", i)
			}
		}
	}
	for _, tiny := range [][]byte{nil, {}, make([]byte, 1)} {
		_, err := bumper.NewAllocBufferOn(tiny).Alloc(64, 1)
		require.ErrorIs(t, err, scope.ErrExhausted)
	}
}

func TestMisuseOfOptions(t *testing.T) {
	for _, n := range []int{0, -1, math.MinInt} {
		for what, f := range map[string]func(){
			"NewAllocBuffer": func() { bumper.NewAllocBuffer(n) },
			"Limit":          func() { bumper.Limit(n) },
			"SlabSize":       func() { bumper.SlabSize(n) },
			"Initial":        func() { bumper.Initial(n) },
		} {
			require.PanicsWithValue(t, "bumper: "+what+" of "+itoa(n)+" bytes is not positive", f)
		}
	}
}

func TestSizeBeyondReason(t *testing.T) {
	_, err := bumper.NewAllocBuffer(math.MaxInt).Alloc(1, 1)
	require.ErrorIs(t, err, scope.ErrExhausted)
	var e *scope.ExhaustedError
	require.True(t, errors.As(err, &e))
	require.ErrorIs(t, e.Cause, scope.ErrExhausted, "the heap is the cause")
}

// An empty block may begin anywhere, also where no element could.
func TestNothingOnANearlyFullBuffer(t *testing.T) {
	ctx := scope.WithAllocator(context.Background(), bumper.NewAllocBuffer(100))
	_ = scope.Make[byte](ctx, 99)
	require.Empty(t, scope.Make[float64](ctx, 0))
}

// A request that can never be served takes nothing from the source.
func TestAbsurdRequestTakesNothing(t *testing.T) {
	source := new(recycler)
	buf := bumper.NewAllocBuffer(1<<20, bumper.From(source))
	_, err := buf.Alloc(2<<20, 1)
	require.ErrorIs(t, err, scope.ErrExhausted)
	require.Zero(t, buf.Stats().Slabs)
}
