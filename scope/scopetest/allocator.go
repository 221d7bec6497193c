package scopetest

import (
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// Room is how many bytes a fresh allocator must at least be able to hand out for
// the rules to make sense. More is fine, and so is no bound.
const Room = 128 << 10

// TestAllocator checks the contract of scope.Allocator. Every call of new
// returns a fresh allocator with [Room].
func TestAllocator(t *testing.T, new func() scope.Allocator) {
	t.Helper()
	test(t, allocatorRules, new)
}

// CheckAllocator is [TestAllocator] with the violations as an error.
func CheckAllocator(new func() scope.Allocator) error { return collect(allocatorRules, new) }

var allocatorRules = []rule[scope.Allocator]{
	{"alignment", "exactly size bytes at a multiple of align; 64 bytes and more are 64-byte aligned", checkAlignment},
	{"disjoint", "live blocks never overlap, and an allocator never writes to one", checkDisjoint},
	{"capacity", "len and cap are the size asked for: append reallocates", checkCapacity},
	{"empty", "size 0 gives an empty block and no error", checkEmpty},
	{"overflow", "no size may overflow a sum; an absurd one is ErrExhausted and changes nothing", checkOverflow},
	{"misuse", "Alignment panics if align is not a power of two; the allocator stays usable", checkMisuse},
	{"exhaustion", "when the memory is not to be had: ErrExhausted, and nothing has changed", checkExhaustion},
	{"release", "NoEscape releases what was allocated inside, and nothing else", checkRelease},
	{"endings", "NoEscape releases on error, panic and runtime.Goexit alike", checkEndings},
	{"reuse", "released memory is handed out again", checkReuse},
}

// sizes are those at which roundings and thresholds go wrong.
var sizes = []uintptr{0, 1, 7, 8, 9, 63, 64, 65, 511, 512, 513, 1023, 1024, 1025, 4032, 4095, 4096, 4097, 8191, 8192, 8193}

// A probe is an allocator with its ledger, replaced by a fresh one when it is
// full.
type probe struct {
	new    func() scope.Allocator
	a      scope.Allocator
	ledger Ledger
}

func newProbe(new func() scope.Allocator) *probe { return &probe{new: new, a: new()} }

// must allocates; a fresh allocator may not refuse.
func (p *probe) must(size, align uintptr) memory.Block {
	b, err := p.ledger.Alloc(p.a.Alloc, 0, size, align)
	if err != nil {
		p.a, p.ledger = p.new(), Ledger{}
		b, err = p.ledger.Alloc(p.a.Alloc, 0, size, align)
	}
	require(err == nil, "a fresh allocator refuses Alloc(%d, %d): %v", size, align, err)
	return b
}

func checkAlignment(new func() scope.Allocator) {
	for align := uintptr(0); align <= 4096; align = max(1, 2*align) {
		p := newProbe(new)
		for _, size := range sizes {
			p.must(1, 1) // so that the next address is an odd one
			p.must(size, align)
		}
		p.must(Room/2, align)
	}
}

func checkDisjoint(new func() scope.Allocator) {
	for seed := range uint64(thoroughness()) {
		rng, p := rand.New(rand.NewPCG(seed, 1)), newProbe(new)
		for range 100 {
			p.must(uintptr(rng.IntN(2000)), 1<<rng.IntN(8))
			if n := p.ledger.Len(); rng.IntN(3) == 0 {
				p.ledger.Write(rng.IntN(n))
			}
		}
	}
}

func checkCapacity(new func() scope.Allocator) {
	p := newProbe(new)
	for _, size := range sizes {
		p.must(size, 1)
		p.must(size, 1)
		for i := range p.ledger.Len() {
			p.ledger.Append(i)
		}
	}
}

func checkEmpty(new func() scope.Allocator) {
	a, l := new(), Ledger{}
	fill(a, &l)
	for _, align := range []uintptr{0, 1, 64, 4096, absurd, 2 * absurd} {
		_, err := l.Alloc(a.Alloc, 0, 0, align)
		require(err == nil, "Alloc(0, %d): %v", align, err)
	}
}

const uintptrBits = 32 << (^uintptr(0) >> 63)

// pebibyte is the size of that name, or as absurd a one where addresses are short.
const pebibyte = absurd >> (uintptrBits / 64 * 12)

func checkOverflow(new func() scope.Allocator) {
	const most = ^uintptr(0)
	a, l := new(), Ledger{}
	for range 3 {
		_, err := l.Alloc(a.Alloc, 0, 100, 8)
		require(err == nil, "Alloc(100, 8): %v", err)
		for _, size := range []uintptr{1, 64, pebibyte, most / 4, most / 2, most/2 - 4096, most/2 + 1, most - 8192, most - 4095, most - 63, most - 1, most} {
			for _, align := range []uintptr{1, 64, 4096, absurd, 2 * absurd} {
				if size < pebibyte && align < absurd {
					continue
				}
				_, err := l.Alloc(a.Alloc, 0, size, align)
				require(err != nil, "Alloc(%d, %d) gives a block", size, align)
			}
		}
	}
}

func checkMisuse(new func() scope.Allocator) {
	a, l := new(), Ledger{}
	for _, align := range []uintptr{3, 6, 12, 65, 1<<20 + 1, ^uintptr(0)} {
		for _, size := range []uintptr{0, 1, 64, 1 << 20} {
			v := panicOf(func() { _, _ = a.Alloc(size, align) })
			require(v != nil, "Alloc(%d, %d) does not panic", size, align)
			_, err := l.Alloc(a.Alloc, 0, 8, 8)
			require(err == nil, "after a panic, Alloc(8, 8): %v", err)
		}
	}
}

func checkExhaustion(new func() scope.Allocator) {
	a, l := new(), Ledger{}
	if !fill(a, &l) {
		return
	}
	for range 3 {
		_, err := l.Alloc(a.Alloc, 0, fillSize, 1)
		require(err != nil, "what was refused is granted without a release in between")
		var e *scope.ExhaustedError
		require(!errors.As(err, &e) || e.Requested == fillSize, "Requested is not %d in: %v", fillSize, err)
	}
	for size := uintptr(1); size < fillSize; size *= 2 {
		_, _ = l.Alloc(a.Alloc, 0, size, 1) // what is left may be granted, but rightly
	}
}

// fillSize is no multiple of anything, to leave remainders.
const fillSize = 3001

// fill allocates until a is exhausted, which it reports, or has given 4 × Room.
func fill(a scope.Allocator, l *Ledger) bool {
	for range 4 * Room / fillSize {
		if _, err := l.Alloc(a.Alloc, 0, fillSize, 1); err != nil {
			return true
		}
	}
	return false
}
