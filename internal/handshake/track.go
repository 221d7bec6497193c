package handshake

import (
	"unsafe"

	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// A Track is where a buffer that replays a recording hands out memory, as long as the
// program follows: block after block at the place that is planned for it. The buffer's Alloc and
// Release use it, and package scope without calling them. What is not as it was recorded, the buffer
// must be asked for, which then takes the Track away. It is as safe for concurrent use as
// its buffer.
type Track struct {
	Next  int           // the step that is expected: so many blocks were handed out
	steps []Step        // none if no run follows
	out   memory.Blocks // the epochs of the steps
	more  []uint32
	base  unsafe.Pointer
}

// TrackUnit is the unit of all sizes that are compared.
const TrackUnit = 64

// A Step is one block: its size, its place, and what must be dead for it.
type Step struct {
	Off  uintptr // in bytes
	Last uint32  // the size in units, less 1

	Epoch uint32 // that the block has

	// Before are the steps that had memory of the block last. As those that had it before them
	// are dead, it is free if these are. Fewer are filled up with the step itself, which is
	// dead before it begins; more than two are those from First to End in a list.
	Before     [2]uint32
	First, End uint32
}

// Begin makes t a track of a run: its steps, as many epochs, the list of their predecessors, and the
// memory that offsets count from. None of the blocks lives.
func (t *Track) Begin(steps []Step, more []uint32, out memory.Blocks, mem []byte) {
	*t = Track{steps: steps, more: more, out: out, base: unsafe.Pointer(unsafe.SliceData(mem))}
}

// Leave makes t a track of no run.
func (t *Track) Leave() { *t = Track{} }

// Running reports whether t is the track of a run.
func (t *Track) Running() bool { return t.base != nil }

// Done reports whether all steps have been taken.
func (t *Track) Done() bool { return t.Next == len(t.steps) }

// Take hands out the next block, if it has the size in units that size has, which is in
// bytes; nil if the buffer must be asked. It begins at a multiple of 64.
func (t *Track) Take(size uintptr) (unsafe.Pointer, memory.Stamp) {
	i := t.Next
	if uint(i) >= uint(len(t.steps)) {
		return nil, memory.Stamp{}
	}
	s := &t.steps[i]
	if (size-1)/TrackUnit != uintptr(s.Last) || t.out.Ended(int(s.Before[0])) == 0 || t.out.Ended(int(s.Before[1])) == 0 || s.First < s.End && !t.free(s) { // 0 less 1 is the largest
		return nil, memory.Stamp{}
	}
	t.Next = i + 1
	// The plan, which is checked, has room for the block at Off.
	start := unsafe.Add(t.base, s.Off)
	return start, t.out.Begin(i, s.Epoch, start, size)
}

// TakeAligned is Take of a block at a multiple of align, which is above 64, for which the step has
// room. The size does not overflow if the alignment is added.
func (t *Track) TakeAligned(size, align uintptr) (unsafe.Pointer, memory.Stamp) {
	i := t.Next
	if size == 0 || i >= len(t.steps) {
		return nil, memory.Stamp{}
	}
	s := &t.steps[i]
	if (size+align-1)/TrackUnit != uintptr(s.Last)+1 || t.out.Ended(int(s.Before[0])) == 0 || t.out.Ended(int(s.Before[1])) == 0 || !t.free(s) {
		return nil, memory.Stamp{}
	}
	t.Next = i + 1
	start := unsafe.Add(t.base, s.Off)
	start = unsafe.Add(start, -uintptr(start)&(align-1)) // less than align - 64 bytes, as start is a multiple of 64
	return start, t.out.Begin(i, s.Epoch, start, size)
}

// free reports whether all of a step's list are dead.
//
//go:noinline
func (t *Track) free(s *Step) bool {
	for _, i := range t.more[s.First:s.End] {
		if t.out.Ended(int(i)) == 0 {
			return false
		}
	}
	return true
}

// Has reports whether s is the stamp of a block that the track has handed out and that lives.
func (t *Track) Has(s memory.Stamp) bool { return t.out.Has(s) }

// End ends the block with the stamp s, for which Has is true, and returns its step. The
// place is known already, if it is to be.
func (t *Track) End(s memory.Stamp) (i int) { return t.out.End(s, uint32(t.Next), 0) }

// Holds reports whether s is the stamp of such a block, of size bytes from start on, which guard
// mode does not watch.
func (t *Track) Holds(s memory.Stamp, start unsafe.Pointer, size uintptr) bool {
	return t.out.Holds(s, start, size)
}

// Release ends the block with the stamp s, for which Holds is true, at a place that is known.
func (t *Track) Release(s memory.Stamp, pc uintptr) { t.out.EndUnwatched(s, uint32(t.Next), pc) }

// EndFrom ends all blocks from step i on.
func (t *Track) EndFrom(i int, pc uintptr) { t.out.EndAll(i, t.Next, uint32(t.Next), pc) }

// Forget makes the block of step i, which lives, none of the track.
func (t *Track) Forget(i int) { t.out.Forget(i) }

// Ended returns how many blocks had been handed out when that of step i, which is one of
// them, ended; 0 if it lives.
func (t *Track) Ended(i int) int { return int(t.out.Ended(i)) }
