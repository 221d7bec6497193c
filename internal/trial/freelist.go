package trial

import (
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// A FreeList is a simple [memory.Releaser] with levels: pieces of memory that serve one
// block after another of about their size. Released memory is overwritten. It is for tests
// of what releases blocks, and counts exactly what that does.
type FreeList struct {
	bumper.Levels[freeMark]
	out    []*freePiece // blocks of the open levels, in the order of their allocation; nil if released
	base   int          // where in out the innermost level begins
	free   []*freePiece
	pieces map[*byte]*freePiece

	Live, Peak int // bytes of live blocks, now and at most
	Held       int // bytes of all pieces
	Released   int // blocks that were released before their scope ended
}

type freeMark struct{ base, outer int }

// A freePiece has an epoch for the blocks that it serves.
type freePiece struct {
	mem   []byte
	size  int // of the current block; 0 if there is none
	place int // in out
	epoch *memory.Epoch
}

// NewFreeList returns a list that holds nothing.
func NewFreeList() *FreeList {
	f := &FreeList{pieces: map[*byte]*freePiece{}}
	f.Init(f)
	return f
}

// Alloc hands out the smallest free piece that is large enough, but not twice as large, or
// a new one.
func (f *FreeList) Alloc(size, align uintptr) (memory.Block, error) {
	align = memory.Alignment(size, align)
	if size == 0 {
		return memory.NewBlock(nil, f.Stamp()), nil
	}
	best := -1
	for i, p := range f.free {
		if n := uintptr(len(p.mem)); n >= size && n < 2*max(size, 64) && aligned(p.mem, align) && (best < 0 || n < uintptr(len(f.free[best].mem))) {
			best = i
		}
	}
	var p *freePiece
	if best >= 0 {
		p = f.free[best]
		f.free[best] = f.free[len(f.free)-1]
		f.free = f.free[:len(f.free)-1]
	} else {
		b, err := scope.Heap().Alloc(size, max(align, 64))
		if err != nil {
			return b, err
		}
		p = &freePiece{mem: b.Bytes(), epoch: memory.NewBlockEpoch(f)}
		f.pieces[&p.mem[0]] = p
		f.Held += len(p.mem)
	}
	p.size, p.place = int(size), len(f.out)
	f.out = append(f.out, p)
	f.Live += p.size
	f.Peak = max(f.Peak, f.Live)
	return p.epoch.Block(p.mem[:size:size]), nil
}

// Release is that of [memory.Releaser].
func (f *FreeList) Release(mem []byte, s memory.Stamp) bool {
	if !f.Owns(mem, s) {
		return false
	}
	p := f.pieces[&mem[0]]
	f.out[p.place] = nil
	for len(f.out) > f.base && f.out[len(f.out)-1] == nil {
		f.out = f.out[:len(f.out)-1]
	}
	f.Released++
	f.retire(p)
	return true
}

// Blocks returns the memory of the live blocks, in the order of their allocation.
func (f *FreeList) Blocks() (all [][]byte) {
	for _, p := range f.out {
		if p != nil {
			all = append(all, p.mem[:p.size])
		}
	}
	return all
}

// retire ends the block of p.
func (f *FreeList) retire(p *freePiece) {
	p.epoch.End()
	f.Live -= p.size
	for i := range p.mem {
		p.mem[i] = 0xDB
	}
	p.size = 0
	f.free = append(f.free, p)
}

// Checkpoint, Restore and Unwind are those of [memory.Checkpointer], Reset that of a buffer.
func (f *FreeList) Checkpoint() memory.Checkpoint {
	mark := freeMark{len(f.out), f.base}
	f.base = mark.base
	return f.Open(mark)
}

func (f *FreeList) Restore(cp memory.Checkpoint) error {
	mark, err := f.End(cp)
	return f.rewind(mark, cp.Stamp, err)
}

func (f *FreeList) Unwind(cp memory.Checkpoint) error {
	mark, err := f.EndAbove(cp)
	return f.rewind(mark, cp.Stamp, err)
}

func (f *FreeList) Reset() error {
	own := f.Stamp()
	return f.Levels.Reset(func() { _ = f.rewind(freeMark{}, own, nil) })
}

// rewind ends the blocks of a level that has ended, unless err says that it has not.
func (f *FreeList) rewind(mark freeMark, level memory.Stamp, err error) error {
	if err != nil {
		return err
	}
	for _, p := range f.out[mark.base:] {
		if p != nil {
			p.epoch.Stamp().EndsAs(level)
			f.retire(p)
		}
	}
	f.out, f.base = f.out[:mark.base], mark.outer
	return nil
}

// String names the allocator in messages.
func (f *FreeList) String() string { return "free list" }

func aligned(mem []byte, align uintptr) bool {
	from, _ := span(mem)
	return from&(align-1) == 0
}

// Owns reports whether Release would succeed.
func (f *FreeList) Owns(mem []byte, s memory.Stamp) bool {
	if len(mem) == 0 {
		return false
	}
	p := f.pieces[&mem[0]]
	return p != nil && p.size == len(mem) && p.epoch.Stamp() == s
}
