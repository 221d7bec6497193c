package memory

import "github.com/allocarrays/allocarrays-go/scope/internal/pages"

// Guarded returns b or, if guard mode (see package scope/guard) watches the scope of b,
// a block in guarded pages that replaces it and has an epoch of its own, so that it can be
// released before its scope ends. The latter holds for blocks of the Go heap too, and for
// those of an [Isolator], which stay where they are. Package scope calls Guarded for every
// block that it hands out; code that calls Alloc itself gets unguarded blocks unless it
// does the same.
func Guarded(b Block, align uintptr) Block {
	if !pages.On() || b.size == 0 {
		return b
	}
	e := b.Stamp.epoch
	if e == nil {
		return guardedHeap(b)
	}
	if !pages.Chosen(e.number, b.Stamp.generation) {
		return b
	}
	i, ok := e.owner.(Isolator)
	isolates := ok && i.Isolates() // its memory is not reused while anything refers to it
	align = Alignment(uintptr(b.size), align)
	switch {
	case e.kind == scopes:
		return guardedAlone(b, align, isolates)
	case isolates:
		return b
	}
	if p := e.guards().Place(b.Bytes(), int(align), b.Stamp.Live, nil); p != nil {
		e.hand(p.Bytes())
		e.replaced = b.start // of as many bytes
		return NewBlock(p.Bytes(), b.Stamp)
	}
	return b
}

// guardedHeap gives a block of the Go heap, which stays where it is, an epoch of its own.
func guardedHeap(b Block) Block {
	e := NewEpoch(nil)
	if !pages.Chosen(e.number, 0) {
		return b
	}
	e.watch(&watched{epoch: e}, b.Bytes())
	return NewBlock(b.Bytes(), e.Stamp())
}

// guardedAlone gives a block an epoch of its own, which ends with its scope at the latest,
// and unless it is to stay where it is, pages of its own.
func guardedAlone(b Block, align uintptr, stays bool) Block {
	list := b.Stamp.epoch.guards()
	e := NewEpoch(b.Stamp.epoch.owner)
	w := &watched{epoch: e, list: list}
	if stays {
		w.block = list.Keep(b.Bytes(), b.Stamp.Live, e.endWithScope)
	} else {
		w.block = list.Place(b.Bytes(), int(align), b.Stamp.Live, e.endWithScope)
	}
	if w.block == nil { // another goroutine has ended the scope
		return b
	}
	e.watch(w, w.block.Bytes())
	return NewBlock(w.block.Bytes(), e.Stamp())
}

// watch makes an epoch that of mem, which w releases.
func (e *Epoch) watch(w *watched, mem []byte) {
	e.kind, e.record = guarded, w
	e.hand(mem)
}

// endWithScope ends an epoch of guard mode because the scope of its block has ended at pc.
func (e *Epoch) endWithScope(pc uintptr) {
	if pc != 0 {
		e.Stamp().EndsAt(pc)
	}
	e.generation.Add(1)
}

// A watched is a block to which guard mode gave an epoch of its own.
type watched struct {
	epoch *Epoch
	list  *pages.List  // of its scope; nil on the heap
	block *pages.Block // on the list
}

// Release ends the block. What uses it later faults, or reads poison where it stays.
func (w *watched) Release(mem []byte, s Stamp) bool {
	if !w.epoch.generation.CompareAndSwap(s.generation, s.generation+1) {
		return false // its scope has ended
	}
	switch {
	case w.list != nil:
		w.list.ReleaseOne(w.block, s.endPC(), s.End)
	default:
		pages.Poison(mem)
	}
	return true
}
