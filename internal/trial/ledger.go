package trial

import (
	"bytes"
	"errors"
	"slices"
	"unsafe"

	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// A Ledger is the model an allocator is compared with: for every live block a
// copy of its content, made with plain make, and the owner that ends it (a level
// or a region, by a number of the caller's choice).
//
// Its methods panic when the allocator breaks a rule, with a value that [Find] turns
// into an error.
type Ledger struct {
	live []entry
	dead []scope.Stamp // the last few that must stay dead
	gone []entry       // the last few blocks that have ended
	next int           // the number of the next block
	seed byte
}

type entry struct {
	owner  int
	number int
	align  uintptr
	block  memory.Block
	want   []byte
}

// name is how programs and messages call the block.
func (e entry) name() name { return name{"b", e.number} }

// rememberedDead is how many dead stamps are checked again and again.
const rememberedDead = 64

// An AllocFunc has the signature of scope.Allocator.Alloc, or of whatever allocates
// in its manner.
type AllocFunc func(size, align uintptr) (memory.Block, error)

// Alloc allocates for owner, checks the block against every other one, fills it,
// and verifies the whole ledger. An error must say that memory is exhausted.
func (l *Ledger) Alloc(alloc AllocFunc, owner int, size, align uintptr) (memory.Block, error) {
	b, err := l.alloc(alloc, owner, size, align)
	l.Verify()
	return b, err
}

// alloc is Alloc without verifying what else lives.
func (l *Ledger) alloc(alloc AllocFunc, owner int, size, align uintptr) (memory.Block, error) {
	l.next++
	b, err := alloc(size, align)
	if err != nil {
		Require(errors.Is(err, scope.ErrExhausted), Exhausted, "Alloc(%s, %s): the error does not match ErrExhausted: %v", count(size), count(align), err)
		Require(b == memory.Block{}, Exhausted, "Alloc(%s, %s): a block together with the error %v", count(size), count(align), err)
		var e *scope.ExhaustedError
		Require(!errors.As(err, &e) || e.Requested == size, Exhausted, "Alloc(%s, %s): Requested is not %s in: %v", count(size), count(align), count(size), err)
		return b, err
	}
	e := entry{owner, l.next - 1, align, b, nil}
	l.inspect(e, size, align)
	e.want = make([]byte, size)
	l.live = append(l.live, e)
	l.Write(len(l.live) - 1)
	return b, nil
}

// inspect checks a new block: size, alignment, stamp, disjointness.
func (l *Ledger) inspect(e entry, size, align uintptr) {
	mem, stamp := e.block.Bytes(), e.block.Stamp
	begin, end := span(mem)
	if size >= 64 {
		align = max(align, 64)
	}
	Require(size < absurd && (size == 0 || align < absurd), Overflow, "%s, of %s bytes at a multiple of %s, is not refused", e.name(), count(size), count(align))
	Require(uintptr(len(mem)) == size, Size, "%s has %d bytes instead of %s", e.name(), len(mem), count(size))
	Require(stamp.Live(), Lifetime, "%s is born dead: its scope has %s", e.name(), stamp.End())
	Require(size == 0 || begin%max(align, 1) == 0, Alignment, "%s, of %d bytes, begins at %#x, which is no multiple of %d", e.name(), size, begin, align)
	for _, other := range l.live {
		// An empty block has no bytes: it may lie anywhere, also within another.
		if from, to := span(other.block.Bytes()); size > 0 && from < to && from < end && begin < to {
			Require(false, Disjoint, "%s at [%#x, %#x) overlaps %s at [%#x, %#x)", e.name(), begin, end, other.name(), from, to)
		}
	}
}

// Len returns how many blocks live.
func (l *Ledger) Len() int { return len(l.live) }

// Block returns the i-th live block.
func (l *Ledger) Block(i int) memory.Block { return l.live[i].block }

// Write gives the i-th live block a new content.
func (l *Ledger) Write(i int) {
	l.seed += 37
	for want := l.live[i].want; len(want) > 0; {
		n := copy(want, pattern[l.seed:int(l.seed)+256])
		want = want[n:]
	}
	copy(l.live[i].block.Bytes(), l.live[i].want)
}

// pattern is 0 to 255, twice: a window of it is a content, by where it begins.
var pattern = func() (p [512]byte) {
	for i := range p {
		p[i] = byte(i)
	}
	return p
}()

// End says that the owners' scopes have ended: their blocks must be dead now and
// all others alive and intact. Blocks with the zero stamp live on.
func (l *Ledger) End(owners ...int) {
	kept := l.live[:0]
	for _, e := range l.live {
		if !slices.Contains(owners, e.owner) || !e.block.Stamp.Scoped() {
			kept = append(kept, e)
			continue
		}
		Require(!e.block.Stamp.Live(), Lifetime, "%s is live although its scope has ended", e.name())
		l.end(e)
	}
	clear(l.live[len(kept):])
	l.live = kept
	l.Verify()
}

// Verify compares all blocks with the model, and checks that what is dead stays
// dead.
func (l *Ledger) Verify() {
	for _, e := range l.live {
		if !e.block.Stamp.Live() {
			Require(false, Lifetime, "%s died early: its scope has %s", e.name(), e.block.Stamp.End())
		}
		if got := e.block.Bytes(); !bytes.Equal(got, e.want) {
			i := firstDifference(got, e.want)
			Require(false, Untouched, "byte %d of %s, which has %d, changed from %#x to %#x", i, e.name(), len(got), e.want[i], got[i])
		}
	}
	for _, s := range l.dead {
		Require(!s.Live(), Lifetime, "the stamp of a scope that has ended is live again")
	}
}

// need returns how many bytes the live blocks need at most, with padding.
func (l *Ledger) need() (sum uintptr) {
	for _, e := range l.live {
		sum += uintptr(len(e.want)) + max(e.align, 64)
	}
	return sum
}

// count returns how many live blocks are of the class.
func (l *Ledger) count(c class) (n int) {
	for _, e := range l.live {
		n += btoi(uintptr(len(e.want)) == c.size && e.align == c.align)
	}
	return n
}

func firstDifference(a, b []byte) int {
	for i := range a {
		if a[i] != b[i] {
			return i
		}
	}
	return len(a)
}

// span returns the addresses of a block's first byte and of the first behind it.
func span(b []byte) (from, to uintptr) {
	from = uintptr(unsafe.Pointer(unsafe.SliceData(b)))
	return from, from + uintptr(len(b))
}

// Inside reports whether b lies within mem, at least in part.
func Inside(b, mem []byte) bool {
	from, to := span(b)
	begin, end := span(mem)
	return from < end && begin < to
}

// Join checks that the blocks of several ledgers do not overlap, and verifies all.
func (l *Ledger) Join(ledgers []Ledger) {
	for i := range ledgers {
		for _, e := range ledgers[i].live {
			e.number = l.next
			l.next++
			l.inspect(e, uintptr(len(e.want)), e.align)
			l.live = append(l.live, e)
		}
	}
	l.Verify()
}
