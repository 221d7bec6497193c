package pages_test

import (
	"bytes"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/scope/internal/pages"
)

// mappings counts the mappings of the process.
func mappings(t *testing.T) int {
	if runtime.GOOS != "linux" {
		t.Skip("mappings are counted on Linux only")
	}
	text, err := os.ReadFile("/proc/self/maps")
	require.NoError(t, err)
	return bytes.Count(text, []byte("\n"))
}

// number reads a number of the system's.
func number(t *testing.T, path string, field int) int {
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	n, err := strconv.Atoi(strings.Fields(string(text))[field])
	require.NoError(t, err)
	return n
}

// TestBudget: with 20 000 live blocks, the process has less than a tenth of the
// mappings that it may have. The blocks beyond the budget are where they were, and
// are poisoned in the end. When all are released, the mappings are joined again.
func TestBudget(t *testing.T) {
	before := mappings(t)
	g := newGuards(t, &pages.Faulty{})
	var blocks []*pages.Block
	moved := 0
	for i := range 20_000 {
		b := place(g, 100, 8, byte(i))
		blocks = append(blocks, b)
		if b.Moved() {
			moved++
		}
	}
	most := number(t, "/proc/sys/vm/max_map_count", 0) / 10
	require.Less(t, mappings(t), most)
	require.Equal(t, moved, g.Live())
	require.Greater(t, moved, most/4, "and the budget is used")
	for i, b := range blocks {
		require.Equal(t, bytes.Repeat([]byte{byte(i)}, 100), b.Bytes())
	}
	require.Empty(t, g.Release(blocks, 0))
	for _, b := range blocks {
		if !b.Moved() {
			require.Equal(t, []byte{0xAD, 0xDE, 0xF4, 0x7F}, b.Bytes()[:4], "poisoned")
		}
	}
	require.Less(t, mappings(t), before+20)
	require.True(t, place(g, 100, 8, 1).Moved(), "the budget is free again")
}

// TestMappingsAreJoined: releasing in any order leaves no mappings behind, however
// long it goes on.
func TestMappingsAreJoined(t *testing.T) {
	before := mappings(t)
	g := newGuards(t, &pages.Faulty{})
	for seed := range uint64(5) {
		random(t, g, 1000, seed)
	}
	require.Less(t, mappings(t), before+20)
}

// TestMemoryIsGivenBack: a gigabyte that passes through does not stay resident.
func TestMemoryIsGivenBack(t *testing.T) {
	mappings(t) // or skip
	g := newGuards(t, &pages.Faulty{})
	resident := func() int { return number(t, "/proc/self/statm", 1) * os.Getpagesize() }
	mem := make([]byte, 64<<10)
	runtime.GC()
	before := resident()
	for range 16_000 {
		b := g.Place(mem, 64)
		require.True(t, b.Moved())
		g.Release([]*pages.Block{b}, 0)
	}
	require.Less(t, resident()-before, 64<<20)
}
