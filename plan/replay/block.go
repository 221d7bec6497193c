package replay

import (
	"github.com/allocarrays/allocarrays-go/internal/poison"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// A block is one that was handed out, or an object for the next. It has an epoch of its
// own, and is the record of that, so that Release finds it by the stamp.
type block struct {
	prev, next *block // of the level; next also of the list of spare objects
	epoch      *memory.Epoch
	len        int // of the whole, in granules
	birth      int // in the log

	// Where it lies: a span of the heap or, if that is nil, the frame of a run.
	span *span
	run  *run
	off  int // in granules, in the frame

	buf  *Buffer
	step bool // the epoch is that of a step of a run, and cannot serve another block
}

// keep keeps the object of a block that has ended for the next.
func (b *Buffer) keep(k *block) {
	if !k.step {
		k.next, b.spare = b.spare, k
	}
}

// front returns who answers for the blocks of b: what locks b, if goroutines share it.
func (b *Buffer) front() memory.Releaser {
	if front := b.shared.Releaser; front != nil {
		return front
	}
	return b
}

// newBlock returns a block to hand out.
func (b *Buffer) newBlock() *block {
	k := b.spare
	if k == nil {
		k = &block{buf: b}
		k.epoch = memory.NewBlockEpoch(b.front())
		k.epoch.SetRecord(k)
		return k
	}
	b.spare = k.next
	return k
}

// Release ends one block before its scope does. See [memory.Releaser].
func (b *Buffer) Release(mem []byte, s memory.Stamp) bool {
	if b.track.Has(s) {
		return b.releaseStep(mem, s)
	}
	k, ok := s.Record().(*block)
	if !ok || k.buf != b || !s.Live() || !s.Handed(mem) {
		return false
	}
	k.epoch.EndAt(0)
	b.log.death(k.birth)
	k.prev.next = k.next
	k.next.prev = k.prev
	if poison.On {
		poison.Poison(k.memory())
	}
	if k.span != nil {
		b.heap.give(k.span)
		k.span = nil
	} else {
		k.run.frame.give(k.off, k.len)
	}
	b.live -= k.len
	b.keep(k)
	return true
}

// memory returns all of the block, which lives.
func (k *block) memory() []byte {
	if k.span != nil {
		return k.span.part(0, k.len)
	}
	return k.run.span.part(k.off, k.len)
}
