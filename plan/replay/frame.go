package replay

// A frame is the memory of a run that is replayed: as much as its plan needs, in one span
// of the heap. When the run has left its recording, a bit for each granule says whether a live
// block of this run has it. It is what every hand-out is checked against, so a plan is never more than a
// proposal.
type frame struct {
	span *span
	live []uint64
}

// clear makes f all free.
func (f *frame) clear() {
	words := (f.span.len + 63) / 64
	if cap(f.live) < words {
		f.live = make([]uint64, words)
	}
	f.live = f.live[:words]
	clear(f.live)
}

// mark marks n granules from off on, which are free, as live.
func (f *frame) mark(off, n int) {
	f.fill(off/64, (off+n-1)/64, ^uint64(0)<<(off%64), ^uint64(0)>>(63-(off+n-1)%64))
}

// take marks n granules from off on as live, if they are in the frame and none of them is.
func (f *frame) take(off, n int) bool {
	if f.span == nil || n > f.span.len-off {
		return false
	}
	first, last := off/64, (off+n-1)/64
	low, high := ^uint64(0)<<(off%64), ^uint64(0)>>(63-(off+n-1)%64)
	if first == last {
		if f.live[first]&(low&high) != 0 {
			return false
		}
		f.fill(first, last, low, high)
		return true
	}
	found := f.live[first]&low | f.live[last]&high
	for _, w := range f.live[first+1 : last] {
		found |= w
	}
	if found != 0 {
		return false
	}
	f.fill(first, last, low, high)
	return true
}

func (f *frame) fill(first, last int, low, high uint64) {
	if first == last {
		f.live[first] |= low & high
		return
	}
	f.live[first] |= low
	f.live[last] |= high
	for i := first + 1; i < last; i++ {
		f.live[i] = ^uint64(0)
	}
}

// give marks n granules from off on, which are live, as free.
func (f *frame) give(off, n int) {
	first, last := off/64, (off+n-1)/64
	low, high := ^uint64(0)<<(off%64), ^uint64(0)>>(63-(off+n-1)%64)
	if first == last {
		f.live[first] &^= low & high
		return
	}
	f.live[first] &^= low
	f.live[last] &^= high
	clear(f.live[first+1 : last])
}
