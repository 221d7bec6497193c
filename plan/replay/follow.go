package replay

import (
	"unsafe"

	"github.com/allocarrays/allocarrays-go/internal/poison"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// A run follows its recording until it does something else. All that has happened is in its
// track then: how many steps were taken, and when the block of each has ended. Nothing
// else is kept up to date: not the log, nor what is live in the frame, nor the blocks of
// levels. That is made up for when the run leaves the recording, or when it has ended and is part of a
// scope that is recorded itself.

// follows reports whether the run that serves allocations follows its recording.
func (b *Buffer) follows() bool { return b.track.Running() }

// begins lets a run follow its recording.
func (b *Buffer) begins(r *run) {
	had := r.steps.Epochs()
	r.steps.For(b.front(), r.rec.epochs, r.rec.most)
	if r.steps.Epochs() > had {
		r.blocks = nil
	}
	r.birth = b.log.now()
	b.track.Begin(r.rec.track, r.rec.more, r.steps, r.span.part(0, r.span.len))
}

// follow hands out the block of the next step, if a run follows its recording and this is
// the step.
func (b *Buffer) follow(size, align uintptr) (memory.Block, bool) {
	var start unsafe.Pointer
	var stamp memory.Stamp
	if align <= granule {
		start, stamp = b.track.Take(size)
	} else if size <= maxSize && align <= maxSize {
		start, stamp = b.track.TakeAligned(size, align)
	}
	if start == nil {
		return memory.Block{}, false
	}
	// The step has room for the block in the memory of the run.
	mem := unsafe.Slice((*byte)(start), size)
	poison.Unpoison(mem)
	return memory.NewBlock(mem, stamp), true
}

// releaseStep is Release of a block of the run that follows.
func (b *Buffer) releaseStep(mem []byte, s memory.Stamp) bool {
	if !s.Handed(mem) {
		return false
	}
	if i := b.track.End(s); poison.On {
		poison.Poison(b.run.memory(i))
	}
	return true
}

// releaseSteps ends the blocks of a level of the run that follows.
func (b *Buffer) releaseSteps(l *level) {
	if poison.On {
		for i := l.from; i < b.track.Next; i++ {
			if b.track.Ended(i) == 0 {
				poison.Poison(b.run.memory(i))
			}
		}
	}
	if l.from < b.track.Next {
		b.track.EndFrom(l.from, l.stamp.EndPC())
	}
}

// memory returns all memory of a step.
func (r *run) memory(i int) []byte {
	s := r.rec.steps[i]
	return r.span.part(s.off, s.need)
}

// now returns the number of the next birth.
func (b *Buffer) now() int {
	if b.follows() {
		return b.run.birth + b.track.Next
	}
	return b.log.now()
}

// count adds the steps that were taken in the innermost level to what bumping would hold.
func (b *Buffer) count() {
	if l := b.top; b.follows() {
		l.bump += b.run.rec.sums[b.track.Next] - b.run.rec.sums[l.counted]
		l.bumpMost = max(l.bumpMost, l.bump)
		l.counted = b.track.Next
	}
}

// following returns how many granules of blocks live that a run has handed out which follows.
func (b *Buffer) following() (sum int) {
	for i := range b.track.Next {
		if b.track.Ended(i) == 0 {
			sum += b.run.rec.steps[i].need
		}
	}
	return sum
}

// leave makes the run that follows one that does not: what it has done so far is as if it
// never had.
func (b *Buffer) leave() {
	r := b.run
	b.count()
	b.write(r)
	r.frame.clear()
	if r.blocks == nil {
		r.blocks = make([]block, r.steps.Epochs())
	}
	for d := b.depth; d >= r.depth; d-- { // what is left from l.from on is of l: the inner ones come first
		l, to := b.levels[d], b.track.Next
		for i := l.from; i < to; i++ {
			if b.track.Ended(i) == 0 {
				l.add(b.loosen(r, i))
				b.track.Forget(i)
			}
		}
	}
	b.stats.Allocations += uint64(b.track.Next)
	r.next = b.track.Next
	b.track.Leave()
}

// loosen returns the block of a step, which lives, as one of any other.
func (b *Buffer) loosen(r *run, i int) *block {
	s := r.rec.steps[i]
	k := &r.blocks[r.rec.epochs[i]]
	*k = block{epoch: r.steps.Epoch(i), len: s.need, birth: r.birth + i, run: r, off: s.off, buf: b, step: true}
	k.epoch.SetRecord(k)
	r.frame.mark(s.off, s.need)
	b.live += s.need
	return k
}

// write writes into the log what the run that follows has done.
func (b *Buffer) write(r *run) {
	for i := range b.track.Next {
		end := b.track.Ended(i)
		if end > 0 {
			end += r.birth
		}
		b.birth(r.rec.steps[i].need, end)
	}
}

// ends ends a run that follows, whose blocks have ended. What it did is logged if anything asks for it.
func (b *Buffer) ends(r *run, logged bool) {
	if logged {
		b.write(r)
	}
	b.stats.Allocations += uint64(b.track.Next)
	b.track.Leave()
}
