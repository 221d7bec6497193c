package offheap_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/offheap"
)

// TestDiscardRange: the system is asked to discard the whole pages in the memory given,
// and nothing beside them.
func TestDiscardRange(t *testing.T) {
	needMmap(t)
	page := os.Getpagesize()
	for _, opts := range [][]offheap.MmapOption{nil, {offheap.HugePages()}} {
		sys := newFlaky()
		pages := offheap.MmapOn(sys, opts...)
		heap := offheap.NewHeap("", pages)
		mem, err := heap.Acquire(4 << 20)
		require.NoError(t, err)
		for _, source := range []bumper.Discarder{pages, heap} {
			for _, c := range []struct{ from, to, first, last int }{
				{0, len(mem), 0, len(mem)},
				{0, page, 0, page},
				{1, 3 * page, page, 3 * page},
				{page, 3*page - 1, page, 2 * page},
				{page - 1, 2*page + 1, page, 2 * page},
				{len(mem) - page, len(mem), len(mem) - page, len(mem)},
				{0, page - 1, 0, 0},
				{1, page, 0, 0},
				{page + 1, 2*page + 1, 0, 0},
				{page - 1, page + 1, 0, 0},
				{5, 5, 0, 0},
				{len(mem), len(mem), 0, 0},
			} {
				sys.discarded = nil
				source.Discard(mem[c.from:c.to])
				if c.first == c.last {
					require.Empty(t, sys.discarded, "%v", c)
					continue
				}
				require.Len(t, sys.discarded, 1, "%v", c)
				got := sys.discarded[0]
				require.Equal(t, [2]uintptr{addr(mem) + uintptr(c.first), uintptr(c.last - c.first)}, [2]uintptr{addr(got), uintptr(len(got))}, "%v", c)
			}
		}
		require.Equal(t, 1, heap.Stats().Blocks, "the block stays")
		mem[0], mem[len(mem)-1] = 1, 1
		require.NoError(t, heap.Check())
		heap.Release(mem)
		require.NoError(t, heap.Close())
	}
}

// TestDiscardErrors: memory of others is never discarded, and every mistake is recorded.
func TestDiscardErrors(t *testing.T) {
	needMmap(t)
	page := os.Getpagesize()
	sys := newFlaky()
	pages := offheap.MmapOn(sys)
	heap := offheap.NewHeap("", pages)
	mem, err := heap.Acquire(4 * page)
	require.NoError(t, err)
	gone, err := heap.Acquire(4 * page)
	require.NoError(t, err)
	heap.Release(gone)
	strangers, err := pages.Acquire(4 * page)
	require.NoError(t, err)
	own := make([]byte, 4*page)
	own[page] = 1
	room := make([]byte, 64<<10) // an object of its own, which begins at a page
	onLiar := offheap.NewHeap("", &liar{mem: room[4096:8192]})
	_, err = onLiar.Acquire(4096)
	require.NoError(t, err)

	for name, c := range map[string]struct {
		source interface {
			bumper.Discarder
			Check() error
		}
		mem []byte
	}{
		"freed":                {heap, gone},
		"the Go heap's":        {heap, own},
		"of upstream's others": {heap, strangers},
		"beyond the end":       {onLiar, room[4096:8193]},
		"before the beginning": {onLiar, room[4095:8192]},
		"behind":               {onLiar, room[8192:12288]},
		"before":               {onLiar, room[:4096]},
	} {
		before := c.source.Check()
		c.source.Discard(c.mem)
		require.NotEqual(t, before, c.source.Check(), name)
		require.Regexp(t, `offheap: discard of \d+ bytes at 0x[0-9a-f]+: not within a live block`, c.source.Check().Error(), name)
	}
	pages.Discard(own)
	require.ErrorContains(t, pages.Err(), "not within a live block")
	require.Empty(t, sys.discarded)
	require.Equal(t, byte(1), own[page])

	before := onLiar.Check()
	onLiar.Discard(nil)
	onLiar.Discard(room[:0])
	onLiar.Discard(room[4096:8192]) // its source is no Discarder
	require.Equal(t, before, onLiar.Check())
	require.Equal(t, 1, onLiar.Stats().Blocks)

	sys.failDiscard = true
	heap.Discard(mem)
	require.ErrorIs(t, heap.Check(), errNoAdvice)
	require.ErrorContains(t, heap.Check(), fmt.Sprintf("offheap: discard of %d bytes at %#x: ", 4*page, addr(mem)))
	mem[0] = 1
}
