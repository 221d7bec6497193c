package scope_test

import (
	"reflect"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// TestBlocks: blocks begin and end in their order, each with its own stamps, and one that
// has the epoch of another is told apart from it.
func TestBlocks(t *testing.T) {
	pc := reflect.ValueOf(TestBlocks).Pointer()
	one, mem := new(oneBlock), make([]byte, 256)
	begin := func(b *memory.Blocks, i int, epoch uint32) scope.Stamp {
		return b.Begin(i, epoch, unsafe.Pointer(&mem[64*epoch]), 64)
	}
	var b memory.Blocks
	require.False(t, b.Has(scope.Stamp{}))
	of := []uint32{0, 1, 0, 2}
	b.For(one, of, 3)
	require.Equal(t, 3, b.Epochs())
	for range 3 { // runs
		s := make([]scope.Stamp, 4)
		for i := range 2 {
			require.NotZero(t, b.Ended(i))
			s[i] = begin(&b, i, of[i])
			require.Zero(t, b.Ended(i))
		}
		require.Equal(t, b.Epoch(0).Stamp(), s[0])
		require.True(t, b.Has(s[0]))
		require.True(t, s[0].Releasable())
		require.True(t, s[0].ReleasableBy(one))
		require.False(t, b.Has(s[0].Moved()))
		first := unsafe.Pointer(&mem[0])
		require.True(t, b.Holds(s[0], first, 64))
		require.False(t, b.Holds(s[0], first, 63))
		require.False(t, b.Holds(s[0], unsafe.Pointer(&mem[1]), 64))
		require.False(t, b.Holds(scope.Stamp{}, first, 64))
		require.False(t, b.Holds(memory.NewBlockEpoch(one).Stamp(), first, 64), "another's")
		require.True(t, s[0].Whole(mem[:64]))
		require.False(t, s[0].Whole(mem[:63]))

		require.Equal(t, 0, b.End(s[0], 2, pc))
		require.False(t, s[0].Live() || b.Has(s[0]) || b.Holds(s[0], first, 64))
		require.EqualValues(t, 2, b.Ended(0))
		require.Contains(t, s[0].End(), "TestBlocks")

		s[2] = begin(&b, 2, 0)
		require.False(t, s[0].Live(), "block 2 has the epoch of block 0")
		b.EndUnwatched(s[2], 3, pc)
		require.False(t, s[2].Live())
		require.EqualValues(t, 3, b.Ended(2))
		require.Equal(t, pc, s[2].EndPC())

		s[3] = begin(&b, 3, 2)
		renewed, ok := s[3].Renew(pc)
		require.True(t, ok)
		require.True(t, b.Has(renewed))
		b.Forget(1)
		b.EndAll(0, 4, 4, pc)
		require.True(t, s[1].Live(), "forgotten")
		require.False(t, s[3].Live() || renewed.Live())
		require.Contains(t, renewed.End(), "TestBlocks")
		require.Equal(t, []uint32{2, 1, 3, 4}, []uint32{b.Ended(0), b.Ended(1), b.Ended(2), b.Ended(3)})
		b.Epoch(1).EndAt(0)
	}
}

// TestBlocksForOthers: what is there is used again, unless it is too little or another's.
func TestBlocksForOthers(t *testing.T) {
	one := new(oneBlock)
	var b memory.Blocks
	b.For(one, []uint32{0, 1}, 2)
	first := b.Epoch(0)
	b.For(one, []uint32{1, 0, 1}, 2)
	require.Same(t, first, b.Epoch(1))
	require.NotZero(t, b.Ended(2), "none lives")
	b.For(one, []uint32{0, 1, 2}, 3)
	require.NotSame(t, first, b.Epoch(0))
	first = b.Epoch(0)
	b.For(new(oneBlock), []uint32{0}, 1)
	require.NotSame(t, first, b.Epoch(0), "another owner")
}

// TestEndAll: the end of many blocks ends those that live, with a place or without one.
func TestEndAll(t *testing.T) {
	const n = 1000
	pc := reflect.ValueOf(TestEndAll).Pointer()
	of := make([]uint32, n)
	for i := range of {
		of[i] = uint32(n - 1 - i)
	}
	var b memory.Blocks
	b.For(new(oneBlock), of, n)
	var mem [64]byte
	for round := range 6 {
		stamps := make([]scope.Stamp, n)
		for i := range stamps {
			stamps[i] = b.Begin(i, of[i], unsafe.Pointer(&mem), 64)
		}
		for i := 0; i < n; i += 3 {
			b.End(stamps[i], 7, 0)
		}
		place := pc * uintptr(round%2)
		b.EndAll(10, n, n, place)
		for i, s := range stamps {
			require.Equal(t, i < 10 && i%3 > 0, s.Live(), i)
			if i >= 10 && i%3 > 0 {
				require.Equal(t, place, s.EndPC())
				require.EqualValues(t, n, b.Ended(i))
			} else if i%3 == 0 {
				require.Zero(t, s.EndPC())
				require.EqualValues(t, 7, b.Ended(i))
			}
		}
		b.EndAll(0, 10, n, 0)
	}
}
