package locked

import (
	"errors"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/handshake"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// A region charges its account, if it has one, for the spans that it holds while a scope is
// open in it. What it keeps for its next scope is charged to nobody: others can have it.

// charge asks the account for least bytes, or up to most and some to spare, for a block of
// size bytes. The error counts what the region has left besides as available. r.mu is held.
func (r *region) charge(size uintptr, least, most, spare, left int) (int, error) {
	granted, err := r.account.Charge(least, most, spare)
	if err != nil {
		if e, ok := errors.AsType[*scope.ExhaustedError](err); ok {
			e.Requested = size
			e.Available += uintptr(left)
		}
		return 0, err
	}
	r.charged += granted
	return granted, nil
}

// prepay charges what r needs to hold short bytes more, or up to most, for size bytes of
// blocks, and returns how many it may hold more. Of these, tail are what it gives back
// meanwhile. r.mu is held.
func (r *region) prepay(size, short, most, tail int) (left int, err error) {
	left = r.charged - r.held // to spare since the last time
	if left >= short {
		return left, nil
	}
	used := r.used() + size
	spare := max(min(used, mostSlack-used), 0) &^ (granule - 1)
	granted, err := r.charge(uintptr(size), short-left, max(most-left, short-left), spare, left&^(granule-1)+max(tail, 0))
	return left + granted, err
}

// carveIsolated is carve for an isolating buffer, whose regions take spans of their own. It
// makes more of r's current span available, as the account allows: what is not charged of it
// is the buffer's. For a block that does not fit it charges ahead of a span. r.mu is held.
func (r *region) carveIsolated(size, align, need int) (bool, error) {
	if r.account == nil {
		return false, nil
	}
	most := (r.used()+need)/2*3 + leastSpan - r.charged
	most = roundUp(max(min(most, need+mostSlack), need))
	start, _ := r.fit(uintptr(size), uintptr(align))
	if short, room := start+size-len(r.mem), cap(r.mem)-len(r.mem); short <= room {
		granted, err := r.charge(uintptr(size), min(roundUp(short), room), min(most, room), 0, 0)
		r.mem = r.mem[:len(r.mem)+granted]
		return err == nil, err
	}
	if short := roundUp(need) - r.ahead; short > 0 {
		granted, err := r.charge(uintptr(size), short, max(most-r.ahead, short), 0, 0)
		r.ahead += granted
		return false, err
	}
	return false, nil
}

// uncharge takes back n bytes of what was charged. r.mu is held.
func (r *region) uncharge(n int) {
	r.charged -= n
	r.account.Discharge(n)
}

// discharge takes back all that was charged. r.mu is held.
func (r *region) discharge() {
	if r.charged > 0 {
		r.uncharge(r.charged)
	}
	r.ahead = 0
}

// recharge charges what an earlier scope has left for the one that opens. If that is
// refused, the scope begins without it. r.mu is held.
func (r *region) recharge() {
	kept := len(r.mem)
	if r.own != nil {
		kept = r.held
	}
	if r.home.isolating {
		r.mem = r.mem[:cap(r.mem)]
		if r.account != nil { // which is charged for what comes behind
			r.mem = r.mem[:min(roundUp(r.off), len(r.mem))]
		}
	} else if r.account != nil && kept > 0 {
		if _, err := r.charge(0, roundUp(kept), roundUp(kept), 0, 0); err != nil {
			r.home.giveBack(r)
		}
	}
}

// appeal asks the account what to do about an allocation that has failed. No lock is held.
func (r *region) appeal(g handshake.Generation, size, align uintptr, attempt int, err error) (memory.Block, bool, error) {
	r.mu.Lock()
	account := r.account
	if !r.Living(g) {
		account = nil
	}
	r.mu.Unlock()
	if account == nil {
		return memory.Block{}, false, err
	}
	return account.Exhausted(size, align, attempt, err)
}

// Reserve makes room for n bytes in one piece.
func (r *region) Reserve(g handshake.Generation, n int) (*handshake.Refuser, error) {
	if n <= 0 {
		return nil, nil
	}
	for {
		done, err := r.reserve(g, n)
		if err != nil {
			return handshake.RefuserOf(err), err
		}
		if done {
			return nil, nil
		}
		if err := r.acquire(g, uintptr(n), granule); err != nil {
			b := r.home
			if limit := handshake.RefuserOf(err); limit != nil {
				return limit, err
			}
			if b.limit > 0 && n > b.limit || uintptr(n) > maxSize || errors.Is(err, bumper.ErrClosed) {
				return nil, err
			}
			return &b.refuser, err
		}
	}
}

// reserve is Reserve from idle memory; false if there is too little.
func (r *region) reserve(g handshake.Generation, n int) (done bool, err error) {
	r.lock()
	defer r.unlock()
	if !r.Living(g) || !r.open {
		return true, nil // what is allocated comes from the heap
	}
	if r.own != nil {
		return r.own.reserve(n)
	}
	if _, ok := r.fit(uintptr(n), granule); ok {
		return true, nil
	}
	if uintptr(n) > maxSize {
		return false, nil
	}
	return r.home.carve(r, n, granule)
}

// Holding reports whether the open scope has blocks.
func (r *region) Holding(g handshake.Generation) bool {
	r.lock()
	defer r.unlock()
	if r.own != nil {
		return r.Living(g) && r.open && r.own.buf.Stats().Used > 0
	}
	return r.Living(g) && r.open && (r.full > 0 || r.off > r.start)
}

// Under reports whether the buffer, or a limit that r charges, is the refuser.
func (r *region) Under(g handshake.Generation, refuser *handshake.Refuser) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return refuser == &r.home.refuser || r.Living(g) && r.account != nil && r.account.Under(refuser)
}
