package memory

import "unsafe"

// Blocks are epochs for the blocks that an allocator hands out in an order that it knows
// beforehand, run after run: block 0 first. They lie in one piece, so that the end of a scope
// ends thousands of them in a loop, and finding the block of a stamp is no search. A block
// may have the epoch of one that ends before it begins.
//
// In each run, every block begins at most once and ends. The zero Blocks are none. A copy
// of Blocks is the same blocks.
type Blocks struct {
	epochs []Epoch
	of     []uint32 // of each block: the index of its epoch
	ended  []uint32 // of each block: when; 0 while it lives
}

// For makes b blocks of owner, as [NewBlockEpoch] would: block i has epoch of[i], and there are n
// epochs. None of the blocks that b has been lives. What b has is used again if it is enough.
func (b *Blocks) For(owner Releaser, of []uint32, n int) {
	if n = max(n, 1); len(b.epochs) < n || b.epochs[0].owner != any(owner) {
		b.epochs = make([]Epoch, n)
		last := epochs.Add(uint64(n))
		for i := range b.epochs {
			e := &b.epochs[i]
			e.owner, e.kind, e.number = owner, blocks, last-uint64(n-1-i)
		}
	}
	if len(b.ended) < len(of) {
		b.ended = make([]uint32, len(of))
		for i := range b.ended {
			b.ended[i] = 1
		}
	}
	b.of = of
}

// Epochs returns how many epochs there are.
func (b *Blocks) Epochs() int { return len(b.epochs) }

// Epoch returns that of block i.
func (b *Blocks) Epoch(i int) *Epoch { return &b.epochs[b.of[i]] }

// Begin makes size bytes from start on block i, which does not live, as none does that has the same
// epoch, and returns the stamp. The caller says which epoch that is: of[i].
func (b *Blocks) Begin(i int, epoch uint32, start unsafe.Pointer, size uintptr) Stamp {
	e := &b.epochs[epoch]
	e.start, e.size, e.block = uintptr(start), int(size), uint32(i)
	b.ended[i] = 0
	return e.Stamp()
}

// Ended returns when block i has ended, in this run or before; 0 if it lives.
func (b *Blocks) Ended(i int) uint32 { return b.ended[i] }

// Has reports whether s is the stamp of one of the blocks that live.
func (b *Blocks) Has(s Stamp) bool { return b.among(s.epoch) && s.Live() }

// among reports whether e, which may be nil, is one of the epochs. An address within them
// is that of one, as there are no others.
func (b *Blocks) among(e *Epoch) bool {
	return uintptr(unsafe.Pointer(e))-uintptr(unsafe.Pointer(unsafe.SliceData(b.epochs))) < uintptr(len(b.epochs))*unsafe.Sizeof(Epoch{})
}

// Holds reports whether s is the stamp of one of the blocks that live, size bytes from start on are all of
// it, and guard mode does not watch it.
func (b *Blocks) Holds(s Stamp, start unsafe.Pointer, size uintptr) bool {
	e := s.epoch
	return b.among(e) && // with one branch for all of this:
		(e.generation.Load()^s.generation)|
			uint64((e.start^uintptr(start))|(uintptr(e.size)^size)|uintptr(unsafe.Pointer(e.guarded.Load()))) == 0
}

// Forget makes block i one that has ended for Ended and EndAll. Its epoch goes on.
func (b *Blocks) Forget(i int) { b.ended[i] = 1 }

// End ends the block that has the stamp s, for which Has is true, as [Epoch.EndAt] does, and records
// that it was then, which is not 0. It returns which block that is.
func (b *Blocks) End(s Stamp, then uint32, pc uintptr) (i int) {
	e := s.epoch
	b.ended[e.block] = then
	e.EndAt(pc)
	return int(e.block)
}

// EndUnwatched is End of a block that guard mode does not watch, at a place that is known, for which
// Holds is true.
func (b *Blocks) EndUnwatched(s Stamp, then uint32, pc uintptr) {
	b.ended[s.epoch.block] = then
	endAt(s.epoch, pc)
}

// EndAll is End of those blocks from i up to k, k not included, that live.
func (b *Blocks) EndAll(i, k int, then uint32, pc uintptr) {
	for i < k {
		i += endAll(b.epochs, b.of[i:k], b.ended[i:k], then, pc)
		if i < k { // guard mode watches it
			b.ended[i] = then
			b.Epoch(i).EndAt(pc)
			i++
		}
	}
}

// endSlowly is endAll where it is not assembly.
func endSlowly(epochs []Epoch, of, ended []uint32, then uint32, pc uintptr) int {
	for i, at := range of {
		if ended[i] == 0 {
			if epochs[at].guarded.Load() != nil {
				return i
			}
			ended[i] = then
			epochs[at].EndAt(pc)
		}
	}
	return len(of)
}
