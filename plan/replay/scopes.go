package replay

import (
	"cmp"
	"slices"

	"github.com/allocarrays/allocarrays-go/internal/poison"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// Checkpoint opens a level of scope.
func (b *Buffer) Checkpoint() memory.Checkpoint {
	cp := b.Open(b.Depth())
	if b.Depth() == len(b.levels) {
		b.levels = append(b.levels, new(level))
	}
	b.depth = b.Depth()
	l := b.levels[b.depth]
	b.log.open++
	b.count()
	l.open(cp.Stamp, b.now(), b.top.bump)
	l.from, l.counted = b.track.Next, b.track.Next
	l.begun = b.follows()
	b.top = l
	return cp
}

// Restore ends the level that cp opened and releases what was allocated in it.
func (b *Buffer) Restore(cp memory.Checkpoint) error {
	depth, err := b.End(cp)
	return b.endTo(depth, err)
}

// Unwind is Restore for a level above which others were left open.
func (b *Buffer) Unwind(cp memory.Checkpoint) error {
	depth, err := b.EndAbove(cp)
	return b.endTo(depth, err)
}

// Reset releases everything and keeps the storage. See [bumper.Buffer] for its errors.
func (b *Buffer) Reset() error {
	return b.Levels.Reset(func() {
		b.stats.Resets++
		b.rewind()
	})
}

// rewind ends what is outside every scope.
func (b *Buffer) rewind() {
	l := b.levels[0]
	b.release(l)
	l.open(b.Stamp(), -1, 0)
	l.begun = true
}

// endTo ends the levels above depth, unless there was an error.
func (b *Buffer) endTo(depth int, err error) error {
	if err != nil {
		return err
	}
	for d := b.depth; d > depth; d-- {
		b.end(b.levels[d], b.levels[d-1])
	}
	b.depth = depth
	return nil
}

// end ends a level within outer.
func (b *Buffer) end(l, outer *level) {
	b.count()
	if b.follows() {
		b.releaseSteps(l)
		outer.counted = b.track.Next
	}
	b.release(l)
	b.top = outer
	outer.bumpMost = max(outer.bumpMost, l.bumpMost)
	e := b.wanted(l)
	if l.running {
		b.stop(l, e != nil)
	}
	if l.start < 0 {
		return
	}
	if e != nil {
		b.plans.learn(e, b.log.since(l.start), l.bumpMost-l.bumpAt)
	}
	if b.log.open--; b.log.open == 0 {
		b.log.drop(b.log.now())
	}
}

// wanted returns the entry of a level that ends, if what it did is to be planned.
func (b *Buffer) wanted(l *level) *entry {
	inside := !l.running && b.run != nil && b.run.lost < hopeless // a plan for all of it serves it better
	if l.start < 0 || b.now() == l.start || inside {
		return nil
	}
	e := l.known.find(b.plans, l.key)
	if e == nil {
		e = b.plans.add(l.key)
	}
	return b.plans.want(e)
}

// release ends all blocks of a level, each with its own epoch.
func (b *Buffer) release(l *level) {
	first, last := l.first.next, l.first.prev
	if first == &l.first {
		return
	}
	pc := l.stamp.EndPC()
	l.first.prev, l.first.next = &l.first, &l.first
	last.next = nil
	for k, next := first, first; k != nil; k = next {
		next = k.next
		k.epoch.EndAt(pc)
		b.log.death(k.birth)
		b.live -= k.len
		if poison.On {
			poison.Poison(k.memory())
		}
		if k.span != nil {
			b.heap.give(k.span)
			k.span = nil
		} else if k.run != &l.run { // whose frame ends anyway
			k.run.frame.give(k.off, k.len)
		}
		b.keep(k)
	}
}

// begin begins the levels in which nothing was allocated yet, of which one may be replayed.
// The first block has n granules.
func (b *Buffer) begin(n int) {
	for d, l := range b.levels[:b.depth+1] {
		if !l.begun {
			l.begun = true
			b.replay(l, d, n)
			l.from, l.counted = 0, 0
		}
	}
}

// replay makes a run of a level, if there is a recording and none around it is replayed.
func (b *Buffer) replay(l *level, depth, n int) {
	if b.run != nil && b.run.lost < hopeless {
		return
	}
	e := l.known.find(b.plans, l.key)
	if e == nil {
		return
	}
	rec := e.choose(n)
	if rec == nil {
		return
	}
	if b.heap.fit(rec.peak) == nil { // one piece for all, instead of those that do not do
		b.heap.trim()
	}
	s, err := b.heap.take(rec.peak)
	if err != nil {
		return
	}
	b.plans.began(e)
	r := &l.run
	r.entry, r.rec, r.next, r.lost, r.off, r.outer = e, rec, 0, 0, false, b.run
	r.span, r.depth = s, depth
	l.running, b.run = true, r
	b.begins(r)
}

// stop ends the run of a level whose blocks have ended. What it did is wanted if it is to be
// planned.
func (b *Buffer) stop(l *level, wanted bool) {
	r := &l.run
	followed := b.follows() && b.track.Done()
	if b.follows() {
		around := b.log.open // how many scopes around it are recorded
		if l.start >= 0 {
			around--
		}
		b.ends(r, wanted || around > 0)
	}
	b.run = r.outer
	if r.span != nil {
		b.heap.give(r.span)
	}
	r.entry.ended(r.rec, followed)
	l.running = false
	r.span, r.outer = nil, nil
}

// dissolve gives up all frames, so that the heap can use what is free in them, and reports
// whether there were any. Memory is short then.
func (b *Buffer) dissolve() (any bool) {
	for d := b.depth; d > 0; d-- {
		if l := b.levels[d]; l.running && l.run.span != nil {
			b.dissolveFrame(&l.run)
			any = true
		}
	}
	return any
}

// dissolveFrame makes the live blocks of a frame blocks of the heap, and the rest free.
func (b *Buffer) dissolveFrame(r *run) {
	moved := b.moved[:0]
	for _, l := range b.levels[:b.depth+1] {
		for k := l.first.next; k != &l.first; k = k.next {
			if k.span == nil && k.run == r {
				moved = append(moved, k)
			}
		}
	}
	slices.SortFunc(moved, func(x, y *block) int { return cmp.Compare(x.off, y.off) })
	s, at := r.span, 0
	var free []*span
	for _, k := range moved {
		if k.off > at {
			free = append(free, s)
			s = b.heap.split(s, k.off-at)
			at = k.off
		}
		k.span = s
		at += k.len
		if s.len > k.len {
			s = b.heap.split(s, k.len)
		} else {
			s = nil
		}
	}
	if s != nil {
		free = append(free, s)
	}
	r.span = nil
	clear(moved)
	b.moved = moved[:0]
	for _, s := range free { // none touches another
		b.heap.give(s)
	}
}
