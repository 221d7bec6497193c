package offheap_test

import (
	"bytes"
	"fmt"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/offheap"
)

func addr[T any](mem []T) uintptr { return uintptr(unsafe.Pointer(unsafe.SliceData(mem))) }

func TestAcquire(t *testing.T) {
	needMmap(t)
	page := os.Getpagesize()
	for _, test := range []struct {
		name        string
		opts        []offheap.MmapOption
		size, given int
		align       int
	}{
		{"one byte", nil, 1, page, page},
		{"a page less one", nil, page - 1, page, page},
		{"a page", nil, page, page, page},
		{"a page and one", nil, page + 1, 2 * page, page},
		{"large", nil, 5<<20 + 1, 5<<20 + page, page},
		{"too small for a huge page", []offheap.MmapOption{offheap.HugePages()}, 2<<20 - page, 2<<20 - page, page},
		{"a huge page", []offheap.MmapOption{offheap.HugePages()}, 2 << 20, 2 << 20, 2 << 20},
		{"huge pages", []offheap.MmapOption{offheap.HugePages()}, 5 << 20, 6 << 20, 2 << 20},
	} {
		t.Run(test.name, func(t *testing.T) {
			pages := offheap.Mmap(test.opts...)
			mem, err := pages.Acquire(test.size)
			require.NoError(t, err)
			require.Len(t, mem, test.given)
			require.Equal(t, test.given, cap(mem))
			require.Zero(t, addr(mem)%uintptr(test.align))
			require.Empty(t, bytes.Trim(mem, "\x00"), "not zeroed")
			for i := range mem {
				mem[i] = 1
			}
			require.Equal(t, 1, pages.Stats().Pieces)
			require.GreaterOrEqual(t, pages.Stats().Mapped, test.given)
			pages.Release(mem[:1]) // where it begins is what counts
			require.Equal(t, offheap.PagesStats{}, pages.Stats())
			if strings.HasPrefix(test.name, "huge") {
				t.Log(pages.Err()) // a kernel without huge pages may refuse
			} else {
				require.NoError(t, pages.Err())
			}
		})
	}
}

// TestReleasedMemoryIsGone: not soon, at once.
func TestReleasedMemoryIsGone(t *testing.T) {
	needMmap(t)
	pages := offheap.Mmap()
	mem, err := pages.Acquire(64 << 20)
	require.NoError(t, err)
	mem[32<<20] = 1
	pages.Release(mem)
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	require.Panics(t, func() { mem[32<<20]++ })
}

func TestAcquireErrors(t *testing.T) {
	needMmap(t)
	for _, pages := range []*offheap.Pages{offheap.Mmap(), offheap.Mmap(offheap.HugePages())} {
		const most = int(^uint(0) >> 1)
		for _, size := range []int{most, most - 1, most - 4096, most &^ (2<<20 - 1), most - 2<<20, most/2 + 1} {
			if strconv.IntSize == 32 {
				break // half of all addresses may well be free
			}
			_, err := pages.Acquire(size)
			require.ErrorContains(t, err, fmt.Sprintf("offheap: mmap of %d bytes: ", size))
		}
		require.PanicsWithValue(t, "offheap: Acquire: size 0 is not positive", func() { _, _ = pages.Acquire(0) })
		require.PanicsWithValue(t, "offheap: Acquire: size -1 is not positive", func() { _, _ = pages.Acquire(-1) })
		require.Equal(t, offheap.PagesStats{}, pages.Stats())
	}
}

func TestReleaseErrors(t *testing.T) {
	needMmap(t)
	var reported []error
	pages := offheap.Mmap(offheap.OnError(func(err error) { reported = append(reported, err) }))
	mem, err := pages.Acquire(3 * os.Getpagesize())
	require.NoError(t, err)
	for _, wrong := range [][]byte{nil, make([]byte, 10), mem[1:], mem[os.Getpagesize():]} {
		pages.Release(wrong)
	}
	require.Len(t, reported, 4)
	for _, err := range reported {
		require.ErrorIs(t, err, offheap.ErrUnknown)
	}
	mem[0] = 1 // still mapped
	pages.Leaked(mem, "main.go:17")
	require.Len(t, reported, 5)
	require.ErrorIs(t, pages.Err(), offheap.ErrLeak)
	require.ErrorContains(t, pages.Err(), "main.go:17")
	pages.Release(mem)
	require.Len(t, reported, 6)
	require.Equal(t, offheap.PagesStats{}, pages.Stats())
}

// TestStuck: a piece that the system refuses to unmap stays in the records, and goes with
// the next release that works.
func TestStuck(t *testing.T) {
	needMmap(t)
	sys := newFlaky()
	pages := offheap.MmapOn(sys)
	a, err := pages.Acquire(4096)
	require.NoError(t, err)
	b, err := pages.Acquire(4096)
	require.NoError(t, err)
	sys.failMunmap = 1
	pages.Release(a)
	require.Equal(t, offheap.PagesStats{Mapped: len(a) + len(b), Pieces: 1, Stuck: 1}, pages.Stats())
	require.ErrorIs(t, pages.Err(), errNoMemory)
	require.ErrorContains(t, pages.Err(), "offheap: munmap of ")
	require.Contains(t, pages.String(), "in 1 pieces, 1 stuck")
	a[0] = 1 // or this would end the program
	pages.Release(b)
	require.Equal(t, offheap.PagesStats{}, pages.Stats())
}

func TestRefusedAdvice(t *testing.T) {
	needMmap(t)
	sys := newFlaky()
	sys.failAdvice = true
	pages := offheap.MmapOn(sys, offheap.HugePages())
	mem, err := pages.Acquire(3 << 20)
	require.NoError(t, err, "it is only advice")
	mem[0], mem[len(mem)-1] = 1, 1
	require.Equal(t, 1, sys.advices)
	require.ErrorIs(t, pages.Err(), errNoAdvice)
	pages.Release(mem)
	require.Equal(t, offheap.PagesStats{}, pages.Stats())
}

// shifted is a system that maps at the worst place for huge pages, and is asked for
// advice only about what they can back.
type shifted struct {
	flaky
	mapped, unmapped []byte
	advised          []byte
}

const huge = 2 << 20

func (s *shifted) Mmap(size int) ([]byte, error) {
	room := make([]byte, size+2*huge)
	start := int(-addr(room)&(huge-1)) + 3*4096
	s.mapped = room[start : start+size : start+size]
	return s.mapped, nil
}

func (s *shifted) Munmap(mem []byte) error { s.unmapped = mem; return nil }

func (s *shifted) AdviseHuge(mem []byte) error { s.advised = mem; return nil }

func TestHugePagesAligned(t *testing.T) {
	sys := &shifted{flaky: *newFlaky()}
	pages := offheap.MmapOn(sys, offheap.HugePages())
	mem, err := pages.Acquire(3 << 20)
	require.NoError(t, err)
	require.Zero(t, addr(mem)%huge)
	require.Len(t, mem, 2*huge)
	require.Equal(t, [2]any{addr(mem), len(mem)}, [2]any{addr(sys.advised), len(sys.advised)})
	require.LessOrEqual(t, addr(sys.mapped), addr(mem))
	require.LessOrEqual(t, addr(mem)+uintptr(len(mem)), addr(sys.mapped)+uintptr(len(sys.mapped)))
	require.Equal(t, len(sys.mapped), pages.Stats().Mapped)
	pages.Release(mem)
	require.Equal(t, [2]any{addr(sys.mapped), len(sys.mapped)}, [2]any{addr(sys.unmapped), len(sys.unmapped)}, "all of the mapping")
	require.Equal(t, offheap.PagesStats{}, pages.Stats())
}

// TestStuckForLonger: as long as the system refuses, a piece stays where it is.
func TestStuckForLonger(t *testing.T) {
	needMmap(t)
	sys := newFlaky()
	pages := offheap.MmapOn(sys)
	var pieces [4][]byte
	for i := range pieces {
		var err error
		pieces[i], err = pages.Acquire(4096)
		require.NoError(t, err)
	}
	each := len(pieces[0])
	sys.failMunmap = 1
	pages.Release(pieces[0])
	sys.failMunmap = 3
	pages.Release(pieces[1]) // works, the retry does not
	require.Equal(t, offheap.PagesStats{Mapped: 3 * each, Pieces: 2, Stuck: 1}, pages.Stats())
	pieces[0][0] = 1 // or this would end the program
	sys.failMunmap = 4
	pages.Release(pieces[2])
	require.Equal(t, offheap.PagesStats{Mapped: 3 * each, Pieces: 1, Stuck: 2}, pages.Stats())
	pages.Release(pieces[3])
	require.Equal(t, offheap.PagesStats{}, pages.Stats())
}

// asked is a system that is asked for memory and never gives any.
type asked struct {
	flaky
	size int
}

func (a *asked) Mmap(size int) ([]byte, error) { a.size = size; return nil, errNoMemory }

// TestAbsurdSizes: no size is so large that rounding makes less of it; the system is asked
// for all, and refuses.
func TestAbsurdSizes(t *testing.T) {
	const most = int(^uint(0) >> 1)
	for _, opts := range [][]offheap.MmapOption{nil, {offheap.HugePages()}} {
		sys := &asked{flaky: *newFlaky()}
		pages := offheap.MmapOn(sys, opts...)
		for _, less := range []int{0, 1, 4095, 4096, 4097, huge - 1, huge, huge + 1, 2*huge - 1, 2 * huge, 2*huge + 1, 3 * huge} {
			_, err := pages.Acquire(most - less)
			require.ErrorIs(t, err, errNoMemory)
			require.GreaterOrEqual(t, sys.size, most-less)
		}
		require.Equal(t, offheap.PagesStats{}, pages.Stats())
	}
}
