package memory_test

import (
	"reflect"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/internal/testenv"
	"github.com/allocarrays/allocarrays-go/scope/guard"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

var someEpochs = []uint32{0, 1, 2, 0, 3}

// someBlocks returns five blocks with four epochs, and their memory. Blocks 0 and 3 share one.
func someBlocks() (b memory.Blocks, mem []byte) {
	b.For(taker{}, someEpochs, 4)
	return b, onHeap(500)
}

var heap []byte

// onHeap returns n bytes that stay where they are, unlike those on a stack.
func onHeap(n int) []byte {
	heap = make([]byte, n)
	return heap
}

// begin begins block i of some.
func begin(b *memory.Blocks, mem []byte, i int) memory.Stamp {
	return b.Begin(i, someEpochs[i], unsafe.Pointer(&mem[100*i]), uintptr(100-i))
}

// TestBlocks: a block lives from its begin to its end, is found by its stamp, and is that of its
// memory alone.
func TestBlocks(t *testing.T) {
	b, mem := someBlocks()
	require.Equal(t, 4, b.Epochs())
	var stamps [5]memory.Stamp
	for i := range 5 {
		require.NotZero(t, b.Ended(i), "no block lives")
	}
	for i := range 5 {
		if i == 3 {
			require.Zero(t, b.End(stamps[0], 9, 0))
			require.Equal(t, uint32(9), b.Ended(0))
			require.False(t, stamps[0].Live())
		}
		s := begin(&b, mem, i)
		stamps[i] = s
		require.Zero(t, b.Ended(i))
		require.True(t, s.Live() && s.Releasable() && s.ReleasableBy(taker{}))
		require.Equal(t, b.Epoch(i).Stamp(), s)
		require.True(t, s.Whole(mem[100*i:100*i+100-i]))
		require.False(t, s.Whole(mem[100*i:100*i+99-i]))
		require.False(t, s.Whole(mem[100*i+1:100*i+101-i]))
		require.True(t, b.Has(s))
		require.True(t, b.Holds(s, unsafe.Pointer(&mem[100*i]), uintptr(100-i)))
		require.False(t, b.Holds(s, unsafe.Pointer(&mem[100*i]), uintptr(99-i)))
		require.False(t, b.Holds(s, unsafe.Pointer(&mem[100*i+1]), uintptr(100-i)))
	}

	var other memory.Blocks
	other.For(taker{}, []uint32{0, 1, 2, 3, 4, 5}, 6)
	for _, s := range []memory.Stamp{{}, stamps[0], begin(&other, mem, 1), other.Begin(5, 5, unsafe.Pointer(&mem[0]), 1), memory.NewBlockEpoch(taker{}).Stamp()} {
		require.False(t, b.Has(s), "%v", s)
		require.False(t, b.Holds(s, unsafe.Pointer(&mem[0]), 1), "%v", s)
	}

	pc := reflect.ValueOf(TestBlocks).Pointer()
	require.Equal(t, 4, b.End(stamps[4], 11, pc))
	require.Equal(t, uint32(11), b.Ended(4))
	require.Equal(t, pc, stamps[4].EndPC())
	require.False(t, b.Has(stamps[4]))
	b.Forget(2)
	require.NotZero(t, b.Ended(2))
	b.EndAll(0, 5, 12, 0)
	require.True(t, stamps[2].Live(), "it is another's to end")
	require.False(t, stamps[1].Live() || stamps[3].Live())
}

// TestBlocksAgain: what serves one run serves the next, and epochs have numbers of their own.
func TestBlocksAgain(t *testing.T) {
	testenv.NeedAllocationCounts(t)
	before := memory.NewEpoch(nil).Number()
	b, mem := someBlocks()
	for i := range uint64(4) {
		require.Equal(t, before+1+i, b.Epoch([]int{0, 1, 2, 4}[i]).Number())
	}
	require.Equal(t, before+5, memory.NewEpoch(nil).Number())
	epoch, of := b.Epoch(0), []uint32{2, 0, 1, 3, 0}
	require.Zero(t, testing.AllocsPerRun(10, func() { b.For(taker{}, of, 4) }))
	require.Same(t, epoch, b.Epoch(1))
	s := b.Begin(1, of[1], unsafe.Pointer(&mem[0]), 1)
	require.True(t, b.Has(s))
	require.Equal(t, 1, b.End(s, 1, 0))
	b.For(taker{}, []uint32{4, 0, 1, 3, 0, 2}, 5)
	require.Equal(t, 5, b.Epochs())
	for i := range 6 {
		require.NotZero(t, b.Ended(i))
		require.True(t, b.Epoch(i).Stamp().Releasable())
	}
}

// TestEndOfManyBlocks: those of a range that live end, whether guard mode watches them or not, in
// assembly and without.
func TestEndOfManyBlocks(t *testing.T) {
	pc := reflect.ValueOf(TestEndOfManyBlocks).Pointer()
	slowly := func(b *memory.Blocks, i, k int, then uint32, pc uintptr) {
		for i < k {
			if i += memory.EndSlowly(b, i, k, then, pc); i < k {
				b.End(b.Epoch(i).Stamp(), then, pc)
			}
		}
	}
	for name, endAll := range map[string]func(b *memory.Blocks, i, k int, then uint32, pc uintptr){"EndAll": (*memory.Blocks).EndAll, "slowly": slowly} {
		for _, watched := range [][]int{nil, {2}, {1, 2}, {4}, {1, 2, 3, 4, 5}} {
			for _, at := range []uintptr{0, pc} {
				var b memory.Blocks
				b.For(taker{}, []uint32{0, 1, 2, 3, 4, 5, 6}, 7)
				mem := onHeap(64 * 7)
				var stamps []memory.Stamp
				var watch []memory.Stamp
				for i := range 7 {
					s := b.Begin(i, uint32(i), unsafe.Pointer(&mem[64*i]), 64)
					stamps = append(stamps, s)
				}
				before := guard.Set(guard.Full)
				for _, i := range watched {
					watch = append(watch, memory.Guarded(memory.NewBlock(mem[64*i:64*i+64], stamps[i]), 8).Stamp)
				}
				b.End(stamps[3], 5, 0)
				endAll(&b, 1, 6, 8, at)
				guard.Set(before)
				var live []int
				for i, s := range stamps {
					if s.Live() {
						live = append(live, i)
						require.Zero(t, b.Ended(i))
					} else if i != 3 {
						require.Equal(t, uint32(8), b.Ended(i), name)
						require.Equal(t, at, s.EndPC(), name)
					}
				}
				require.Equal(t, []int{0, 6}, live, "%s, %v watched", name, watched)
				require.Equal(t, uint32(5), b.Ended(3))
				for _, s := range watch {
					require.False(t, s.Live())
				}
			}
		}
	}
}

// TestEndSlowlyStops at the first block that guard mode watches and that lives.
func TestEndSlowlyStops(t *testing.T) {
	before := guard.Set(guard.Full)
	t.Cleanup(func() { guard.Set(before) })
	b, mem := someBlocks()
	for _, i := range []int{0, 1, 2} {
		s := begin(&b, mem, i)
		if i > 0 {
			memory.Guarded(memory.NewBlock(mem[100*i:100*i+100-i], s), 1)
		}
	}
	b.End(b.Epoch(1).Stamp(), 1, 0)
	want := 2
	if b.Epoch(2).Stamp().ReleasableBy(taker{}) {
		want = 3 // no pages are guarded here
	}
	require.Equal(t, want, memory.EndSlowly(&b, 0, 3, 4, 0))
	require.Equal(t, []uint32{4, 1}, []uint32{b.Ended(0), b.Ended(1)})
}
