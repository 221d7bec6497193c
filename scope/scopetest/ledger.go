package scopetest

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
// Its methods panic when the allocator breaks a rule, with a value that the
// checks of this package turn into an error; see [Find].
type Ledger struct {
	live []entry
	dead []scope.Stamp // the last few that must stay dead
	seed byte
}

type entry struct {
	owner int
	block memory.Block
	want  []byte
}

// rememberedDead is how many dead stamps are checked again and again.
const rememberedDead = 64

// Find runs f, which uses ledgers, and returns the rule that f found broken.
func Find(f func()) error { return find(f) }

// An Alloc is the signature of scope.Allocator.Alloc, or of whatever allocates
// in its manner.
type Alloc func(size, align uintptr) (memory.Block, error)

// Alloc allocates for owner, checks the block against every other one, fills it,
// and verifies the whole ledger. An error must say that memory is exhausted.
func (l *Ledger) Alloc(alloc Alloc, owner int, size, align uintptr) (memory.Block, error) {
	b, err := alloc(size, align)
	if err != nil {
		require(errors.Is(err, scope.ErrExhausted), "Alloc(%d, %d): error does not match ErrExhausted: %v", size, align, err)
		require(b == memory.Block{}, "Alloc(%d, %d): a block together with error %v", size, align, err)
		l.Verify()
		return b, err
	}
	l.inspect(b, size, align)
	l.live = append(l.live, entry{owner, b, make([]byte, size)})
	l.Write(len(l.live) - 1)
	l.Verify()
	return b, nil
}

// inspect checks a new block: size, capacity, alignment, stamp, disjointness.
func (l *Ledger) inspect(b memory.Block, size, align uintptr) {
	wrong := func(format string, args ...any) {
		require(false, "Alloc(%d, %d): "+format, append([]any{size, align}, args...)...)
	}
	mem := b.Bytes()
	begin, end := span(mem)
	if size >= 64 {
		align = max(align, 64)
	}
	switch {
	case uintptr(len(mem)) != size || uintptr(cap(mem)) != size:
		wrong("length %d, capacity %d", len(mem), cap(mem))
	case !b.Stamp.Live():
		wrong("born dead, its scope has %s", b.Stamp.End())
	case size > 0 && begin%max(align, 1) != 0:
		wrong("address %#x is not a multiple of %d", begin, align)
	}
	for _, e := range l.live {
		if from, to := span(e.block.Bytes()); from < end && begin < to {
			wrong("[%#x, %#x) overlaps the live block [%#x, %#x)", begin, end, from, to)
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

// Append appends to the i-th live block, which must reallocate it.
func (l *Ledger) Append(i int) {
	mem := l.live[i].block.Bytes()
	grown := append(mem, 0xEE)
	require(len(mem) == 0 || &grown[0] != &mem[0], "append to a block of %d bytes wrote behind it", len(mem))
	l.Verify()
}

// End says that the owners' scopes have ended: their blocks must be dead now and
// all others alive and intact. Blocks with the zero stamp live on.
func (l *Ledger) End(owners ...int) {
	kept := l.live[:0]
	for _, e := range l.live {
		if !slices.Contains(owners, e.owner) || e.block.Stamp == (scope.Stamp{}) {
			kept = append(kept, e)
			continue
		}
		l.dead = append(l.dead, e.block.Stamp)
	}
	clear(l.live[len(kept):])
	l.live = kept
	l.Verify()
	l.dead = l.dead[max(0, len(l.dead)-rememberedDead):]
}

// Verify compares all blocks with the model, and checks that what is dead stays
// dead.
func (l *Ledger) Verify() {
	for i, e := range l.live {
		if !e.block.Stamp.Live() {
			require(false, "block %d of %d bytes died early: its scope has %s", i, len(e.want), e.block.Stamp.End())
		}
		if !bytes.Equal(e.block.Bytes(), e.want) {
			require(false, "content of block %d (%d bytes) changed at byte %d", i, len(e.want), firstDifference(e.block.Bytes(), e.want))
		}
	}
	for _, s := range l.dead {
		if s.Live() {
			require(false, "the stamp of a scope that has ended is live")
		}
	}
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
