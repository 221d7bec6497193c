package locked

import (
	"errors"

	"github.com/allocarrays/allocarrays-go/internal/handshake"
	"github.com/allocarrays/allocarrays-go/internal/poison"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

const (
	// leastSpan is the length in bytes of a region's first span, if its first block is
	// not larger.
	leastSpan = 4 << 10

	// mostSlack is how much longer than necessary a span is at the most.
	mostSlack = 64 << 10

	// isolatingSpan is the length of a span of an isolating buffer, which is an object
	// of the Go heap.
	isolatingSpan = 64 << 10
)

// carve makes room for a block in r: in its current span, which it lengthens, or in a
// new one. It returns false if no idle memory is long enough, with an error if r's account
// refuses it. r.mu is held.
//
// A region that has used n bytes holds at most 1.5 n + 4 KiB, and at most 64 KiB more
// than it has used: its spans grow with what it uses.
func (b *Buffer) carve(r *region, size, align int) (bool, error) {
	if b.isolating {
		return false, nil // spans are not used again
	}
	need := size + max(align, granule) - granule // spans begin at multiples of 64
	most := (r.used()+size)/2*3 + leastSpan - r.held
	most = max(min(most, need+mostSlack)&^(granule-1), need)
	if r.held == 0 {
		most = max(most, r.most) // what an earlier scope of this generation has used
	}
	most = roundUp(most)
	if r.account == nil {
		return b.carveSpan(r, size, align, need, most, most), nil
	}
	short, tail := roundUp(need), 0 // a new span, or what is missing behind the current one
	if n := len(r.spans); n > 0 {
		last := r.spans[n-1]
		tail = last.len - roundUp(r.off) // which goes back if a new one is taken
		start, _ := r.fit(uintptr(size), uintptr(align))
		short = roundUp(max(need-tail, start+size-last.len, 0))
	}
	left := r.charged - r.held // to spare since the last time
	if left < short {
		used := r.used() + size
		spare := max(min(used, mostSlack-used), 0) &^ (granule - 1)
		granted, err := r.charge(uintptr(size), short-left, max(most-left, short-left), spare, left&^(granule-1)+max(tail, 0))
		if err != nil {
			return false, err
		}
		left += granted
	}
	// left is no multiple of 64 if a span is not, which ends its piece
	longer, newSpan := min(max(most, short), left)&^(granule-1), min(max(most, need), left+max(tail, 0))
	if b.carveSpan(r, size, align, need, longer, roundUp(newSpan)) {
		return true, nil
	}
	r.uncharge(left) // until there is memory
	return false, nil
}

// carveSpan lengthens the current span of r by at most so many bytes, or takes a new one
// of need bytes or more.
func (b *Buffer) carveSpan(r *region, size, align, need, longer, most int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if n := len(r.spans); n > 0 {
		last := r.spans[n-1]
		start, _ := r.fit(uintptr(size), uintptr(align))
		if short := start + size - last.len; short > 0 && b.arena.extend(last, short, longer) {
			b.hold(r, last.len-len(r.mem))
			r.mem = last.bytes()
			return true
		}
	}
	s := b.arena.take(need, most)
	if s == nil {
		return false
	}
	if n := len(r.spans); n > 0 {
		b.hold(r, -b.arena.shrink(r.spans[n-1], roundUp(r.off)))
		r.full += r.off
	}
	r.spans = append(r.spans, s)
	r.mem, r.off = s.bytes(), 0
	b.hold(r, s.len)
	return true
}

// hold counts n bytes more for r. b.mu is held.
func (b *Buffer) hold(r *region, n int) {
	r.held += n
	if r != b.common {
		b.stats.PeakRegion = max(b.stats.PeakRegion, r.held)
	}
	b.peak = max(b.peak, b.arena.used)
}

// giveBack makes all memory of r idle. r.mu is held.
func (b *Buffer) giveBack(r *region) {
	if len(r.spans) > 0 {
		b.mu.Lock()
		for _, s := range r.spans {
			b.arena.give(s)
		}
		b.mu.Unlock()
		clear(r.spans)
		r.spans = r.spans[:0]
	}
	if !b.isolating {
		r.mem, r.off = nil, 0
	}
	r.full, r.held = 0, 0
	if r.account != nil {
		r.discharge()
	}
	handshake.Freed()
}

// acquire takes more storage, so that idle memory holds a block for r; or returns why
// there is none. No lock is held: it may take long, and others go on meanwhile.
func (b *Buffer) acquire(r *region, g handshake.Generation, size, align uintptr) error {
	align = memory.Alignment(size, align)
	if size > maxSize || align > maxSize {
		return b.refuse(size, nil)
	}
	need := int(size + max(align, granule) - granule)
	b.growing.Lock()
	defer b.growing.Unlock()
	if b.isolating {
		return b.acquireIsolated(r, g, size, need)
	}
	if b.holds(need) { // another goroutine was faster
		return nil
	}
	err := b.extend(need)
	// a source with a limit may have others to serve: all that is idle goes back
	limited := b.limit == 0 && b.lender == nil && errors.Is(err, scope.ErrExhausted)
	if err != nil && (b.limit > 0 || limited) {
		b.reclaim()
		b.mu.Lock()
		b.arena.recall()
		b.mu.Unlock()
		if b.holds(need) {
			return nil
		}
		if b.lender != nil {
			b.returnLent()
		}
		if limited {
			b.trim()
		}
		err = b.extend(need)
	}
	if err != nil && !b.holds(need) {
		return b.refuse(size, err)
	}
	return nil
}

// returnLent resets a third party's buffer, whose pieces cannot go back one by one, if all
// that it has handed out is idle and no other region is open than the one that asks, which
// holds nothing. b.growing is held.
func (b *Buffer) returnLent() {
	b.mu.Lock()
	idle := b.arena.used == 0 && b.stats.Open <= 1
	b.mu.Unlock()
	if idle && b.lender.alone() {
		b.sharing.Unhold()
		_ = b.inner.Reset() // which calls Rewound; or ErrHeld: then it is not idle any more
		b.sharing.Hold()
	}
}

// extend adds a piece of at least need bytes to the arena. If the limit is in the way,
// pieces that are all idle go back first, as far as that makes enough room: otherwise
// they are worth more where they are. b.growing is held.
func (b *Buffer) extend(need int) error {
	if b.limit > 0 {
		b.mu.Lock()
		var back [][]byte
		if room := b.free; room < need && room+b.arena.whole() >= need {
			back = b.arena.removeWhole(func(idle int) bool { room += idle; return room-idle < need })
		}
		b.mu.Unlock()
		b.release(back)
	}
	mem, stamp, err := b.storage.Acquire(need)
	if err != nil {
		return err
	}
	poison.Unpoison(mem)
	b.mu.Lock()
	b.arena.add(mem, stamp)
	b.stats.HighWater = max(b.stats.HighWater, b.arena.capacity)
	b.free = b.storage.Room()
	b.mu.Unlock()
	return nil
}

// acquireIsolated gives r a span that no scope has used. It becomes the region's at once,
// as there is no idle memory that it could wait in. b.growing is held.
func (b *Buffer) acquireIsolated(r *region, g handshake.Generation, size uintptr, need int) error {
	account, charged, err := r.chargeAhead(g, size, need) // before memory is taken for nothing
	if err != nil {
		return err
	}
	mem, _, err := b.storage.Acquire(max(need, isolatingSpan))
	if err != nil && need < isolatingSpan {
		mem, _, err = b.storage.Acquire(need)
	}
	if err != nil {
		if account != nil {
			account.Discharge(charged)
		}
		b.dropIsolated(r)
		return b.refuse(size, err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.Living(g) || !r.open { // the block is late; the storage is left to the collector
		if account != nil {
			account.Discharge(charged)
		}
		return nil
	}
	if account != nil {
		r.charged += charged
		if more := roundUp(len(mem)) - charged; more > 0 {
			if _, err := r.charge(size, more, more, 0, 0); err != nil {
				r.uncharge(charged)
				return err
			}
		}
	}
	r.full += r.off
	r.mem, r.off = mem, 0
	b.mu.Lock()
	b.hold(r, len(mem))
	b.free = b.storage.Room()
	b.mu.Unlock()
	return nil
}

// dropIsolated lets the garbage collector have what closed regions have left of a span,
// and r, if its scope has used nothing of it.
func (b *Buffer) dropIsolated(r *region) {
	r.mu.Lock()
	if r.full == 0 && r.off == r.start {
		r.mem, r.off, r.start = nil, 0, 0
	}
	r.mu.Unlock()
	b.mu.Lock()
	b.spare = nil
	b.mu.Unlock()
}

// release gives storage back. b.growing is held.
func (b *Buffer) release(back [][]byte) {
	if len(back) == 0 {
		return
	}
	for _, mem := range back {
		b.storage.Release(mem)
	}
	b.mu.Lock()
	b.free = b.storage.Room()
	b.mu.Unlock()
	handshake.Freed()
}

// holds reports whether an idle span has n bytes.
func (b *Buffer) holds(n int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.arena.find(n) != nil
}

// list enters a closed region into the list of those that may hold memory. r.mu is held.
func (b *Buffer) list(r *region) {
	b.mu.Lock()
	defer b.mu.Unlock()
	r.listed = true
	r.after = b.closed
	if r.after != nil {
		r.after.before = r
	}
	b.closed = r
}

// unlist takes r out. b.mu is held.
func (b *Buffer) unlist(r *region) {
	if !r.listed {
		return
	}
	r.listed = false
	if r.after != nil {
		r.after.before = r.before
	}
	if r.before != nil {
		r.before.after = r.after
	} else {
		b.closed = r.after
	}
	r.before, r.after = nil, nil
}

// reclaim takes back what closed regions keep for their next scopes.
func (b *Buffer) reclaim() {
	b.mu.Lock()
	var all []*region
	for r := b.closed; r != nil; r = r.after {
		all = append(all, r)
	}
	b.mu.Unlock()
	for _, r := range all {
		r.giveUp()
	}
}

// refuse returns the error for a block of size bytes that cannot be had.
func (b *Buffer) refuse(size uintptr, cause error) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stats.Refused++
	idle, largest := b.available()
	err := &scope.ExhaustedError{
		Allocator: b.name, Requested: size,
		Available: uintptr(largest), Idle: uintptr(idle), Limit: uintptr(b.limit),
		Outside: uintptr(b.outside.Load()), Cause: cause,
	}
	var behind *scope.ExhaustedError
	if errors.As(cause, &behind) { // of a third party's buffer, which lends all it has
		err.Available = max(err.Available, behind.Available)
		err.Limit, err.Cause = behind.Limit, behind.Cause
	}
	return err
}

// available returns how many bytes are idle or may still be taken, and how many of them
// a region can get in one piece. b.mu is held.
func (b *Buffer) available() (idle, largest int) {
	idle = b.arena.capacity - b.arena.used
	largest = b.arena.largest()
	if b.limit > 0 {
		idle += b.free
		room := b.free
		if b.lender == nil { // pieces that are all idle go back to make room
			room += b.arena.whole()
		}
		largest = max(largest, room)
	}
	return idle, largest
}
