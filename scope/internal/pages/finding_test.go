package pages_test

import (
	"fmt"
	"runtime/debug"
	"slices"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/scope/internal/pages"
)

// touch writes one byte offset bytes from the begin of a block, and returns at which
// address it faulted, 0 if it did not.
func touch(b *pages.Block, offset int) (fault uintptr) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if f, ok := recover().(interface{ Addr() uintptr }); ok {
			fault = f.Addr()
		}
	}()
	*(*byte)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(b.Bytes())), offset)) ^= 0xFF
	return 0
}

// TestOverruns writes one byte behind, and one before, blocks of all sizes around a
// cache line and a page, at all alignments: each is found, at once or in the end.
func TestOverruns(t *testing.T) {
	g := newGuards(t, &pages.Faulty{})
	sizes := []int{4095, 4096, 4097, pages.PageSize - 1, pages.PageSize, pages.PageSize + 1}
	for n := 1; n <= 130; n++ {
		sizes = append(sizes, n)
	}
	for _, size := range sizes {
		for _, align := range []int{1, 2, 4, 8, 16, 32, 64, 128, 256, 4096} {
			for _, offset := range []int{size, -1} {
				requireFound(t, g, size, align, offset)
			}
		}
	}
	require.Zero(t, g.Live())
}

func requireFound(t *testing.T, g *pages.Guards, size, align, offset int) {
	b := g.Place(make([]byte, size), align)
	address := touch(b, offset)
	side := map[bool]string{true: "before", false: "behind"}[offset < 0]
	if address != 0 {
		f, ok := g.Explain(address)
		require.True(t, ok)
		require.Contains(t, f.What, fmt.Sprintf("byte %d of a block of %d bytes allocated at\n", offset, size))
		require.Contains(t, f.What, "finding_test.go:")
		require.False(t, f.Inside || f.Released)
		require.Empty(t, g.Release([]*pages.Block{b}, 0))
		return
	}
	broken := g.Release([]*pages.Block{b}, 0)
	require.Len(t, broken, 1, "size %d, align %d, offset %d", size, align, offset)
	require.Contains(t, broken[0], fmt.Sprintf("write %s a block of %d bytes allocated at\n", side, size))
	require.Contains(t, broken[0], "finding_test.go:")
}

// TestNoFalseFindings: writing all bytes of blocks of all sizes is fine.
func TestNoFalseFindings(t *testing.T) {
	g := newGuards(t, &pages.Faulty{})
	for size := range 300 {
		b := place(g, size, 8, 0xC3)
		for i := range size {
			require.Zero(t, touch(b, i))
		}
		require.Empty(t, g.Release([]*pages.Block{b}, 0))
	}
}

// TestExplain: released blocks fault at each byte, and are told from their neighbours,
// with the place where their scope ended.
func TestExplain(t *testing.T) {
	g := newGuards(t, &pages.Faulty{})
	var blocks []*pages.Block
	for i := range 20 {
		blocks = append(blocks, place(g, 100*(i+1), 8, 1))
	}
	for i, b := range blocks {
		if i%3 != 0 {
			g.Release([]*pages.Block{b}, uintptr(1000+i))
		}
	}
	for i, b := range blocks {
		for _, offset := range []int{0, len(b.Bytes()) - 1} {
			f, ok := g.Explain(b.Address() + uintptr(offset))
			require.True(t, ok)
			require.Equal(t, i%3 != 0, f.Released)
			require.True(t, f.Inside)
			require.Contains(t, f.What, fmt.Sprintf("byte %d of a block of %d bytes ", offset, len(b.Bytes())))
			if f.Released {
				require.Equal(t, uintptr(1000+i), f.End)
				require.Equal(t, b.Address()+uintptr(offset), touch(b, offset), "faults there")
			}
		}
	}
	for _, address := range []uintptr{0, 1, ^uintptr(0), uintptr(unsafe.Pointer(&blocks)), slices.MaxFunc(blocks, byAddress).Address() + 1<<20} {
		_, ok := g.Explain(address)
		require.False(t, ok, "%#x", address)
	}
	require.Empty(t, g.Release(slices.DeleteFunc(blocks, func(b *pages.Block) bool { return touch(b, 0) != 0 }), 0))
}

// TestExplainBetween: of what lies between two blocks, the nearer one is told; before the
// first block is a page that belongs to it.
func TestExplainBetween(t *testing.T) {
	g := newGuards(t, &pages.Faulty{})
	a, b := place(g, pages.PageSize, 1, 1), place(g, 100, 1, 1)
	last, next := a.Address()+uintptr(pages.PageSize)-1, b.Address()
	middle := last + (next-last)/2 // a sum would overflow 32 bits
	for address, want := range map[uintptr]string{
		a.Address() - 1: fmt.Sprintf("byte -1 of a block of %d bytes", pages.PageSize),
		last:            fmt.Sprintf("byte %d of a block of %d bytes", pages.PageSize-1, pages.PageSize),
		middle:          fmt.Sprintf("byte %d of a block of %d bytes", middle-a.Address(), pages.PageSize),
		middle + 1:      fmt.Sprintf("byte %d of a block of 100 bytes", -int(next-middle-1)),
		next:            "byte 0 of a block of 100 bytes",
	} {
		f, ok := g.Explain(address)
		require.True(t, ok)
		require.Contains(t, f.What, want)
		require.Equal(t, address == last || address == next, f.Inside)
	}
	require.Equal(t, a.Address()-1, touch(a, -1))
	require.Empty(t, g.Release([]*pages.Block{a, b}, 0))
}

func byAddress(a, b *pages.Block) int { return int(a.Address()) - int(b.Address()) }
