package replay

import (
	"cmp"
	"slices"

	"github.com/allocarrays/allocarrays-go/internal/handshake"
)

// prepare makes of the steps what a track needs. A step waits for those that had its granules
// last. Any that had them before is dead when one of these was handed out, since that waited
// for it. One of them leaves the step its epoch, if no other has got it.
func (r *recording) prepare() {
	r.track = make([]handshake.Step, len(r.steps))
	r.epochs = make([]uint32, len(r.steps))
	line := newSkyline(r.peak, len(r.steps))
	left := make([]bool, len(r.steps)) // its epoch is another step's
	for i, s := range r.steps {
		before := line.put(part{s.off, s.off + s.need, uint32(i)})
		t := &r.track[i]
		*t = handshake.Step{Last: uint32(s.need - 1), Off: uintptr(s.off) * granule, Before: [2]uint32{uint32(i), uint32(i)}}
		n := copy(t.Before[:], before)
		t.First = uint32(len(r.more))
		r.more = append(r.more, before[n:]...)
		t.End = uint32(len(r.more))
		heir := slices.IndexFunc(before, func(k uint32) bool { return !left[k] })
		if heir < 0 {
			r.epochs[i] = uint32(r.most)
			r.most++
		} else {
			r.epochs[i], left[before[heir]] = r.epochs[before[heir]], true
		}
		t.Epoch = r.epochs[i]
	}
}

// A skyline says which step had each granule of a frame last.
type skyline struct {
	parts   []part   // in the order of addresses; they touch
	seen    []uint32 // of each step: the last step that covered some of it
	covered []uint32 // scratch
}

type part struct {
	off, end int
	step     uint32 // noStep if there was none
}

const noStep = ^uint32(0)

func newSkyline(granules, steps int) *skyline {
	return &skyline{parts: []part{{0, granules, noStep}}, seen: make([]uint32, steps)}
}

// put puts a part on the line, whose step is above those before, and returns the steps that it
// covers some of, each once. The result is valid until the next call.
func (l *skyline) put(p part) []uint32 {
	from, found := slices.BinarySearchFunc(l.parts, p.off, func(q part, off int) int { return cmp.Compare(q.off, off) })
	if !found {
		from--
	}
	l.covered = l.covered[:0]
	to := from
	for ; to < len(l.parts) && l.parts[to].off < p.end; to++ {
		if s := l.parts[to].step; s != noStep && l.seen[s] != p.step {
			l.seen[s] = p.step
			l.covered = append(l.covered, s)
		}
	}
	fresh := append(make([]part, 0, 3), p)
	if first := l.parts[from]; first.off < p.off {
		fresh = slices.Insert(fresh, 0, part{first.off, p.off, first.step})
	}
	if last := l.parts[to-1]; last.end > p.end {
		fresh = append(fresh, part{p.end, last.end, last.step})
	}
	l.parts = slices.Replace(l.parts, from, to, fresh...)
	return l.covered
}
