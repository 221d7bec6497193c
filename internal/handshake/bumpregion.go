package handshake

import (
	"context"
	"sync/atomic"
	"unsafe"

	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// A BumpRegion is a [Region] with a window: a part of its current span from which the
// goroutines that share its context allocate without its lock and without a call.
//
// The word of the window holds how much of it is left, and its version, which no other window
// of the region ever has. Who allocates reads the word and after it all else that the block
// depends on: the generation, where the window ends, and the stamp of the scope. Then it swaps
// the word for one with less left. Who holds the region's lock changes these things only while
// the window is shut, and the next window has another version. So a swap succeeds only if
// nothing has changed between the read of the word and the swap: the block belongs to the
// generation and the scope that were seen, and nobody else has it. A swap that comes late, even
// after the region was given to a stranger, fails, and the region's AllocIn finds out that the
// scope has ended.
//
// Versions do not wrap: when they are used up the region opens no more windows, and serves
// every block under its lock; see [BumpRegion.Worn].
type BumpRegion struct {
	Region

	// Entered is that of [Sharing], for the scopes of the region.
	Entered func(ctx context.Context, pc uintptr)

	generation atomic.Uint64        // a Generation; odd while it lasts
	word       atomic.Uint64        // version<<leftBits | left
	last       atomic.Pointer[byte] // 64 bytes before the end of the window
	epoch      *memory.Epoch        // of the region's scopes

	_ [cacheLine]byte // what other regions write is on other cache lines
}

const (
	leftBits = 20
	leftMask = 1<<leftBits - 1

	// MostWindow is the length in bytes of the longest window.
	MostWindow = 1<<leftBits - cacheLine

	mostVersion = 1<<(64-leftBits) - 1 // at a window a nanosecond, reached in five hours

	cacheLine = 64
)

// Init sets the region that b belongs to, and the epoch of its scopes.
func (b *BumpRegion) Init(r Region, epoch *memory.Epoch) { b.Region, b.epoch = r, epoch }

// Releaser returns what releases the blocks of the region, if it has one.
func (b *BumpRegion) Releaser(g Generation) memory.Releaser {
	if able, ok := b.Region.(Releasing); ok {
		return able.Releaser(g)
	}
	return nil
}

// Generation returns the current generation.
func (b *BumpRegion) Generation() Generation { return Generation(b.generation.Load()) }

// Next begins or ends a generation, and returns the new one. The window is shut, and the
// region's lock is held.
func (b *BumpRegion) Next() Generation { return Generation(b.generation.Add(1)) }

// Open opens a window on the last of mem, whose length is a multiple of 64 as its address is.
// left bytes, at most MostWindow, are not in use, and their stamp is that of the epoch. Open
// returns false if it is not possible. The window is shut, and the region's lock is held.
func (b *BumpRegion) Open(mem []byte, left int) bool {
	version := b.word.Load()>>leftBits + 1
	if left <= 0 || version > mostVersion {
		return false
	}
	last := &mem[len(mem)-cacheLine]
	if b.last.Load() != last {
		b.last.Store(last)
	}
	b.word.Store(version<<leftBits | uint64(left))
	return true
}

// Shut shuts the window, and returns how many bytes are left. The region's lock is held.
func (b *BumpRegion) Shut() (left int) {
	version := b.word.Load() >> leftBits // which nobody else changes
	return int(b.word.Swap(version<<leftBits) & leftMask)
}

// Forget makes a window that is shut refer to no memory. The region's lock is held.
func (b *BumpRegion) Forget() {
	if b.last.Load() != nil {
		b.last.Store(nil)
	}
}

// Worn reports whether the region can open no more windows.
func (b *BumpRegion) Worn() bool { return b.word.Load()>>leftBits == mostVersion }

// Take returns the first of the next size bytes, and their stamp; nil if the region must be
// asked, because the generation is over, no scope or no window is open, or no room is left.
// size is not 0; the alignment is a power of two and at most 64.
func (b *BumpRegion) Take(g Generation, size, align uintptr) (unsafe.Pointer, memory.Stamp) {
	for {
		word, room, last, stamp := b.look(g, size, align)
		if room < size {
			return nil, memory.Stamp{}
		}
		if b.swap(word, room-size) {
			// The block begins room bytes before the end of the window, and ends in it.
			return unsafe.Add(unsafe.Pointer(last), cacheLine-int(room)), stamp
		}
	}
}

// look returns the word, and all else that the next block depends on; room is what is left
// from the next multiple of the alignment on. It reads the word first.
func (b *BumpRegion) look(g Generation, size, align uintptr) (word uint64, room uintptr, last *byte, stamp memory.Stamp) {
	mask := align - 1
	if size >= cacheLine {
		mask = cacheLine - 1
	}
	word = b.word.Load()
	if b.generation.Load() == uint64(g) {
		room = uintptr(word&leftMask) &^ mask
	}
	return word, room, b.last.Load(), b.epoch.Stamp()
}

// swap leaves so many bytes in the window, if nothing has changed since look returned word.
func (b *BumpRegion) swap(word uint64, left uintptr) bool {
	return b.word.CompareAndSwap(word, word&^leftMask|uint64(left))
}

// Block is Take for any size and alignment.
func (b *BumpRegion) Block(g Generation, size, align uintptr) (memory.Block, bool) {
	if size == 0 || align&(align-1) != 0 || align-1 >= cacheLine {
		return memory.Block{}, false
	}
	first, stamp := b.Take(g, size, align)
	if first == nil {
		return memory.Block{}, false
	}
	return memory.NewBlock(unsafe.Slice((*byte)(first), size), stamp), true
}
