package locked_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/handshake"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
)

// TestHowARegionGrows: its first span, how much longer than needed the next ones are, and
// what its account is asked for: at least what is missing, at most 1.5 times the use and
// 4 KiB, and as much as is used to spare.
func TestHowARegionGrows(t *testing.T) {
	shared := locked.Share(bumper.NewSlabBuffer())
	l := newLedger(1 << 30)
	r, g, alloc := opened(t, shared, l)
	for i, c := range []struct {
		size       uintptr
		asked      [3]int // least, most, spare
		held, used int
	}{
		{64, [3]int{64, 4160, 64}, 4224, 4160},
		{4096, [3]int{64, 4160, 64}, 4224, 4160}, // which the span has
		{64, [3]int{64, 4160, 64}, 4224, 4224},   // which was to spare
		{64, [3]int{64, 6272, 4288}, 14784, 10496},
	} {
		alloc(c.size)
		require.Equal(t, c.asked, l.last(), "block %d", i)
		require.Equal(t, []int{c.held, c.used}, []int{l.held, shared.Stats().Used}, "block %d", i)
	}
	r.Release(g)
	require.Zero(t, l.held)

	for limit, want := range map[int]int{0: 16 << 10, 64 << 10: 12 << 10, 32 << 10: 10 << 10, 1 << 20: 16 << 10} {
		opts := []bumper.SlabOption{bumper.SlabSize(64 << 10)}
		if limit > 0 { // a region takes no more than a sixteenth of it beyond its need
			opts = []bumper.SlabOption{bumper.SlabSize(limit), bumper.Limit(limit)}
		}
		shared := locked.Share(bumper.NewSlabBuffer(opts...))
		r, g, alloc := opened(t, shared, nil)
		alloc(8 << 10)
		require.Equal(t, want, shared.Stats().Used, "of %d bytes", limit)
		r.Release(g)
	}
}

// TestSecondSpan: where the memory behind the first is in use, a region is charged for what
// a second one has more than the rest of the first, which goes back.
func TestSecondSpan(t *testing.T) {
	shared := locked.Share(bumper.NewSlabBuffer())
	l := newLedger(1 << 30)
	r, g, alloc := opened(t, shared, l)
	alloc(64)
	other, h, behind := opened(t, shared, nil)
	behind(64)
	theirs := shared.Stats().Used - 4160
	alloc(8192) // of 8192 bytes 4096 are left of the first span
	require.Equal(t, [3]int{8192 - 4096 - 64, 12288 - 64, 8256}, l.last(), "64 bytes were to spare")
	require.LessOrEqual(t, shared.Stats().Used-theirs, l.held)
	other.Release(h)
	r.Close(g, 0)
	require.Zero(t, shared.Stats().Used, "two spans are not kept")
	require.True(t, r.Reopen(g))
	alloc(64)
	require.Equal(t, roundedUp(8256), shared.Stats().Used, "the next scope takes one as long as what this one has used")
	r.Release(g)
	require.Zero(t, l.held)

	r, g, alloc = opened(t, shared, nil)
	alloc(64)
	require.Equal(t, 4160, shared.Stats().Used, "the region of another begins small")
	r.Release(g)
}

func roundedUp(n int) int { return (n + 63) &^ 63 }

// TestNoSpanIsLongerThanItsCharge, however little the account has left.
func TestNoSpanIsLongerThanItsCharge(t *testing.T) {
	for _, left := range []int{64, 100, 1024, 5000, 70_000} {
		for _, size := range []uintptr{1, 64, 100, 1000, 5000} {
			shared := locked.Share(bumper.NewSlabBuffer())
			l := newLedger(left)
			r, g, _ := opened(t, shared, l)
			var refused error
			for refused == nil {
				_, refused = r.AllocIn(g, size, 8)
				require.LessOrEqual(t, shared.Stats().Used, l.held, "blocks of %d, %d left", size, left)
			}
			require.ErrorIs(t, refused, scope.ErrExhausted)
			r.Release(g)
			require.Zero(t, l.held)
		}
	}
}

// TestHowAnIsolatingRegionGrows: it is charged for as much of its span as it makes
// available; and a span is used to its last byte before there is another.
func TestHowAnIsolatingRegionGrows(t *testing.T) {
	const span = 64 << 10
	shared := isolating(bumper.SlabSize(span))
	l := newLedger(1 << 30)
	r, g, alloc := opened(t, shared, l)
	alloc(64)
	require.Equal(t, [3]int{64, 4224, 0}, l.last())
	require.Equal(t, 4224, l.held)
	alloc(4160)
	require.Len(t, l.asked, 1)
	alloc(64)
	require.Equal(t, [3]int{64, 6336, 0}, l.last())
	for used := 4224 + 64; used < span; used += 64 {
		alloc(64)
	}
	require.Equal(t, span, l.held)
	require.Less(t, len(l.asked), 12, "it grows by half")
	require.Equal(t, span, shared.Stats().PeakRegion, "one span holds all")
	alloc(64)
	require.Equal(t, 2*span, shared.Stats().PeakRegion)
	require.LessOrEqual(t, l.held, 2*span)
	alloc(200_000)
	require.GreaterOrEqual(t, l.last()[1], 200_000, "most is no less than least")
	r.Release(g)
	require.Zero(t, l.held)

	l.stingy = true
	peak := isolating(bumper.SlabSize(span))
	r.Release(g)
	r, g, alloc = opened(t, peak, l)
	for range span / 64 {
		alloc(64)
	}
	require.Equal(t, span, peak.Stats().PeakRegion, "the last charge takes all that is left of a span")
	r.Release(g)
	require.Zero(t, l.held)
}

// TestRefusedChargeGivesNothing: a block for which there is no charge makes nothing
// available, not a byte.
func TestRefusedChargeGivesNothing(t *testing.T) {
	shared := isolating()
	l := newLedger(4224)
	r, g, alloc := opened(t, shared, l)
	alloc(64)
	alloc(4160)
	for range 3 {
		for _, size := range []uintptr{64, 1, 100_000} {
			_, err := r.AllocIn(g, size, 1)
			require.ErrorIs(t, err, scope.ErrExhausted, "%d bytes", size)
		}
	}
	require.Equal(t, 4224, l.held)
	require.Len(t, l.appeals, 9)
	r.Release(g)
	require.Zero(t, l.held)
}

// TestChargedAheadByTwo: while one goroutine waits for a span that it was charged for, another
// is charged for the rest of what its block needs, and not much more.
func TestChargedAheadByTwo(t *testing.T) {
	buf := bumper.NewSlabBuffer(bumper.Isolating())
	shared, growing := locked.Share(buf), handshake.SharingOf(buf).Lock
	l := newLedger(1 << 30)
	r, g, _ := opened(t, shared, l)
	growing.Lock()
	done := make(chan error)
	for _, size := range []uintptr{64, 8192} {
		go func() {
			_, err := r.AllocIn(g, size, 8)
			done <- err
		}()
		<-l.charged
	}
	l.mu.Lock()
	require.Equal(t, 4224, l.asked[0][1])
	require.Equal(t, 8192-4224, l.asked[1][0])
	used := 64 + 8192
	require.LessOrEqual(t, l.held, roundedUp(used+used/2+4<<10))
	l.mu.Unlock()
	growing.Unlock()
	require.NoError(t, <-done)
	require.NoError(t, <-done)
	r.Release(g)
	require.Zero(t, l.held)
}

// TestPeakOfARegion: a span that goes back unused is not counted beside the one that takes
// its place.
func TestPeakOfARegion(t *testing.T) {
	shared := locked.Share(bumper.NewSlabBuffer(bumper.SlabSize(16 << 10)))
	r, g, alloc := opened(t, shared, nil)
	alloc(16 << 10)
	r.Close(g, 0)
	require.True(t, r.Reopen(g))
	require.Equal(t, 16<<10, shared.Stats().Used, "it keeps its span")
	alloc(100 << 10)
	require.Equal(t, shared.Stats().Used, shared.Stats().PeakRegion)
	r.Release(g)
	require.Zero(t, shared.Stats().Used)

	shared = locked.Share(bumper.NewSlabBuffer(bumper.SlabSize(64 << 10))) // also where it joins an idle one
	r, g, alloc = opened(t, shared, nil)
	alloc(16 << 10)
	r.Close(g, 0)
	require.True(t, r.Reopen(g))
	alloc(100 << 10)
	require.Equal(t, shared.Stats().Used, shared.Stats().PeakRegion)
	r.Release(g)
}
