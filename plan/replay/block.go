package replay

import (
	"unsafe"

	"github.com/allocarrays/allocarrays-go/internal/poison"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// A block is one that was handed out, or an object for the next. It has an epoch of its
// own, and is the record of that, so that Release finds it by the stamp.
type block struct {
	buf   *Buffer
	epoch *memory.Epoch

	mem   []byte // whole granules
	start *byte  // of what was handed out, in mem
	size  int    // of it, in bytes
	len   int    // of mem, in granules
	birth int    // in the log

	// Where it lies: a span of the heap, or the frame of a run.
	span *span
	run  *run
	off  int // in granules, in the frame

	prev, next *block // of the level; next also of the list of objects
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

// owns reports whether mem is all of the block.
func (k *block) owns(mem []byte) bool {
	return len(mem) == k.size && unsafe.SliceData(mem) == k.start
}

// Release ends one block before its scope does. See [memory.Releaser].
func (b *Buffer) Release(mem []byte, s memory.Stamp) bool {
	k, ok := s.Record().(*block)
	if !ok || k.buf != b || !s.Live() || !k.owns(mem) {
		return false
	}
	k.epoch.EndAt(0)
	b.log.death(k.birth)
	k.prev.next = k.next
	k.next.prev = k.prev
	poison.Poison(k.mem)
	if k.span != nil {
		b.heap.give(k.span)
	} else {
		k.run.frame.give(k.off, k.len)
	}
	b.forget(k)
	return true
}

// forget keeps the object of a block that has ended.
func (b *Buffer) forget(k *block) {
	b.live -= k.len
	k.span, k.run, k.mem, k.start = nil, nil, nil, nil
	k.prev, k.next = nil, b.spare
	b.spare = k
}
