package handshake_test

import (
	"reflect"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/internal/handshake"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// owner is a Releaser in name.
type owner struct{ memory.Allocator }

func (owner) Release([]byte, memory.Stamp) bool { return false }

// tracked returns a track of steps, each with an epoch of its own.
func tracked(mem []byte, more []uint32, steps ...handshake.Step) *handshake.Track {
	var out memory.Blocks
	of := make([]uint32, len(steps))
	for i := range of {
		of[i], steps[i].Epoch = uint32(i), uint32(i)
	}
	out.For(owner{}, of, len(of))
	t := new(handshake.Track)
	t.Begin(steps, more, out, mem)
	return t
}

// take takes a block, and returns its place in mem; -1 if the buffer must be asked.
func take(t *handshake.Track, mem []byte, size, align uintptr) (off int, s memory.Stamp) {
	var start unsafe.Pointer
	if align > handshake.TrackUnit {
		start, s = t.TakeAligned(size, align)
	} else {
		start, s = t.Take(size)
	}
	if start == nil {
		return -1, s
	}
	return int(uintptr(start) - uintptr(unsafe.Pointer(&mem[0]))), s
}

// TestTrackOfNoRun: it hands out nothing.
func TestTrackOfNoRun(t *testing.T) {
	track, mem := new(handshake.Track), lines(64)
	for range 2 {
		require.False(t, track.Running())
		require.True(t, track.Done())
		for _, align := range []uintptr{64, 128} {
			off, stamp := take(track, mem, 64, align)
			require.Equal(t, -1, off)
			require.Zero(t, stamp)
		}
		track = tracked(mem, nil, handshake.Step{})
		require.True(t, track.Running())
		require.False(t, track.Done())
		track.Leave()
	}
}

// TestTrackSizes: a block is handed out if it has the size of the step, in units, and then the
// next is expected.
func TestTrackSizes(t *testing.T) {
	mem := lines(1024)
	for _, align := range []uintptr{1, 64, 128, 256} {
		for size := range uintptr(300) {
			units := (size + 63) / 64
			if align > 64 {
				units = (size + align - 1) / 64
			}
			for last := range uintptr(8) {
				for _, off := range []uintptr{64, 128} {
					track := tracked(mem, nil, handshake.Step{Off: off, Last: uint32(last)}, handshake.Step{Off: 0, Last: 0, Before: [2]uint32{1, 1}})
					got, stamp := take(track, mem, size, align)
					if size == 0 || units != last+1 {
						require.Equal(t, -1, got, "%d bytes at %d in %d units", size, align, last+1)
						require.Zero(t, track.Next)
						require.Zero(t, stamp)
						continue
					}
					start := uintptr(unsafe.Pointer(&mem[off]))
					start += -start & (max(align, 64) - 1)
					require.Equal(t, start, uintptr(unsafe.Pointer(&mem[got])))
					require.True(t, stamp.Live() && stamp.Whole(mem[got:got+int(size)]))
					require.Equal(t, owner{}, stamp.Owner())
					require.Equal(t, 1, track.Next)
					require.False(t, track.Done())
					got, _ = take(track, mem, 7, 1)
					require.Zero(t, got)
					require.True(t, track.Done())
					for _, align := range []uintptr{1, 128} {
						got, _ = take(track, mem, 7, align)
						require.Equal(t, -1, got, "no step is left")
					}
				}
			}
		}
	}
}

// TestTrackWaits: a block is handed out only when those are dead that had its memory, be they two or
// a list.
func TestTrackWaits(t *testing.T) {
	mem := lines(1024)
	more := []uint32{0, 1, 2, 3, 0}
	for _, align := range []uintptr{1, 128} {
		for _, c := range []struct {
			step handshake.Step
			must []int
		}{
			{handshake.Step{Before: [2]uint32{4, 4}}, nil},
			{handshake.Step{Before: [2]uint32{0, 4}}, []int{0}},
			{handshake.Step{Before: [2]uint32{4, 3}}, []int{3}},
			{handshake.Step{Before: [2]uint32{1, 2}}, []int{1, 2}},
			{handshake.Step{Before: [2]uint32{4, 4}, First: 1, End: 2}, []int{1}},
			{handshake.Step{Before: [2]uint32{0, 0}, First: 1, End: 4}, []int{0, 1, 2, 3}},
			{handshake.Step{Before: [2]uint32{4, 4}, First: 3, End: 5}, []int{3, 0}},
		} {
			size := uintptr(64)
			c.step.Last = uint32((size+max(align, 64)-1)/64 - 1)
			one := func(i uint32) handshake.Step {
				return handshake.Step{Off: 512 + 64*uintptr(i), Before: [2]uint32{i, i}}
			}
			for _, all := range []bool{true, false} {
				track := tracked(mem, more, one(0), one(1), one(2), one(3), c.step)
				var stamps []memory.Stamp
				for range 4 {
					got, stamp := take(track, mem, 64, 1)
					require.NotEqual(t, -1, got)
					stamps = append(stamps, stamp)
				}
				for i, last := range c.must {
					got, _ := take(track, mem, size, align)
					require.Equal(t, -1, got, "%+v waits for %d", c.step, c.must[i:])
					require.Equal(t, 4, track.Next)
					require.Equal(t, last, track.End(stamps[last]))
				}
				if all { // what it does not wait for may be dead, too
					track.EndFrom(0, 0)
				}
				got, _ := take(track, mem, size, align)
				require.NotEqual(t, -1, got, "%+v", c.step)
				require.Equal(t, 5, track.Next)
			}
		}
	}
}

// TestTrackEnds: the end of a block is known, with when it was and where.
func TestTrackEnds(t *testing.T) {
	mem := lines(1024)
	step := func(i uint32) handshake.Step {
		return handshake.Step{Off: 64 * uintptr(i), Before: [2]uint32{i, i}}
	}
	track := tracked(mem, nil, step(0), step(1), step(2), step(3), step(4), step(5))
	var stamps []memory.Stamp
	for range 5 {
		_, stamp := take(track, mem, 64, 1)
		stamps = append(stamps, stamp)
	}
	pc := reflect.ValueOf(TestTrackEnds).Pointer()
	for i, stamp := range stamps {
		require.True(t, track.Has(stamp))
		start := unsafe.Pointer(&mem[64*i])
		require.True(t, track.Holds(stamp, start, 64))
		require.False(t, track.Holds(stamp, start, 65))
		require.Zero(t, track.Ended(i))
	}
	track.Release(stamps[3], pc)
	require.Equal(t, 5, track.Ended(3))
	require.Equal(t, pc, stamps[3].EndPC())
	require.False(t, track.Has(stamps[3]))
	track.Forget(2)
	_, _ = take(track, mem, 64, 1)
	track.EndFrom(1, pc)
	require.Equal(t, []bool{true, false, true, false, false},
		[]bool{stamps[0].Live(), stamps[1].Live(), stamps[2].Live(), stamps[3].Live(), stamps[4].Live()})
	require.Equal(t, []int{0, 6, 5, 6, 6}, []int{track.Ended(0), track.Ended(1), track.Ended(3), track.Ended(4), track.Ended(5)})
	require.NotZero(t, track.Ended(2), "forgotten")
	require.Equal(t, pc, stamps[4].EndPC())
}
