package locked

import (
	"errors"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/handshake"
	"github.com/allocarrays/allocarrays-go/internal/poison"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

const (
	// leastSpan is about the length in bytes of the first span of a region with small
	// blocks.
	leastSpan = 4 << 10

	// mostSlack is how much longer than necessary a span may be.
	mostSlack = 64 << 10

	// isolatingSpan is the least length of a span of an isolating buffer, which is an
	// object of the Go heap.
	isolatingSpan = 64 << 10

	// largestRest is how long the span of an isolating buffer may be whose rest a region
	// keeps for its next generation: one made for a large block would be kept for little.
	largestRest = bumper.DefaultSlabSize
)

// carve makes room for a block in r: it lengthens the current span or takes a new one.
// It returns false if no idle memory is long enough, with an error if r's account refuses
// it. r.mu is held.
//
// A region that has used n bytes holds at most 1.5 n + 4 KiB, and at most 64 KiB more
// than n: its spans grow with its use.
func (b *Buffer) carve(r *region, size, align int) (bool, error) {
	need := size + max(align, granule) - granule // spans begin at multiples of 64
	if b.isolating {
		return r.carveIsolated(size, align, need)
	}
	most := (r.used()+size)/2*3 + leastSpan - r.held
	slack := mostSlack
	if b.limit > 0 { // so that several regions fit into a small buffer
		slack = min(slack, b.limit/16)
	}
	most = max(min(most, need+slack)&^(granule-1), need)
	if r.held == 0 {
		most = max(most, r.most) // the use of an earlier scope of this generation
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
	left, err := r.prepay(size, short, most, tail)
	if err != nil {
		return false, err
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
	if n := len(r.spans); n > 0 && r.off > 0 {
		b.hold(r, -b.arena.shrink(r.spans[n-1], roundUp(r.off)))
		r.full += r.off
	} else if n > 0 { // nothing of it is used: a span of no bytes would outlive its piece
		b.hold(r, -r.spans[n-1].len)
		b.arena.give(r.spans[n-1])
		r.spans = r.spans[:n-1]
	}
	r.spans = append(r.spans, s)
	r.mem, r.off = s.bytes(), 0
	b.hold(r, s.len)
	return true
}

// hold counts n more bytes for r. b.mu is held.
func (b *Buffer) hold(r *region, n int) {
	r.held += n
	if b.isolating { // the arena knows nothing of it
		b.arena.used += n
	}
	if r != b.common {
		b.stats.PeakRegion = max(b.stats.PeakRegion, r.held)
	}
	b.peak = max(b.peak, b.arena.used)
}

// giveBack makes all memory of r idle. r.mu is held.
func (b *Buffer) giveBack(r *region) {
	r.own.trim()
	if len(r.spans) > 0 {
		r.own.drop()
		b.mu.Lock()
		for _, s := range r.spans {
			b.arena.give(s)
		}
		b.mu.Unlock()
		clear(r.spans)
		r.spans = r.spans[:0]
	}
	if b.isolating {
		b.mu.Lock()
		b.arena.used -= r.held
		b.mu.Unlock()
	}
	if !b.isolating || cap(r.mem) > largestRest {
		r.mem, r.off, r.start = nil, 0, 0
		r.bump.Forget()
	}
	r.full, r.held = 0, 0
	if r.account != nil {
		r.discharge()
	}
	b.refuser.Freed()
}

// acquire takes more storage, so that idle memory holds a block for r, or returns an
// error. No lock is held: acquire may take long, and others continue meanwhile.
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
	b.measure()
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
			b.returnLent(r, g)
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
// that it has handed out is idle and no other region is open than r, which asks and holds
// nothing. b.growing is held.
func (b *Buffer) returnLent(r *region, g handshake.Generation) {
	b.common.mu.Lock() // so that neither takes anything meanwhile
	defer b.common.mu.Unlock()
	if r != b.common {
		r.mu.Lock() // it stays open
		defer r.mu.Unlock()
		if !r.Living(g) {
			return
		}
	}
	b.mu.Lock()
	idle := b.arena.used == 0
	b.mu.Unlock()
	if !idle || !b.lender.alone() || b.sharing.Levels.Depth() > 0 {
		return
	}
	b.returning = true
	defer func() { b.returning = false }()
	if r != b.common { // an open region is a hold
		if !b.sharing.Yield() {
			return
		}
		defer b.sharing.Regain()
	}
	_ = b.inner.Reset() // which calls Rewound; or ErrHeld, because others are open
}

// measure asks how much storage may still be taken. b.growing is held.
func (b *Buffer) measure() {
	b.mu.Lock()
	b.free = b.storage.Room()
	b.mu.Unlock()
}

// extend adds a piece of at least need bytes to the arena. If the limit leaves too little
// room, it first gives back pieces that are all idle, if that makes enough. b.growing is
// held.
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

// acquireIsolated gives r a span that no scope has used. The span goes to r directly,
// because an isolating buffer keeps no idle memory. b.growing is held.
func (b *Buffer) acquireIsolated(r *region, g handshake.Generation, size uintptr, need int) error {
	mem, err := b.takeIsolated(need)
	if err != nil {
		b.dropIsolated(r)
		return b.refuse(size, err)
	}
	r.lock()
	defer r.unlock()
	if !r.Living(g) || !r.open { // the block is late; the storage is left to the collector
		return nil
	}
	b.mu.Lock()
	b.hold(r, len(mem))
	b.stats.HighWater = max(b.stats.HighWater, b.storage.Held())
	b.mu.Unlock()
	if r.account != nil {
		mem = mem[:min(r.ahead, len(mem)):len(mem)]
		r.ahead = 0
	}
	r.full += r.off
	r.mem, r.off = mem, 0
	return nil
}

// takeIsolated takes a span. If it fails, b.free is less than need, whatever the collector
// has found free meanwhile. b.growing is held.
func (b *Buffer) takeIsolated(need int) ([]byte, error) {
	for {
		mem, _, err := b.storage.Acquire(max(need, isolatingSpan))
		if err != nil && need < isolatingSpan {
			mem, _, err = b.storage.Acquire(need)
		}
		room := b.storage.Room()
		b.mu.Lock()
		b.free = room
		b.mu.Unlock()
		if err == nil || b.limit == 0 || room < need {
			return mem, err
		}
	}
}

// dropIsolated leaves to the garbage collector what closed regions have left of their
// spans, and r too if its scope has used nothing of its span.
func (b *Buffer) dropIsolated(r *region) {
	r.lock()
	if r.ahead > 0 {
		r.uncharge(r.ahead)
		r.ahead = 0
	}
	if r.full == 0 && r.off == r.start {
		r.mem, r.off, r.start = nil, 0, 0
		r.bump.Forget()
	}
	r.unlock()
	b.mu.Lock()
	b.spare, b.unused = nil, 0
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
	b.measure()
	b.refuser.Freed()
}

// holds reports whether an idle span has n bytes.
func (b *Buffer) holds(n int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.arena.find(n) != nil
}

// list adds a closed region to the list of those that may hold memory. r.mu is held.
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

// unlist removes r from that list. b.mu is held.
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

// refuse returns the error for a block of size bytes.
func (b *Buffer) refuse(size uintptr, cause error) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	idle, largest := b.available()
	if errors.Is(cause, bumper.ErrClosed) {
		idle, largest = 0, 0
	}
	err := &scope.ExhaustedError{
		Allocator: b.name, Requested: size,
		Available: uintptr(largest), Idle: uintptr(idle), Limit: uintptr(b.limit),
		Outside: uintptr(b.outside.Load()), Cause: cause,
	}
	var behind *scope.ExhaustedError
	if errors.As(cause, &behind) { // from a third party's buffer, which lends all it has
		err.Available = max(err.Available, behind.Available)
		err.Limit, err.Cause = behind.Limit, behind.Cause
	}
	return err
}

// available returns how many bytes are idle or may still be taken, and how many of them
// a region can get contiguously. b.mu is held.
func (b *Buffer) available() (idle, largest int) {
	if b.isolating {
		return b.free, b.free
	}
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
