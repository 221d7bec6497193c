package locked

import (
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/allocarrays/allocarrays-go/internal/handshake"
	"github.com/allocarrays/allocarrays-go/internal/poison"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// region is private memory within a shared buffer: a bump allocator on spans of the
// buffer's arena. Regions are reused; each use is a generation.
//
// The region's lock is for goroutines that share its context. Locks are taken in the
// order Buffer.growing, region.mu, Buffer.mu, and no goroutine waits for growing while
// it holds another. Most blocks are taken without it: see handshake.BumpRegion, lock, unlock.
type region struct {
	home *Buffer

	// bump is what package scope gets: it allocates from the window without the lock.
	bump   handshake.BumpRegion
	window int // where in mem the window ends; 0 if it is shut

	mu    sync.Mutex
	open  bool
	epoch *memory.Epoch

	mem   []byte // what is bumped through: the last of spans
	off   int    // what is used of it, if the window is shut
	start int    // where the open scope began, if memory is not reused
	full  int    // bytes used in the spans before it
	spans []*span
	held  int // bytes of spans
	most  int // the most bytes that a scope of this generation has used

	own *own // the buffer that allocates instead; or nil

	attached atomic.Value // of package scope

	account   handshake.Account // charged for the spans of an open scope; may be nil
	inherited bool              // account is that of the region around
	charged   int               // bytes
	ahead     int               // of these, for a span that an isolating buffer is to acquire

	listed        bool // in Buffer.closed; under Buffer.mu as the links are
	before, after *region
}

var _ handshake.Region = (*region)(nil)

// newRegion returns a region of home that holds no storage.
func newRegion(home *Buffer) *region {
	r := &region{home: home, epoch: memory.NewEpoch(home.inner)}
	r.bump.Init(r, r.epoch)
	return r
}

// lock is r.mu.Lock, and keeps others from allocating without the lock: all that is
// documented of the fields holds until unlock.
func (r *region) lock() {
	r.mu.Lock()
	if r.window > 0 {
		r.off = r.window - r.bump.Shut()
		r.window = 0
	}
}

// unlock is r.mu.Unlock, and opens the window on what is left of the current span if a scope
// is open. What is outside every region is not worth a window, and where the build watches
// memory, every block is unpoisoned under the lock.
func (r *region) unlock() {
	if r.open && r != r.home.common && !poison.On {
		end := min(len(r.mem), r.off+handshake.MostWindow) &^ (granule - 1)
		if end > r.off && r.bump.Open(r.mem[:end], end-r.off) {
			r.window = end
		}
	}
	r.mu.Unlock()
}

// unlockAfter is unlock, or r.mu.Unlock if the open scope had not used anything before.
func (r *region) unlockAfter(used int) {
	if used == 0 {
		r.mu.Unlock()
		return
	}
	r.unlock()
}

// begin starts a generation, with the first scope open.
func (r *region) begin(a handshake.Account, inherited bool) handshake.Generation {
	r.lock()
	defer r.unlock()
	r.open, r.start = true, r.off
	r.account, r.inherited = a, inherited
	r.recharge() // an isolating buffer's regions continue behind earlier scopes
	r.own.open()
	return r.bump.Next()
}

// AllocIn allocates in the open scope, or on the heap if that has ended.
func (r *region) AllocIn(g handshake.Generation, size, align uintptr) (memory.Block, error) {
	if block, ok := r.bump.Block(g, size, align); ok {
		return block, nil
	}
	r.lock()
	if start, ok := fitFast(len(r.mem), r.off, size, align); ok && r.open && r.Living(g) {
		r.off = start + int(size)
		mem := r.mem[start:r.off]
		poison.Unpoison(mem)
		stamp := r.epoch.Stamp()
		r.unlock()
		return memory.NewBlock(mem, stamp), nil
	}
	return r.allocSlow(g, size, align)
}

// allocSlow is AllocIn where the current span has no room, or may have none. r.lock was
// called, and r.mu is released.
func (r *region) allocSlow(g handshake.Generation, size, align uintptr) (memory.Block, error) {
	for attempt := 1; ; r.lock() {
		block, ok, refusal := r.try(g, size, align)
		if ok {
			return block, nil
		}
		if refusal == nil {
			if !r.Living(g) {
				return r.home.AllocLate(size, align)
			}
			if refusal = r.acquire(g, size, align); refusal != nil {
				r.home.refused.Add(1)
			}
		}
		if refusal != nil {
			block, retry, err := r.appeal(g, size, align, attempt, refusal)
			if !retry {
				return block, err
			}
			attempt++
		}
	}
}

// try allocates from what the region holds or from idle memory of the buffer. It returns
// false if neither holds the block, or if g is over, with an error if the account refuses.
// r.lock was called, and r.mu is released. The window stays shut for the first block: it may be
// the only one.
func (r *region) try(g handshake.Generation, size, align uintptr) (memory.Block, bool, error) {
	defer r.unlockAfter(r.used()) // also when the alignment panics
	if !r.Living(g) {
		return memory.Block{}, false, nil
	}
	if !r.open {
		block, err := r.home.AllocLate(size, align)
		return block, err == nil, err
	}
	if r.own != nil {
		return r.own.try(size, align)
	}
	align = memory.Alignment(size, align)
	start, ok := r.fit(size, align)
	if !ok {
		if size == 0 {
			return memory.NewBlock(nil, r.epoch.Stamp()), true, nil
		}
		if size > maxSize || align > maxSize {
			return memory.Block{}, false, nil
		}
		if ok, err := r.home.carve(r, int(size), int(align)); !ok {
			return memory.Block{}, false, err
		}
		start, _ = r.fit(size, align)
	}
	r.off = start + int(size)
	mem := r.mem[start:r.off]
	poison.Unpoison(mem)
	return memory.NewBlock(mem, r.epoch.Stamp()), true, nil
}

// acquire has the buffer take more storage.
func (r *region) acquire(g handshake.Generation, size, align uintptr) error {
	r.mu.Lock() // by now another scope may begin in r, and get it a buffer of its own
	own := r.own
	r.mu.Unlock()
	if own != nil {
		return own.acquire(g, size, align)
	}
	return r.home.acquire(r, g, size, align)
}

// maxSize bounds one block, so that no sum of sizes overflows.
const maxSize = ^uintptr(0) >> 3

// fitFast is fit for the usual alignments: small enough to be inlined. Spans begin at
// multiples of 64. It gives up, with false, where fit may still succeed.
func fitFast(length, off int, size, align uintptr) (start int, ok bool) {
	mask := align - 1
	odd := align&mask != 0 || mask >= granule
	if size >= granule {
		mask = granule - 1
	}
	start = int((uintptr(off) + mask) &^ mask)
	return start, !odd && start <= length && size <= uintptr(length-start)
}

// fit returns where in the current span the block begins; false if it has no room.
func (r *region) fit(size, align uintptr) (start int, ok bool) {
	pad := -(address(r.mem) + uintptr(r.off)) & (align - 1)
	free := uintptr(len(r.mem) - r.off)
	return r.off + int(pad), pad <= free && size <= free-pad
}

// address returns where mem begins. It is compared and never turned back into a pointer; the
// storage of a buffer does not move.
func address(mem []byte) uintptr { return uintptr(unsafe.Pointer(unsafe.SliceData(mem))) }

// used returns how many bytes the open scope has used. r.mu is held.
func (r *region) used() int { return r.full + r.off }

// AllocLate allocates from the heap, for a scope that has ended, and counts that.
func (b *Buffer) AllocLate(size, align uintptr) (memory.Block, error) {
	b.late.Add(1)
	return scope.Heap().Alloc(size, align)
}

// OpenSub opens another region of the shared buffer. It charges r's account, and a.
func (r *region) OpenSub(g handshake.Generation, a handshake.Account) (handshake.Region, handshake.Generation, bool) {
	r.mu.Lock()
	usable, own := r.Living(g) && r.open, r.account
	r.mu.Unlock()
	switch {
	case !usable:
		return nil, 0, false
	case a == nil:
		return r.home.openRegion(own, true)
	case own != nil:
		a = a.Join(own, true)
	}
	return r.home.openRegion(a, false)
}

// IsOpen reports whether a scope of the generation is open.
func (r *region) IsOpen(g handshake.Generation) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.Living(g) && r.open
}

// Reopen opens the next scope of the same generation.
func (r *region) Reopen(g handshake.Generation) bool {
	r.lock()
	defer r.unlock()
	if !r.Living(g) || r.open {
		return false
	}
	r.own.make() // which may panic
	r.open, r.start = true, r.off
	r.recharge()
	r.own.open()
	return true
}

// Close ends the open scope. The region keeps memory for the next.
func (r *region) Close(g handshake.Generation, pc uintptr) {
	defer r.home.refuser.Freed()
	r.lock()
	defer r.unlock()
	if r.Living(g) && r.open {
		r.epoch.Stamp().EndsAt(pc)
		r.leave(pc)
		r.keep()
	}
}

// leave ends the open scope; r.mu is held.
func (r *region) leave(pc uintptr) {
	r.open = false
	r.own.end(pc)
	r.most = max(r.most, r.used())
	r.epoch.End()
	for _, s := range r.spans[:max(len(r.spans)-1, 0)] { // the last is mem
		poison.Poison(s.bytes())
	}
	if !r.home.isolating {
		poison.Poison(r.mem[:r.off])
	}
}

// keep makes the closed region ready for the next scope. It keeps a single span; several
// go back, and the next scope takes one as long as all of them. r.mu is held.
func (r *region) keep() {
	if r.account != nil {
		defer r.discharge()
	}
	if r.home.isolating {
		return // memory is not reused: the next scope continues behind the last
	}
	if len(r.spans) > 1 {
		r.home.giveBack(r)
	}
	r.off, r.full = 0, 0
	if !r.listed {
		r.home.list(r)
	}
}

// giveUp gives back what the region holds for its next scope, if it is closed and not
// in use at this moment.
func (r *region) giveUp() {
	if !r.mu.TryLock() {
		return
	}
	defer r.mu.Unlock()
	if !r.open {
		r.home.giveBack(r)
	}
}

// Release ends the generation and gives all memory back.
func (r *region) Release(g handshake.Generation) {
	r.lock()
	if !r.Living(g) {
		r.unlock()
		return
	}
	if r.open {
		r.leave(0)
	}
	r.bump.Next()
	r.home.giveBack(r)
	r.most = 0
	account, inherited := r.account, r.inherited
	r.account = nil
	r.unlock()
	r.home.putRegion(r)
	if account != nil && !inherited {
		account.Leave()
	}
}

// restart ends the scope and opens the next, without memory. r.mu is held.
func (r *region) restart() {
	if pc := r.home.sharing.Caller; pc != 0 {
		r.epoch.Stamp().EndsAt(pc)
	}
	r.epoch.Stamp().EndsAtCaller(4) // of the Reset or Restore that the buffer inside is in
	r.leave(0)
	r.home.giveBack(r)
	r.open = true
}

// Attached is for package scope.
func (r *region) Attached() *atomic.Value { return &r.attached }

// Living reports whether the generation still lasts.
func (r *region) Living(g handshake.Generation) bool { return r.bump.Generation() == g }

// Home returns the shared buffer.
func (r *region) Home() memory.Allocator { return r.home }
