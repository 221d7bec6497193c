package scope

import (
	"os"
	"strconv"
	"strings"
	"sync/atomic"
)

// GuardMode says how many scopes are guarded: their memory is placed so that a use
// after the end of the scope, even through a raw slice, and a write beyond a block
// show themselves, with the places of allocation and end. It is for tests, and, by
// sample, for production.
//
// In a guarded scope every block that [Alloc] and [Make] hand out, from whatever
// buffer, has pages of its own before a page that cannot be touched; at the scope's
// end they cannot be touched either, and their addresses are used again as late as
// possible. The buffer's own books go on as without guard. Where page protection is
// not available, released memory is overwritten with NaN.
//
// An access that faults is a panic with a [StaleError] or an [OverrunError] if it
// happens below a NoEscape, a Try or a locked.Group, and ends the program with its
// address otherwise.
type GuardMode int32

// The modes. The environment variable ALLOCARRAYS_GUARD chooses the one a program
// starts with: off, sample (or sample:N for one scope in N), full.
const (
	GuardOff    GuardMode = iota // no scope
	GuardSample                  // one scope in a thousand, or in as many as [SetGuardRate] says
	GuardFull                    // every scope; also looks for concurrent use of unlocked buffers
)

// SetGuard changes the mode for scopes and allocations that begin from now on, and
// returns the one before.
func SetGuard(m GuardMode) GuardMode { return GuardMode(guardMode.Swap(int32(m))) }

// SetGuardRate makes [GuardSample] guard one scope in n. It panics if n is not
// positive.
func SetGuardRate(n int) {
	if n <= 0 {
		panic(misuse("SetGuardRate: 1 in %d", n))
	}
	guardBelow.Store(^uint64(0) / uint64(n))
}

var (
	guardMode  atomic.Int32
	guardBelow atomic.Uint64 // a sampled scope's number, scattered, is not above it
)

func init() {
	m, rate, ok := parseGuard(os.Getenv("ALLOCARRAYS_GUARD"))
	if !ok {
		panic(misuse("ALLOCARRAYS_GUARD=%q: want off, sample, sample:N or full", os.Getenv("ALLOCARRAYS_GUARD")))
	}
	SetGuard(m)
	SetGuardRate(rate)
}

// parseGuard reads the environment variable; empty means off.
func parseGuard(s string) (m GuardMode, rate int, ok bool) {
	name, n, given := strings.Cut(s, ":")
	rate = 1000
	if given {
		var err error
		if rate, err = strconv.Atoi(n); err != nil || rate <= 0 || name != "sample" {
			return 0, 0, false
		}
	}
	switch name {
	case "", "off":
		return GuardOff, rate, true
	case "sample":
		return GuardSample, rate, true
	case "full":
		return GuardFull, rate, true
	}
	return 0, 0, false
}

// guarding reports whether any scope may be guarded.
func guarding() bool { return guardMode.Load() != int32(GuardOff) }

// guarded returns b, or the guarded block that takes its place if its scope is one
// that is guarded.
func guarded(b Block, align uintptr) Block {
	if b.Stamp.epoch == nil || guardMode.Load() == int32(GuardSample) && !b.Stamp.sampled() {
		return b
	}
	return b.Stamp.epoch.guard(b, int(Alignment(uintptr(b.size), align)))
}

// sampled chooses scopes by the numbers of their epoch and their life, so that all
// blocks of a scope agree without a book, and buffers that live for one scope have
// their share. Two multiplications scatter them (the finalizer of splitmix64: Steele,
// Lea and Flood, OOPSLA 2014).
func (s Stamp) sampled() bool {
	z := s.epoch.number<<32 + s.life
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z^z>>31 <= guardBelow.Load()
}
