package locked_test

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/locked"
)

// TestBins: there are eight bins for each power of two of granules, one for each length below
// sixteen, and a longer span is never in a lower bin.
func TestBins(t *testing.T) {
	for granules := range 16 {
		require.Equal(t, granules, locked.BinOf(64*granules))
		require.Equal(t, granules, locked.BinOf(64*granules+63))
	}
	for _, power := range []int{4, 5, 10, 20, 40} {
		if power+7 >= strconv.IntSize { // no span is that long
			continue
		}
		for eighth := range 8 {
			first := 64 * (1<<power + eighth<<(power-3))
			require.Equal(t, 8*(power-2)+eighth, locked.BinOf(first))
			require.Equal(t, 8*(power-2)+eighth, locked.BinOf(first+64<<(power-3)-1))
		}
	}
}

// spaced returns an arena of idle spans of so many granules, none beside another; those that
// are named first were made idle first.
func spaced(granules ...int) *locked.Arena {
	sum := 0
	for _, n := range granules {
		sum += n + 1
	}
	var a locked.Arena
	a.Add(make([]byte, 64*sum))
	var spans []*locked.Span
	for _, n := range granules {
		spans = append(spans, a.Take(64*n, 64*n))
		a.Take(64, 64)
	}
	for _, s := range spans {
		a.Give(s)
	}
	return &a
}

// TestChunkSearchIsBounded: a small region is not served from any idle span, however long:
// the search goes up from the bin of its length to the next that holds one.
func TestChunkSearchIsBounded(t *testing.T) {
	for _, order := range [][]int{{10, 100, 1000, 10_000}, {10_000, 1000, 100, 10}, {100, 10_000, 10, 1000}} {
		for least, want := range map[int]int{1: 10, 10: 10, 11: 100, 100: 100, 101: 1000, 999: 1000, 1001: 10_000} {
			a := spaced(order...)
			require.Len(t, a.Take(64*least, 64*10_000).Bytes(), 64*want, "%d granules", least)
		}
		require.Nil(t, spaced(order...).Take(64*10_001, 64*10_001))
	}
}

// TestShortestOfABin: of the first eight spans of a bin the shortest that fits is taken,
// wherever it is; and one that fits is found behind any number that do not.
func TestShortestOfABin(t *testing.T) {
	granules := []int{1031, 1032, 1033, 1034, 1035, 1036, 1037, 1038} // of one bin
	for turn := range granules {
		a := spaced(append(append([]int(nil), granules[turn:]...), granules[:turn]...)...)
		for i, n := range granules {
			require.Len(t, a.Take(64*1025, 64*n).Bytes(), 64*n, "turn %d, span %d", turn, i)
		}
		require.Nil(t, a.Take(64*1025, 64*1025))
	}
	many := []int{1039}
	for range 20 {
		many = append(many, 1030)
	}
	a := spaced(many...)
	require.Len(t, a.Take(64*1039, 64*1039).Bytes(), 64*1039)
	require.Nil(t, a.Take(64*1039, 64*1039))
}

// TestPieceInUse: a piece is not whole while one byte of it is in use.
func TestPieceInUse(t *testing.T) {
	var a locked.Arena
	a.Add(make([]byte, 1))
	require.Equal(t, 1, a.Whole())
	s := a.Take(1, 64)
	require.Zero(t, a.Whole())
	require.Equal(t, 1, a.Used())
	a.Give(s)
	require.Equal(t, 1, a.Whole())
	require.Equal(t, 1, a.Largest())
}

// TestRetireDownTo: the largest pieces retire, and no more of them than it takes.
func TestRetireDownTo(t *testing.T) {
	const k = 1 << 10
	for _, c := range []struct{ keep, usable int }{
		{15 * k, 15 * k}, {14 * k, 7 * k}, {8 * k, 7 * k}, {7 * k, 7 * k}, {7*k - 1, 3 * k}, {1 * k, 1 * k}, {1*k - 1, 0}, {0, 0},
	} {
		var a locked.Arena
		for _, n := range []int{2 * k, 8 * k, 1 * k, 4 * k} {
			a.Add(make([]byte, n))
		}
		a.Recall() // of none
		a.RetireDownTo(c.keep)
		a.RetireDownTo(c.keep) // once more, which retires none
		require.Equal(t, c.usable < 15*k, a.Retired())
		sum := 0
		for n := a.Largest(); n > 0; n = a.Largest() {
			sum += len(a.Take(n, n).Bytes())
		}
		require.Equal(t, c.usable, sum, "keep %d", c.keep)
		a.Recall()
		require.False(t, a.Retired())
		require.Equal(t, 15*k-sum, a.Whole())
		require.Equal(t, sum, a.Used())
	}
}
