package arrowscope_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"sync"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	arrowscope "github.com/allocarrays/allocarrays-go/contrib/arrow"
	"github.com/allocarrays/allocarrays-go/internal/testenv"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/meter"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// requireBlock checks what Allocate promises.
func requireBlock(t testing.TB, size int, b []byte) {
	t.Helper()
	require.Len(t, b, size)
	require.Equal(t, size, cap(b))
	require.NotNil(t, b)
	if size > 0 {
		require.Zero(t, uintptr(unsafe.Pointer(&b[0]))%64)
	}
	requireZero(t, b)
}

func requireZero(t testing.TB, b []byte) {
	t.Helper()
	for i, v := range b {
		if v != 0 {
			t.Fatalf("byte %d of %d is %#x", i, len(b), v)
		}
	}
}

// TestZeroed: memory is zeroed and aligned though earlier scopes have written to it, and
// outside every scope.
func TestZeroed(t *testing.T) {
	buf := newShared()
	check := func(_ context.Context, mem *arrowscope.Allocator) {
		for _, size := range []int{0, 1, 7, 63, 64, 65, 1000, 4096, 100_000, 1 << 20} {
			b := mem.Allocate(size)
			requireBlock(t, size, b)
			fill(b, 0x5a)
		}
	}
	for range 3 {
		soil(t, buf)
		inScope(t, buf, check)
	}
	require.NoError(t, arrowscope.Do(scope.WithAllocator(t.Context(), buf), func(mem *arrowscope.Allocator) error {
		check(t.Context(), mem)
		return nil
	}))
	require.NoError(t, arrowscope.Do(t.Context(), func(mem *arrowscope.Allocator) error {
		check(t.Context(), mem)
		assert.Zero(t, mem.Stats().Heap, "the heap is what was asked for")
		return nil
	}))
}

// TestFreeNeverRecycles: nobody gets a block that was freed before the scope ends.
func TestFreeNeverRecycles(t *testing.T) {
	inScope(t, newShared(), func(_ context.Context, mem *arrowscope.Allocator) {
		b := mem.Allocate(100)
		fill(b, 1)
		mem.Free(b)
		for range 100 {
			fill(mem.Allocate(100), 2)
		}
		for _, v := range b {
			require.EqualValues(t, 1, v)
		}
	})
}

// TestReallocate: contents stay, the rest is zeroed, and the last block grows in place.
func TestReallocate(t *testing.T) {
	buf := newShared()
	soil(t, buf)
	inScope(t, buf, func(_ context.Context, mem *arrowscope.Allocator) {
		grown := func(b []byte, size int, inPlace bool) []byte {
			t.Helper()
			before := mem.Stats().InPlace
			fill(b, 7)
			longer := mem.Reallocate(size, b)
			kept := min(len(b), size)
			require.Len(t, longer, size)
			for _, v := range longer[:kept] {
				require.EqualValues(t, 7, v)
			}
			requireZero(t, longer[kept:])
			if !testenv.Guarded() { // where each block has pages of its own
				require.Equal(t, inPlace, unsafe.SliceData(b) == unsafe.SliceData(longer))
				require.Equal(t, inPlace, mem.Stats().InPlace > before)
			}
			return longer
		}
		b := grown(mem.Allocate(64), 128, true)
		b = grown(b, 1000, true)
		b = grown(b, 100_000, true)
		b = grown(b, 64, true)
		b = grown(b, 640, true) // what it has shrunk from
		b = grown(b, 200_000, true)
		other := mem.Allocate(64)
		b = grown(b, 300_000, false) // not the last
		other = grown(other, 65, false)
		b = grown(b, 0, true)
		grown(b, 10, true)
		grown(other[:0:0], 10, false)
		grown(make([]byte, 30), 50, false) // a stranger
	})
}

// TestReallocateOfAnEndedScope: a block that was kept does not become a part of the next scope.
func TestReallocateOfAnEndedScope(t *testing.T) {
	if testenv.Guarded() {
		t.Skip("guard mode reports the read of a block whose scope has ended")
	}
	buf := newShared()
	var kept *arrowscope.Allocator
	var b []byte
	require.NoError(t, locked.NewGroup(scope.WithAllocator(t.Context(), buf)).Wait())
	group := locked.NewGroup(scope.WithAllocator(t.Context(), buf))
	group.Go(func(worker context.Context) error {
		first := scope.NoEscape(worker, func(ctx context.Context) (err error) {
			kept, err = arrowscope.New(ctx)
			b = kept.Allocate(64)
			return err
		})
		return errors.Join(first, scope.NoEscape(worker, func(ctx context.Context) error {
			mine := scope.Make[byte](ctx, 64)
			longer := kept.Reallocate(128, b)
			fill(longer, 9)
			requireZero(t, mine)
			assert.NotSame(t, &mine[0], &longer[0])
			return nil
		}))
	})
	require.NoError(t, group.Wait())
}

// TestExhausted: nothing panics, the heap serves, counted, and Do returns the first error.
func TestExhausted(t *testing.T) {
	for name, ctx := range map[string]func() context.Context{
		"buffer": func() context.Context {
			return scope.WithAllocator(t.Context(), locked.Share(bumper.NewSlabBuffer(bumper.Limit(64<<10))))
		},
		"limit": func() context.Context {
			l := meter.NewLimit(nil, "request", 64<<10)
			return scope.WithAllocator(t.Context(), meter.New(newShared(), meter.Within(l)))
		},
	} {
		t.Run(name, func(t *testing.T) {
			var blocks [][]byte
			err := scope.NoEscape(ctx(), func(ctx context.Context) error {
				return arrowscope.Do(ctx, func(mem *arrowscope.Allocator) error {
					require.NoError(t, mem.Err())
					for i := range 10 {
						b := mem.Allocate(20_000)
						requireBlock(t, 20_000, b)
						b = mem.Reallocate(30_000, b)
						fill(b, byte(i))
						blocks = append(blocks, b)
					}
					require.ErrorIs(t, mem.Err(), scope.ErrExhausted)
					assert.Greater(t, mem.Stats().Heap, 7)
					assert.Less(t, mem.Stats().Heap, mem.Stats().Blocks)
					for i, b := range blocks {
						require.EqualValues(t, i, b[0])
						require.EqualValues(t, i, b[29_999])
					}
					return nil
				})
			})
			require.ErrorIs(t, err, scope.ErrExhausted)
			var exhausted *scope.ExhaustedError
			require.ErrorAs(t, err, &exhausted)
		})
	}
}

// TestErrors: Do returns fn's error and the allocation's, each once.
func TestErrors(t *testing.T) {
	mine := errors.New("mine")
	tiny := scope.WithAllocator(t.Context(), locked.Share(bumper.NewAllocBuffer(1<<10)))
	for _, c := range []struct {
		size int
		err  error
		want []error
	}{
		{100, nil, nil},
		{100, mine, []error{mine}},
		{10_000, nil, []error{scope.ErrExhausted}},
		{10_000, mine, []error{scope.ErrExhausted, mine}},
	} {
		err := arrowscope.Do(tiny, func(mem *arrowscope.Allocator) error {
			mem.Allocate(c.size)
			return c.err
		})
		if len(c.want) == 0 {
			require.NoError(t, err)
		}
		for _, want := range c.want {
			require.ErrorIs(t, err, want)
		}
	}
	err := arrowscope.Do(tiny, func(mem *arrowscope.Allocator) error {
		mem.Allocate(10_000)
		return mem.Err()
	})
	require.Equal(t, 1, countLines(err.Error()), err)
}

func countLines(s string) (n int) {
	for _, r := range s + "\n" {
		if r == '\n' {
			n++
		}
	}
	return n
}

// TestAbsurdSizes: no size panics or overflows.
func TestAbsurdSizes(t *testing.T) {
	for _, size := range []int{-1, math.MinInt, math.MaxInt, math.MaxInt - 63, math.MaxInt - 64} {
		err := arrowscope.Do(scope.WithAllocator(t.Context(), newShared()), func(mem *arrowscope.Allocator) error {
			require.Empty(t, mem.Allocate(size))
			require.Empty(t, mem.Reallocate(size, nil))
			require.Empty(t, mem.Reallocate(size, mem.Allocate(64)))
			return nil
		})
		require.Error(t, err, "%d", size)
	}
}

// bad is an allocator in the chain that panics.
type bad struct{ memory.Allocator }

func (b bad) Alloc(size, align uintptr) (memory.Block, error) {
	if size > 0 {
		panic("bad")
	}
	return b.Allocator.Alloc(size, align)
}
func (b bad) Extend(memory.Block, uintptr) (memory.Block, bool) { panic(errors.New("bad")) }
func (b bad) Unwrap() memory.Allocator                          { return b.Allocator }
func (b bad) Rewrap(inner memory.Allocator) memory.Allocator    { return bad{inner} }

// TestPanickingAllocator: even that is an error.
func TestPanickingAllocator(t *testing.T) {
	err := arrowscope.Do(scope.WithAllocator(t.Context(), bad{newShared()}), func(mem *arrowscope.Allocator) error {
		b := mem.Allocate(64)
		requireBlock(t, 64, b)
		requireBlock(t, 128, mem.Reallocate(128, b))
		require.Equal(t, 2, mem.Stats().Heap)
		return nil
	})
	require.ErrorContains(t, err, "arrowscope: the allocator panicked: bad")
}

// TestWhoseMemory: goroutines can share the allocator, or it is an error.
func TestWhoseMemory(t *testing.T) {
	private := scope.WithAllocator(t.Context(), bumper.NewSlabBuffer())
	opened, s := scope.Open(scope.WithAllocator(t.Context(), bumper.NewSlabBuffer()))
	defer func() { require.NoError(t, s.End()) }()
	region, r := scope.Open(scope.WithAllocator(t.Context(), newShared()))
	defer func() { require.NoError(t, r.End()) }()
	onHeap, h := scope.Open(t.Context())
	defer func() { require.NoError(t, h.End()) }()
	type key struct{}
	for name, c := range map[string]struct {
		ctx context.Context
		ok  bool
	}{
		"nothing":          {t.Context(), true},
		"heap":             {scope.WithAllocator(t.Context(), scope.Heap()), true},
		"scope on heap":    {onHeap, true},
		"shared":           {scope.WithAllocator(t.Context(), newShared()), true},
		"region":           {region, true},
		"derived":          {context.WithValue(region, key{}, 1), true},
		"metered":          {scope.WithAllocator(t.Context(), meter.New(newShared())), true},
		"private":          {private, false},
		"private, metered": {scope.WithAllocator(t.Context(), meter.New(bumper.NewSlabBuffer())), false},
		"private, open":    {opened, false},
	} {
		err := arrowscope.Do(c.ctx, func(mem *arrowscope.Allocator) error {
			requireBlock(t, 100, mem.Allocate(100))
			return nil
		})
		if c.ok {
			require.NoError(t, err, name)
			continue
		}
		require.ErrorContains(t, err, "locked.WithLockedBumper", name)
	}
}

// TestLate: an Allocator that was kept serves from the heap.
func TestLate(t *testing.T) {
	buf := newShared()
	var kept *arrowscope.Allocator
	inScope(t, buf, func(_ context.Context, mem *arrowscope.Allocator) { kept = mem })
	requireBlock(t, 100, kept.Allocate(100))
	require.Equal(t, arrowscope.Stats{Blocks: 1, Bytes: 100, Heap: 1, HeapBytes: 100}, kept.Stats())
	require.EqualValues(t, 1, buf.Stats().Late)
	require.False(t, kept.Stamp().Live())
}

// TestConcurrent: goroutines share an Allocator.
func TestConcurrent(t *testing.T) {
	buf := newShared()
	soil(t, buf)
	inScope(t, buf, func(_ context.Context, mem *arrowscope.Allocator) {
		var wg sync.WaitGroup
		for g := range 8 {
			wg.Go(func() {
				random := rand.New(rand.NewPCG(1, uint64(g)))
				var blocks [][]byte
				for range 200 {
					b := mem.Allocate(random.IntN(2000))
					requireZero(t, b)
					fill(b, byte(g))
					if longer := mem.Reallocate(len(b)+random.IntN(200), b); len(longer) > 0 {
						requireZero(t, longer[len(b):])
						fill(longer, byte(g))
						b = longer
					}
					blocks = append(blocks, b)
				}
				for _, b := range blocks {
					for _, v := range b {
						if v != byte(g) {
							t.Errorf("goroutine %d has %d", g, v)
							return
						}
					}
				}
			})
		}
		wg.Wait()
	})
}
