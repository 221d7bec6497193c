package bumper_test

import (
	"io"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/trial"
	"github.com/allocarrays/allocarrays-go/scope"
)

func itoa(n int) string { return strconv.Itoa(n) }

func mustAlloc(t *testing.T, a scope.Allocator, sizes ...uintptr) {
	t.Helper()
	for _, size := range sizes {
		_, err := a.Alloc(size, 8)
		require.NoError(t, err)
	}
}

func TestSlabBufferGrowsBySlabs(t *testing.T) {
	src := &trial.Source{}
	buf := bumper.NewSlabBuffer(bumper.SlabSize(4096), bumper.From(src))
	require.Zero(t, buf.Stats().Capacity)
	mustAlloc(t, buf, 4096, 1, 4090) // 4090 does not fit behind 1
	require.Equal(t, bumper.Stats{Used: 4096 + 1 + 4090, Outside: 4096 + 1 + 4090, Capacity: 3 * 4096, HighWater: 4096 + 1 + 4090, Slabs: 3, Allocations: 3}, buf.Stats())
	require.NoError(t, buf.Reset())
	mustAlloc(t, buf, 4096, 4096, 4096)
	require.Equal(t, 3, src.Acquired, "emptied slabs are used again")
}

func TestCustomSlabs(t *testing.T) {
	src := &trial.Source{}
	buf := bumper.NewSlabBuffer(bumper.SlabSize(1000), bumper.From(src))
	cp := buf.Checkpoint()
	mustAlloc(t, buf, 5000, 100, 9000)
	require.Equal(t, 8192+1000+12288, buf.Stats().Capacity, "customs are rounded up to 4096")
	require.NoError(t, buf.Restore(cp))
	mustAlloc(t, buf, 8000, 12_000)
	require.Equal(t, 3, src.Acquired, "emptied customs are used again, the smallest that fits")
	require.NoError(t, buf.Reset())
	mustAlloc(t, buf, 20_000)
	require.Equal(t, 1, src.Released, "the largest idle custom makes room for a larger one")
}

// The largest idle custom goes back, wherever it stands among them.
func TestLargestCustomGoesBack(t *testing.T) {
	for _, sizes := range [][]uintptr{{5000, 9000, 13_000}, {13_000, 9000, 5000}, {9000, 13_000, 5000}} {
		buf := bumper.NewSlabBuffer(bumper.SlabSize(1000))
		mustAlloc(t, buf, sizes...)
		require.Equal(t, 8192+12288+16384, buf.Stats().Capacity)
		require.NoError(t, buf.Reset())
		mustAlloc(t, buf, 20_000)
		require.Equal(t, 8192+12288+20480, buf.Stats().Capacity)
	}
}

// Small blocks stand side by side; only from 64 bytes on do they begin at multiples of 64.
func TestSmallBlocksArePacked(t *testing.T) {
	for _, buf := range []bumper.Buffer{bumper.NewAllocBuffer(1000), bumper.NewSlabBuffer(), bumper.NewAutoscalingBuffer()} {
		for i := range 7 {
			mustAlloc(t, buf, 8)
			require.Equal(t, 8*(i+1), buf.Stats().Used)
		}
		mustAlloc(t, buf, 63)
		require.Equal(t, 7*8+63, buf.Stats().Used)
		mustAlloc(t, buf, 64)
		require.Equal(t, 128+64, buf.Stats().Used)
	}
}

// gives is a source that gives so many pieces and no more.
type gives struct{ left int }

func (g *gives) Acquire(n int) ([]byte, error) {
	if g.left--; g.left < 0 {
		return nil, io.ErrUnexpectedEOF
	}
	return bumper.GoHeap().Acquire(n)
}

func (*gives) Release([]byte) {}

// Without a limit, what can be had in one piece is the rest of the slab when the source
// refuses, and not the sum of what is empty.
func TestAvailableWithoutLimit(t *testing.T) {
	buf := bumper.NewSlabBuffer(bumper.SlabSize(1024), bumper.From(&gives{2}))
	mustAlloc(t, buf, 1000, 1000)
	require.NoError(t, buf.Reset())
	_, err := buf.Alloc(5000, 8)
	var full *scope.ExhaustedError
	require.ErrorAs(t, err, &full)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.EqualValues(t, 1024, full.Available)
}

// However the sizes vary, there are never more customs than were once in use.
func TestCustomSlabsAreBounded(t *testing.T) {
	buf := bumper.NewSlabBuffer(bumper.SlabSize(1000))
	rng := rand.New(rand.NewPCG(9, 9))
	for range 1000 {
		mustAlloc(t, buf, 2000+uintptr(rng.IntN(100_000)), 2000+uintptr(rng.IntN(100_000)))
		require.NoError(t, buf.Reset())
		require.LessOrEqual(t, buf.Stats().Slabs, 2)
	}
}

func TestTrim(t *testing.T) {
	for name, make := range onSource {
		t.Run(name, func(t *testing.T) {
			src := &trial.Source{}
			buf := make(src)
			trimmer, ok := buf.(interface{ Trim() })
			if !ok {
				t.Skip("an AllocBuffer has nothing to trim")
			}
			trimmer.Trim()
			mustAlloc(t, buf, 100)
			cp := buf.Checkpoint()
			mustAlloc(t, buf, 8000, 8000, 8000, 50_000)
			held, _ := src.Held()
			trimmer.Trim()
			full, _ := src.Held()
			require.Equal(t, held, full, "what is in use stays")
			require.NoError(t, buf.Restore(cp))
			trimmer.Trim()
			_, pieces := src.Held()
			require.Equal(t, 1, pieces, "only what holds the first block stays")
			require.NoError(t, buf.Reset())
			trimmer.Trim()
			held, _ = src.Held()
			require.Zero(t, held)
			require.Zero(t, buf.Stats().Capacity)
			mustAlloc(t, buf, 100, 9000)
			require.NoError(t, src.Err)
		})
	}
}

// The limit bounds what is in use, not what was: empty storage makes room.
func TestLimitMakesRoom(t *testing.T) {
	const limit = 100_000
	for name, buf := range map[string]bumper.Buffer{
		"slab":        bumper.NewSlabBuffer(bumper.SlabSize(10_000), bumper.Limit(limit)),
		"autoscaling": bumper.NewAutoscalingBuffer(bumper.Initial(10_000), bumper.Limit(limit)),
	} {
		t.Run(name, func(t *testing.T) {
			for range 3 {
				mustAlloc(t, buf, 9000, 9000, 9000, 9000)
				_, err := buf.Alloc(limit, 1)
				var e *scope.ExhaustedError
				require.ErrorAs(t, err, &e)
				require.EqualValues(t, limit, e.Limit)
				require.EqualValues(t, limit, e.Requested)
				require.Less(t, e.Available, uintptr(limit-4*9000))
				require.ErrorContains(t, err, "limit of the buffer reached")
				require.NoError(t, buf.Reset())
				mustAlloc(t, buf, limit)
				require.LessOrEqual(t, buf.Stats().Capacity, limit)
				require.NoError(t, buf.Reset())
			}
		})
	}
}

func TestString(t *testing.T) {
	buf := bumper.NewSlabBuffer()
	require.Equal(t, "bumper.SlabBuffer: 0 B of 0 B used (0%), high water 0 B, 0 slabs, 0 allocations, 0 resets", buf.String())
	mustAlloc(t, buf, 512<<10, 3<<20)
	require.Equal(t, "bumper.SlabBuffer: 3.5 MiB of 4.0 MiB used (88%), 3.5 MiB of them outside every scope, high water 3.5 MiB, 2 slabs, 2 allocations, 0 resets", buf.String())
	require.Equal(t, "bumper.AllocBuffer: 0 B of 1.5 KiB used (0%), high water 0 B, 0 slabs, 0 allocations, 0 resets", bumper.NewAllocBuffer(1536).String())
	require.Contains(t, bumper.NewAutoscalingBuffer().String(), "bumper.AutoscalingBuffer: 0 B of 0 B used")
	require.Contains(t, bumper.Stats{Capacity: 1 << 30}.String(), "0 B of 1.0 GiB used")
}

// Where the limit leaves no room for another slab, blocks get customs, and a loop
// still reaches a steady size.
func TestSteadyAtTheLimit(t *testing.T) {
	src := &trial.Source{}
	buf := bumper.NewSlabBuffer(bumper.SlabSize(10_000), bumper.Limit(39_000), bumper.From(src))
	round := func() {
		mustAlloc(t, buf, 9000, 9000, 9000, 3000, 2000)
		_, err := buf.Alloc(9000, 1)
		require.ErrorIs(t, err, scope.ErrExhausted)
		require.NoError(t, buf.Reset())
	}
	round()
	acquired := src.Acquired
	for range 10 {
		round()
	}
	require.Equal(t, acquired, src.Acquired)
}

// What an error says is available can be had.
func TestAvailableIsAvailable(t *testing.T) {
	buf := bumper.NewSlabBuffer(bumper.Limit(4 << 20))
	cp := buf.Checkpoint()
	for range 3 {
		_, err := buf.Alloc(1<<20, 1)
		require.NoError(t, err)
	}
	require.NoError(t, buf.Restore(cp))
	_, err := buf.Alloc(5<<20, 1)
	var e *scope.ExhaustedError
	require.ErrorAs(t, err, &e)
	require.EqualValues(t, 4<<20, e.Available)
	_, err = buf.Alloc(4<<20, 1)
	require.NoError(t, err)
}

func TestFromNothing(t *testing.T) {
	require.PanicsWithValue(t, "bumper: From with a nil Source", func() { bumper.From(nil) })
}
