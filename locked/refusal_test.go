package locked_test

import (
	"errors"
	"math"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/trial"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
)

// TestRefusalTellsWhatIsIdle: the numbers of a refusal are those of the buffer.
func TestRefusalTellsWhatIsIdle(t *testing.T) {
	src := &trial.Source{}
	shared := locked.Share(bumper.NewSlabBuffer(bumper.From(src), bumper.SlabSize(64<<10)))
	r, g, alloc := opened(t, shared, nil)
	alloc(8 << 10)
	src.FailFrom, src.FailTo = src.Acquired+1, 0
	refusal := func(size uintptr) *scope.ExhaustedError {
		t.Helper()
		_, err := r.AllocIn(g, size, 8)
		var e *scope.ExhaustedError
		require.ErrorAs(t, err, &e)
		require.EqualValues(t, size, e.Requested)
		return e
	}
	e, s := refusal(100<<10), shared.Stats()
	require.Equal(t, []int{s.Idle, s.LargestIdle, 0}, []int{int(e.Idle), int(e.Available), int(e.Limit)})
	require.Equal(t, 48<<10, s.Idle)
	r.Release(g)

	shared = locked.Share(bumper.NewSlabBuffer(bumper.SlabSize(64<<10), bumper.Limit(256<<10)))
	r, g, alloc = opened(t, shared, nil)
	alloc(8 << 10)
	other, h, theirs := opened(t, shared, nil)
	theirs(64 << 10) // of a slab of its own
	e = refusal(1 << 20)
	require.EqualValues(t, 256<<10-shared.Stats().Used, e.Idle, "with what may still be taken")
	require.EqualValues(t, 128<<10, e.Available, "which is more than the rest of a slab")
	other.Release(h)
	capacity := shared.Stats().Capacity
	e = refusal(193 << 10)
	require.EqualValues(t, 192<<10, e.Available, "an idle slab goes back to make room")
	require.Equal(t, capacity, shared.Stats().Capacity, "and does not where that is not enough")
	alloc(192 << 10)
	r.Release(g)
}

// at returns where mem begins.
func at(mem []byte) uintptr { return reflect.ValueOf(mem).Pointer() }

// failing is a source that refuses, and calls something first.
type failing struct {
	trial.Source
	first func()
}

func (s *failing) Acquire(size int) ([]byte, error) {
	if s.first != nil {
		s.first()
		return nil, errors.New("no")
	}
	return s.Source.Acquire(size)
}

// TestFreedWhileAsking: what becomes idle while the source is asked, in vain, serves the
// block.
func TestFreedWhileAsking(t *testing.T) {
	src := &failing{}
	shared := locked.Share(bumper.NewSlabBuffer(bumper.From(src), bumper.SlabSize(64<<10)))
	r, g, alloc := opened(t, shared, nil)
	alloc(64 << 10)
	other, h, theirs := opened(t, shared, nil)
	src.first = func() { r.Release(g) }
	theirs(1000)
	require.Equal(t, 64<<10, shared.Stats().Capacity)
	require.Zero(t, shared.Stats().Refused)
	other.Release(h)
}

// TestForeignBlocksStay: to serve a region, a third party's buffer is not reset while it has
// blocks that it has handed out to others.
func TestForeignBlocksStay(t *testing.T) {
	buf := newPage(1 << 20)
	foreign, err := buf.Alloc(1000, 8)
	require.NoError(t, err)
	shared := locked.Share(buf)
	ctx := scope.WithAllocator(t.Context(), shared)
	require.NoError(t, request(ctx, 300<<10))
	require.ErrorIs(t, request(ctx, 900<<10), scope.ErrExhausted)
	require.True(t, foreign.Stamp.Live())
	require.NoError(t, request(ctx, 300<<10))
	require.NoError(t, shared.Reset())
	require.NoError(t, request(ctx, 900<<10))
}

// TestRestOfAnIsolatedSpan: a region of an isolating buffer whose scope has blocks keeps the
// rest of its span when a block is refused; one whose scope has none gives it up.
func TestRestOfAnIsolatedSpan(t *testing.T) {
	shared := isolating(bumper.SlabSize(64<<10), bumper.Limit(100<<10))
	r, g, alloc := opened(t, shared, nil)
	first := alloc(64)
	_, err := r.AllocIn(g, 90<<10, 8)
	require.ErrorIs(t, err, scope.ErrExhausted)
	require.True(t, r.Holding(g))
	require.Equal(t, at(first)+64, at(alloc(64)))
	r.Close(g, 0)
	require.True(t, r.Reopen(g))
	require.False(t, r.Holding(g), "what earlier scopes have used is not this one's")
	require.Equal(t, at(first)+128, at(alloc(64)))
	r.Close(g, 0)
	require.True(t, r.Reopen(g))
	_, err = r.AllocIn(g, 90<<10, 8)
	require.ErrorIs(t, err, scope.ErrExhausted)
	require.NotEqual(t, at(first)+192, at(alloc(64)), "the span is left to the collector")
	r.Release(g)
}

// TestIdleStorageStays: what is idle goes back for a larger piece only if a limit leaves no room
// for both, and no more of it than makes room.
func TestIdleStorageStays(t *testing.T) {
	for limit, want := range map[int]int{0: 7 << 20, 5 << 20: 5 << 20, 6 << 20: 6 << 20, 7 << 20: 7 << 20} {
		opts := []bumper.SlabOption{}
		if limit > 0 {
			opts = append(opts, bumper.Limit(limit))
		}
		shared := locked.Share(bumper.NewSlabBuffer(opts...))
		ctx := scope.WithAllocator(t.Context(), shared)
		require.Zero(t, burst(ctx, 5, 1<<20))
		require.Equal(t, 5<<20, shared.Stats().Capacity)
		require.NoError(t, request(ctx, 2<<20))
		require.Equal(t, want, shared.Stats().Capacity, "limit %d", limit)
	}
}

// TestRefusalAfterTrim: what went back to the source may be taken again.
func TestRefusalAfterTrim(t *testing.T) {
	shared := locked.Share(bumper.NewSlabBuffer(bumper.Limit(4 << 20)))
	require.NoError(t, request(scope.WithAllocator(t.Context(), shared), 1<<20))
	shared.Trim()
	var e *scope.ExhaustedError
	_, err := shared.Alloc(math.MaxInt/2+1, 8)
	require.ErrorAs(t, err, &e)
	require.EqualValues(t, 4<<20, e.Available)
}
