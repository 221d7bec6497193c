package handshake_test

import (
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/internal/handshake"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// releases is a Releaser that is never asked.
type releases struct{ memory.Allocator }

func (releases) Release([]byte, memory.Stamp) bool { panic("asked") }

// TestTrack: a step is handed out if its turn has come, the size is its own, and all that had its memory
// are dead; nothing changes otherwise.
func TestTrack(t *testing.T) {
	mem := lines(512)
	steps := []handshake.Step{
		{Off: 0, Last: 0, Before: [2]uint32{0, 0}, Epoch: 0},
		{Off: 64, Last: 0, Before: [2]uint32{1, 1}, Epoch: 1},
		{Off: 128, Last: 0, Before: [2]uint32{2, 2}, Epoch: 2},
		{Off: 0, Last: 2, Before: [2]uint32{0, 1}, First: 0, End: 1, Epoch: 0}, // over the first three
		{Off: 192, Last: 4, Before: [2]uint32{4, 4}, Epoch: 3},
	}
	var out memory.Blocks
	out.For(new(releases), []uint32{0, 1, 2, 0, 3}, 4)
	var track handshake.Track
	take := func(size uintptr) (unsafe.Pointer, memory.Stamp) {
		start, stamp := track.Take(size)
		require.Equal(t, start != nil, stamp != memory.Stamp{})
		return start, stamp
	}
	none := func(size uintptr) {
		t.Helper()
		next := track.Next
		start, _ := take(size)
		require.Nil(t, start)
		require.Equal(t, next, track.Next)
	}
	require.False(t, track.Running())
	none(64)
	for range 2 {
		track.Begin(steps, []uint32{2}, out, mem)
		require.True(t, track.Running())
		for _, size := range []uintptr{0, 65, 1 << 20, ^uintptr(0)} {
			none(size)
		}
		var stamps []memory.Stamp
		for i, size := range []uintptr{1, 64, 33} {
			start, s := take(size)
			require.Equal(t, unsafe.Pointer(&mem[64*i]), start)
			require.True(t, track.Holds(s, start, size))
			require.False(t, track.Holds(s, start, size+1))
			stamps = append(stamps, s)
		}
		for _, i := range []int{1, 2, 0} { // each of them is waited for
			none(192)
			require.True(t, track.Has(stamps[i]))
			require.Equal(t, i, track.End(stamps[i]))
			require.False(t, track.Has(stamps[i]))
			require.Equal(t, 3, track.Ended(i))
		}
		start, s := take(192)
		require.Equal(t, unsafe.Pointer(&mem[0]), start)
		track.Release(s, 1)
		require.False(t, s.Live())
		require.Equal(t, 4, track.Ended(3))

		aligned, _ := track.TakeAligned(192, 256)
		require.Nil(t, aligned, "another size")
		aligned, _ = track.TakeAligned(0, 256)
		require.Nil(t, aligned)
		aligned, s = track.TakeAligned(65, 256) // needs 5 units to be at a multiple of 256
		require.NotNil(t, aligned)
		require.Zero(t, uintptr(aligned)%256)
		require.True(t, track.Done())
		none(64)
		aligned, _ = track.TakeAligned(64, 128)
		require.Nil(t, aligned, "no step is left")
		track.EndFrom(0, 0)
		require.False(t, s.Live())
		track.Leave()
		require.False(t, track.Running() || track.Has(s))
	}
}
