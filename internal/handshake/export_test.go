package handshake

import "github.com/allocarrays/allocarrays-go/scope/memory"

// A Look is what an allocation in a window has seen before it swaps the word.
type Look struct {
	word  uint64
	Room  uintptr
	Stamp memory.Stamp
}

func (b *BumpRegion) Look(g Generation, size, align uintptr) (l Look) {
	l.word, l.Room, _, l.Stamp = b.look(g, size, align)
	return l
}

func (b *BumpRegion) Swap(l Look, size uintptr) bool { return b.swap(l.word, l.Room-size) }

// Wear leaves the region n versions.
func (b *BumpRegion) Wear(n int) { b.word.Store((mostVersion - uint64(n)) << leftBits) }

// Waiting returns how many claims wait for r.
func (r *Refuser) Waiting() int64 { return r.waiting.Load() }

// Queued returns how many claims wait in all.
func Queued() int64 {
	queue.mu.Lock()
	defer queue.mu.Unlock()
	return max(queue.waiting.Load(), int64(len(queue.list)))
}
