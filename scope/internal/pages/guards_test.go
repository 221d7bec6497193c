package pages_test

import (
	"bytes"
	"math"
	"math/rand/v2"
	"sync"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/scope/internal/pages"
)

// newGuards returns guards of the test's own; the test is skipped where pages cannot
// be protected.
func newGuards(t *testing.T, sys *pages.Faulty) *pages.Guards {
	if !pages.Supported() {
		t.Skip("no page protection on this system")
	}
	g := pages.NewOn(sys)
	t.Cleanup(g.Close)
	return g
}

// place returns a block of size bytes that are v.
func place(g *pages.Guards, size, align int, v byte) *pages.Block {
	b := g.Place(make([]byte, size), align)
	for i := range b.Bytes() {
		b.Bytes()[i] = v
	}
	return b
}

func TestClasses(t *testing.T) {
	last := -1
	for n := 1; n < 100_000; n++ {
		class := pages.ClassOf(n)
		require.True(t, class == last || class > last, "%d pages", n)
		require.GreaterOrEqual(t, pages.PagesOf(class), n)
		require.LessOrEqual(t, pages.PagesOf(class), n+n/2, "%d pages", n)
		require.Equal(t, class, pages.ClassOf(pages.PagesOf(class)))
		last = class
	}
}

// TestPlace: size, alignment, content that is NaN before it is written, and no
// overlap.
func TestPlace(t *testing.T) {
	g := newGuards(t, &pages.Faulty{})
	var blocks []*pages.Block
	for size := range 200 {
		for _, align := range []int{0, 1, 8, 64, pages.PageSize} {
			b := g.Place(make([]byte, size), align)
			require.Len(t, b.Bytes(), size)
			require.Equal(t, size, cap(b.Bytes()))
			require.Equal(t, size > 0, b.Moved())
			if size > 0 {
				require.Zero(t, b.Address()%uintptr(max(align, 1)))
			}
			if size >= 8 && align >= 8 {
				require.True(t, math.IsNaN(*(*float64)(unsafe.Pointer(&b.Bytes()[0]))))
				require.True(t, math.IsNaN(float64(*(*float32)(unsafe.Pointer(&b.Bytes()[4])))))
			}
			for i := range b.Bytes() {
				b.Bytes()[i] = byte(size + align)
			}
			blocks = append(blocks, b)
		}
	}
	for i, b := range blocks {
		align := []int{0, 1, 8, 64, pages.PageSize}[i%5]
		require.Equal(t, bytes.Repeat([]byte{byte(i/5 + align)}, i/5), b.Bytes())
	}
	require.Empty(t, g.Release(blocks, 0))
	require.Zero(t, g.Live())
}

// TestTooAligned: an alignment above a page is not served, the block is the original.
func TestTooAligned(t *testing.T) {
	g := newGuards(t, &pages.Faulty{})
	mem := make([]byte, 10)
	b := g.Place(mem, 2*pages.PageSize)
	require.False(t, b.Moved())
	require.Same(t, &mem[0], &b.Bytes()[0])
	require.Empty(t, g.Release([]*pages.Block{b}, 0))
	require.NotEqual(t, make([]byte, 10), mem, "poisoned")
}

// TestQuarantine: as long as there are fresh pages no address is used again; then the
// one that was released first is.
func TestQuarantine(t *testing.T) {
	const spans = 500
	g := newGuards(t, &pages.Faulty{Pages: 1 + 2*spans})
	var order []uintptr
	for range spans {
		b := place(g, 100, 1, 1)
		require.True(t, b.Moved())
		require.NotContains(t, order, b.Address())
		order = append(order, b.Address())
		require.Empty(t, g.Release([]*pages.Block{b}, 0))
	}
	for _, want := range order {
		b := place(g, 100, 1, 1)
		require.Equal(t, want, b.Address())
		require.Empty(t, g.Release([]*pages.Block{b}, 0))
	}
	large := place(g, 3*pages.PageSize, 1, 1)
	require.False(t, large.Moved(), "there is no span of that size, and no fresh page")
}

// TestBooksAreBounded: in a long run spans are used again before the addresses are
// exhausted, so that the books do not grow for ever.
func TestBooksAreBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("100 000s of system calls")
	}
	sys := &pages.Faulty{}
	g := newGuards(t, sys)
	seen := map[uintptr]bool{}
	for range pages.MaxSpans + 1000 {
		b := place(g, 8, 8, 1)
		require.True(t, b.Moved())
		seen[b.Address()] = true
		g.Release([]*pages.Block{b}, 0)
	}
	require.Len(t, seen, pages.MaxSpans)
	require.Less(t, sys.Discarded, sys.Shut/50, "memory is given back in large pieces")
}

// TestRandom places and releases blocks in random order, on many and on few pages,
// and compares the content of all that live with what was written.
func TestRandom(t *testing.T) {
	for _, sys := range []*pages.Faulty{{}, {Pages: 60}, {Blocks: 7}, {Pages: 200, Blocks: 30}} {
		random(t, newGuards(t, sys), 3000, 1)
	}
}

// random runs n random operations.
func random(t *testing.T, g *pages.Guards, n int, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 2))
	var live []*pages.Block
	var marks []byte
	for range n {
		if rng.IntN(2) == 0 || len(live) == 0 {
			marks = append(marks, byte(rng.Uint32()))
			live = append(live, place(g, 1+rng.IntN(3*pages.PageSize)>>rng.IntN(12), 1<<rng.IntN(8), marks[len(marks)-1]))
		} else {
			i := rng.IntN(len(live))
			k := min(i+1+rng.IntN(5), len(live))
			require.Empty(t, g.Release(live[i:k], 0))
			live = append(live[:i:i], live[k:]...)
			marks = append(marks[:i:i], marks[k:]...)
		}
		for i, b := range live {
			require.Equal(t, len(b.Bytes()), bytes.Count(b.Bytes(), marks[i:i+1]), "content of block %d", i)
		}
	}
	require.Empty(t, g.Release(live, 0))
	require.Zero(t, g.Live())
}

// TestConcurrent: the same by several goroutines at once.
func TestConcurrent(t *testing.T) {
	g := newGuards(t, &pages.Faulty{Pages: 3000})
	var all sync.WaitGroup
	for range 6 {
		all.Go(func() {
			var live []*pages.Block
			for i := range 2000 {
				b := place(g, 1+i%300, 8, byte(i))
				if live = append(live, b); i%10 == 9 {
					for k, b := range live {
						if len(b.Bytes()) != bytes.Count(b.Bytes(), []byte{byte(i - 9 + k)}) {
							t.Error("content changed")
						}
					}
					g.Release(live, 0)
					live = nil
				}
			}
		})
	}
	all.Wait()
	require.Zero(t, g.Live())
}
