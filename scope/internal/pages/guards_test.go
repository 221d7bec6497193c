package pages_test

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
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

// TestReuseAfterCleaning: memory that is to be given back is, before its span is used again:
// later the next block would lose its content.
func TestReuseAfterCleaning(t *testing.T) {
	sys := &pages.Faulty{Pages: 1 + 2*4} // spans for four
	g := newGuards(t, sys)
	var blocks []*pages.Block
	for range 4 {
		blocks = append(blocks, place(g, 3000, 1, 1))
	}
	require.Empty(t, g.Release(blocks[:1], 0))
	require.Zero(t, sys.Discarded, "collected")
	again := place(g, 100, 1, 2)
	require.Equal(t, blocks[0].Address()+2900, again.Address())
	require.Equal(t, 1, sys.Discarded)
	require.Empty(t, g.Release(blocks[1:2], 0))
	require.Empty(t, g.Release(blocks[3:], 0), "which is elsewhere: the first is given back")
	require.Equal(t, 2, sys.Discarded)
	require.Equal(t, blocks[1].Address()+2900, place(g, 100, 1, 3).Address())
	require.Equal(t, 2, sys.Discarded, "that one was clean")
	require.Equal(t, bytes.Repeat([]byte{2}, 100), again.Bytes())
	if runtime.GOOS == "linux" { // elsewhere memory stays with its addresses
		before := unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(&again.Bytes()[0]), -2900)), 2800)
		require.Equal(t, make([]byte, 2800), before, "nothing is left of the block that was there")
	}
}

// TestNeighboursAreCleanedTogether: the memory of spans side by side is collected.
func TestNeighboursAreCleanedTogether(t *testing.T) {
	sys := &pages.Faulty{}
	g := newGuards(t, sys)
	for range 20 {
		require.Empty(t, g.Release([]*pages.Block{place(g, 100, 1, 1)}, 0))
	}
	require.Zero(t, sys.Discarded)

	sys = &pages.Faulty{}
	g = newGuards(t, sys)
	var blocks []*pages.Block
	for range 20 {
		blocks = append(blocks, place(g, 100, 1, 1))
	}
	for i := range blocks { // backwards
		require.Empty(t, g.Release(blocks[19-i:20-i], 0))
	}
	require.Zero(t, sys.Discarded)
}

// TestCleanIsNotCleaned: a span beside those that are to be given back is used as it is.
func TestCleanIsNotCleaned(t *testing.T) {
	for _, order := range [][]int{{1, 3, 0}, {2, 0}, {0, 2, 1}} {
		sys := &pages.Faulty{Pages: 1 + 2*4} // spans for four
		g := newGuards(t, sys)
		var blocks []*pages.Block
		for range 4 {
			blocks = append(blocks, place(g, 100, 1, 1))
		}
		for _, i := range order {
			require.Empty(t, g.Release(blocks[i:i+1], 0))
		}
		cleaned := sys.Discarded
		require.Equal(t, blocks[order[0]].Address(), place(g, 100, 1, 1).Address())
		require.Equal(t, cleaned, sys.Discarded, "%v", order)
	}
}

// TestQueue: a queue does not grow with what passes through it.
func TestQueue(t *testing.T) {
	require.LessOrEqual(t, pages.QueueLength(1000), 1)
}

// TestReservation: addresses are reserved once, at the first block that has bytes, whether
// that succeeds or not.
func TestReservation(t *testing.T) {
	for _, refuse := range []bool{false, true} {
		sys := &pages.Faulty{RefuseReserve: refuse}
		g := newGuards(t, sys)
		require.False(t, place(g, 0, 1, 0).Moved())
		require.Zero(t, sys.Reserved)
		for range 3 {
			require.Equal(t, !refuse, place(g, 100, 1, 1).Moved())
		}
		require.Equal(t, 1, sys.Reserved)
		if !refuse {
			require.LessOrEqual(t, uint64(g.Reservation()), uint64(1)<<36)
			require.GreaterOrEqual(t, g.Reservation(), 1<<24)
		}
	}
}

// TestBlocks: so many blocks are in use at a time as the system allows, not one more.
func TestBlocks(t *testing.T) {
	g := newGuards(t, &pages.Faulty{Blocks: 3})
	var blocks []*pages.Block
	for i := range 5 {
		blocks = append(blocks, place(g, 100, 1, 1))
		require.Equal(t, i < 3, blocks[i].Moved())
		require.Equal(t, min(i+1, 3), g.Live())
	}
	require.Empty(t, g.Release(blocks[:1], 0))
	require.Equal(t, 2, g.Live())
	require.True(t, place(g, 100, 1, 1).Moved())
	require.False(t, place(g, 100, 1, 1).Moved())
}

// TestLargeSpanServesSmall: when no other pages are left, a small block gets a large span.
func TestLargeSpanServesSmall(t *testing.T) {
	g := newGuards(t, &pages.Faulty{Pages: 1 + 16})
	large := place(g, 15*pages.PageSize, 1, 1)
	require.True(t, large.Moved())
	require.False(t, place(g, 100, 1, 1).Moved())
	require.Empty(t, g.Release([]*pages.Block{large}, 0))
	small := place(g, 100, 1, 2)
	require.True(t, small.Moved())
	require.Equal(t, large.Address()+uintptr(15*pages.PageSize-100), small.Address())
}

// place2 places two blocks on a list whose scope lives.
func place2(l *pages.List) (one, two []byte) {
	alive := func() bool { return true }
	return l.Place(make([]byte, 100), 64, alive, nil).Bytes(), l.Place(make([]byte, 100), 64, alive, nil).Bytes()
}

// TestList: every damaged block of a scope is reported once, with the end of the scope.
func TestList(t *testing.T) {
	newGuards(t, &pages.Faulty{}) // or skip
	var l pages.List
	for range 3 {
		one, two := place2(&l)
		damage(one)
		damage(two)
		l.Release(0, func() string { return "an end" })
		require.Regexp(t, `(?s)^write behind .*whose scope has an end; write behind .*whose scope has an end$`, pages.TakeOverruns())
		require.Empty(t, pages.TakeOverruns())
		place2(&l)
		l.Release(0, func() string { panic("not asked for") })
		require.Empty(t, pages.TakeOverruns())
	}
	mem := make([]byte, 100)
	require.Nil(t, l.Place(mem, 64, func() bool { return false }, nil))
	l.Release(0, func() string { return "" })
	require.Equal(t, make([]byte, 100), mem, "a block that came too late is not the list's")
}

// TestListReleaseOne: a block that ends before its scope ends once, the others with the scope,
// and a kept one is not touched.
func TestListReleaseOne(t *testing.T) {
	newGuards(t, &pages.Faulty{}) // or skip
	var l pages.List
	var ended []string
	note := func(name string) func(uintptr) {
		return func(pc uintptr) { ended = append(ended, fmt.Sprint(name, pc)) }
	}
	alive := func() bool { return true }
	place := func(name string) *pages.Block { return l.Place(make([]byte, 100), 64, alive, note(name)) }
	a, b, c := place("a"), place("b"), place("c")
	kept := l.Keep(bytes.Repeat([]byte{7}, 10), alive, note("kept"))
	require.False(t, kept.Moved())
	require.Nil(t, l.Keep(nil, func() bool { return false }, nil))
	damage(a.Bytes())
	damage(b.Bytes())

	for range 2 {
		l.ReleaseOne(b, 4, func() string { return "its own end" })
	}
	require.Equal(t, 1, strings.Count(pages.TakeOverruns(), "whose scope has its own end"))
	require.Empty(t, ended, "by a scope")
	require.NotZero(t, touch(b, 0), "inaccessible")
	require.Zero(t, touch(c, 0))
	l.ReleaseOne(place("d"), 4, func() string { return "its own end" })

	l.Release(5, func() string { return "the end" })
	require.Equal(t, 1, strings.Count(pages.TakeOverruns(), "whose scope has the end"))
	require.Equal(t, []string{"a5", "c5", "kept5"}, ended)
	require.NotZero(t, touch(c, 0))
	require.Equal(t, bytes.Repeat([]byte{7}, 10), kept.Bytes())
}

// damage writes behind a block.
func damage(block []byte) {
	*(*byte)(unsafe.Add(unsafe.Pointer(&block[0]), len(block))) = 1
}

// TestListsConcurrently: lists are used by several goroutines, also one list by many, and
// no report is lost or told twice.
func TestListsConcurrently(t *testing.T) {
	newGuards(t, &pages.Faulty{}) // or skip
	var all, takers sync.WaitGroup
	var shared pages.List
	var done atomic.Bool
	var reports atomic.Int64
	take := func() { reports.Add(int64(strings.Count(pages.TakeOverruns(), "write behind"))) }
	takers.Go(func() {
		for !done.Load() {
			take()
		}
	})
	const goroutines, rounds = 4, 200
	for range goroutines {
		all.Go(func() {
			var own pages.List
			for range rounds {
				one, two := place2(&own)
				damage(one)
				damage(two)
				own.Release(0, func() string { return "ended" })
				shared.Place(make([]byte, 10), 8, func() bool { return true }, nil)
				shared.Release(0, func() string { return "ended" })
			}
		})
	}
	all.Wait()
	done.Store(true)
	takers.Wait()
	take()
	require.EqualValues(t, 2*goroutines*rounds, reports.Load())
}

// TestListReleaseOneConcurrently: goroutines that release single blocks of one list end no others.
func TestListReleaseOneConcurrently(t *testing.T) {
	var all sync.WaitGroup
	var list pages.List
	var ended atomic.Int64
	const goroutines, rounds = 4, 2000
	for range goroutines {
		all.Go(func() {
			for range rounds {
				keep := func() *pages.Block {
					return list.Keep(nil, func() bool { return true }, func(uintptr) { ended.Add(1) })
				}
				keep()
				one := keep()
				keep()
				list.ReleaseOne(one, 0, func() string { return "ended" })
			}
		})
	}
	all.Wait()
	require.Zero(t, ended.Load())
	list.Release(0, func() string { return "ended" })
	require.EqualValues(t, 2*goroutines*rounds, ended.Load())
}

// TestPoison: memory of every length is full of the pattern.
func TestPoison(t *testing.T) {
	pattern := []byte{0xAD, 0xDE, 0xF4, 0x7F}
	for n := range 200 {
		mem := make([]byte, n+1)
		pages.Poison(mem[:n])
		require.Equal(t, append(bytes.Repeat(pattern, n/4+1)[:n:n], 0), mem)
	}
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
	require.True(t, place(g, 9*pages.PageSize, 1, 1).Moved(), "no span of that size was used before")
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
				if f, ok := g.Explain(b.Address()); !ok || !f.Inside || g.Live() == 0 {
					t.Error("the block is not known")
				}
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
