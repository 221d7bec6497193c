package replay

import "github.com/allocarrays/allocarrays-go/scope/memory"

// A run is a scope that is being replayed, with all within it: a recording, and how far
// the scope has come in it.
type run struct {
	frame
	entry *entry
	rec   *recording
	next  int  // the step that is expected
	lost  int  // allocations in a row that were not
	off   bool // at least one was not served as recorded
	outer *run // that of a scope around, which waits

	// For the time in which it follows its recording:
	birth  int // of the first step, in the log
	depth  int // of its level
	steps  memory.Blocks
	blocks []block // one for each epoch, for when it has left the recording; made then
}

const (
	ahead    = 16 // how far a run looks for a step after one that did not come
	hopeless = 32 // so many in a row, and scopes within are replayed on their own
)

// take returns where a block of n granules goes in the frame; false if nothing is planned
// for it, or if the place is taken in this run.
func (r *run) take(n int) (off int, ok bool) {
	i := r.next
	if i >= len(r.rec.steps) || r.rec.steps[i].need != n {
		return r.seek(n)
	}
	off = r.rec.steps[i].off
	if r.frame.take(off, n) {
		r.next, r.lost = i+1, 0
		return off, true
	}
	if off, ok = r.change(n); !ok { // what lay there lives longer than it did
		r.next = i + 1
	}
	return off, ok
}

// seek finds a place for a block that is not the one expected. A place that was meant for
// another does no harm: it is free, and if the other comes it goes elsewhere.
func (r *run) seek(n int) (off int, ok bool) {
	if off, ok = r.change(n); ok || r.frame.span == nil {
		return off, ok
	}
	steps := r.rec.steps
	for j := r.next + 1; j < min(r.next+ahead, len(steps)); j++ {
		if steps[j].need == n && r.frame.take(steps[j].off, n) {
			r.next, r.lost = j+1, 0
			return steps[j].off, true
		}
	}
	if i := r.next; i < len(steps) && steps[i].need > n && r.frame.take(steps[i].off, n) { // smaller than recorded
		r.next, r.lost = i+1, 0
		return steps[i].off, true
	}
	r.lost++
	return 0, false
}

// change goes on with another recording that began in the same way, if one has a place for
// the block.
func (r *run) change(n int) (off int, ok bool) {
	r.off = true
	i := r.next
	for _, other := range r.entry.all() {
		if other != r.rec && other.begins(r.rec, i) && other.steps[i].need == n && r.frame.span != nil && r.frame.take(other.steps[i].off, n) {
			r.rec, r.next, r.lost = other, i+1, 0
			return other.steps[i].off, true
		}
	}
	return 0, false
}
