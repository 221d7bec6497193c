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
	if len(b.epochs) < n {
		b.epochs = make([]Epoch, n)
		last := epochs.Add(uint64(n))
		for i := range b.epochs {
			e := &b.epochs[i]
			e.owner, e.kind, e.index, e.number = owner, blocks, uint32(i), last-uint64(n-1-i)
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
// epoch. It returns the stamp.
func (b *Blocks) Begin(i int, start unsafe.Pointer, size uintptr) Stamp {
	e := &b.epochs[b.of[i]]
	e.start, e.size, e.block = uintptr(start), int(size), uint32(i)
	b.ended[i] = 0
	return e.Stamp()
}

// Ended returns when block i has ended, in this run or before; 0 if it lives.
func (b *Blocks) Ended(i int) uint32 { return b.ended[i] }

// Dead is Ended(i) != 0 and Ended(k) != 0.
func (b *Blocks) Dead(i, k uint32) bool { return b.ended[i] != 0 && b.ended[k] != 0 }

// Find returns the block that has the stamp s, if it lives and is one of these.
func (b *Blocks) Find(s Stamp) (i int, ok bool) {
	e := s.epoch
	if e == nil || uint(e.index) >= uint(len(b.epochs)) || e != &b.epochs[e.index] || !s.Live() {
		return 0, false
	}
	return int(e.block), true
}

// Forget makes block i one that has ended for Ended and EndAll. Its epoch goes on.
func (b *Blocks) Forget(i int) { b.ended[i] = 1 }

// End ends block i as [Epoch.EndAt] does, and records that it was then, which is not 0.
func (b *Blocks) End(i int, then uint32, pc uintptr) {
	b.ended[i] = then
	b.epochs[b.of[i]].EndAt(pc)
}

// EndAll is End of those blocks from i up to k, k not included, that live.
func (b *Blocks) EndAll(i, k int, then uint32, pc uintptr) {
	for i < k {
		i += endAll(b.epochs, b.of[i:k], b.ended[i:k], then, pc)
		if i < k { // guard mode watches it
			b.End(i, then, pc)
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
