package pages_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/scope/internal/pages"
)

// TestReserveFails: then all blocks stay where they are, and are poisoned.
func TestReserveFails(t *testing.T) {
	g := newGuards(t, &pages.Faulty{RefuseReserve: true})
	for range 3 {
		b := place(g, 100, 8, 7)
		require.False(t, b.Moved())
		require.Equal(t, bytes.Repeat([]byte{7}, 100), b.Bytes())
		require.Empty(t, g.Release([]*pages.Block{b}, 0))
		require.Equal(t, byte(0xAD), b.Bytes()[0])
	}
	_, ok := g.Explain(1)
	require.False(t, ok)
}

// nth returns what is true at the n-th call only.
func nth(n int) func() bool {
	return func() bool { n--; return n == 0 }
}

// TestOpenFails fails each opening in turn: that block stays where it was, and nothing
// is lost.
func TestOpenFails(t *testing.T) {
	for n := 1; n <= 12; n++ {
		sys := &pages.Faulty{Pages: 9, RefuseOpen: nth(n)} // spans for four
		g := newGuards(t, sys)
		for round := range 3 {
			var blocks []*pages.Block
			for i := range 4 {
				b := place(g, 100, 8, byte(i))
				require.Equal(t, 4*round+i+1 != n, b.Moved(), "block %d", i)
				blocks = append(blocks, b)
			}
			for i, b := range blocks {
				require.Equal(t, bytes.Repeat([]byte{byte(i)}, 100), b.Bytes())
			}
			require.Empty(t, g.Release(blocks, 0))
			require.Zero(t, g.Live())
		}
	}
}

// TestShutFails fails each shutting in turn: the block is poisoned, its address is
// never used again, and it goes on counting.
func TestShutFails(t *testing.T) {
	for n := 1; n <= 10; n++ {
		g := newGuards(t, &pages.Faulty{Pages: 13, RefuseShut: nth(n)}) // spans for six
		var lost uintptr
		for i := 1; i <= 30; i++ {
			b := place(g, 100, 8, 7)
			require.True(t, b.Moved())
			require.NotEqual(t, lost, b.Address())
			address, mem := b.Address(), b.Bytes()
			require.Empty(t, g.Release([]*pages.Block{b}, 0))
			if i == n {
				lost = address
				require.Equal(t, byte(0xAD), mem[0], "poisoned, and readable")
			}
		}
		require.Equal(t, 1, g.Live())
	}
}

// TestShutAlwaysFails: even then nobody gets memory that somebody else has.
func TestShutAlwaysFails(t *testing.T) {
	g := newGuards(t, &pages.Faulty{Pages: 13, RefuseShut: func() bool { return true }})
	seen := map[uintptr]bool{}
	for i := range 30 {
		b := place(g, 100, 8, 7)
		require.Equal(t, i < 6, b.Moved())
		require.False(t, b.Moved() && seen[b.Address()])
		seen[b.Address()] = true
		require.Empty(t, g.Release([]*pages.Block{b}, 0))
	}
}
