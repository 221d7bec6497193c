package locked

import (
	"math/bits"
	"slices"

	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// A piece is contiguous storage that the arena carves into spans.
type piece struct {
	mem   []byte
	stamp memory.Stamp // no longer live when the storage was taken back
	first *span
	whole *span // of a piece that is all idle
	used  int   // bytes in spans that are in use

	// retiring means that no more spans are taken from the piece, so that it goes back
	// when its spans in use have ended. Its idle spans are in no bin.
	retiring bool
}

// A span is a contiguous part of a piece, in use by a region or idle.
type span struct {
	piece    *piece
	off, len int // in piece.mem, in bytes; multiples of 64, but for a piece's last span

	prev, next       *span // the neighbours in the piece
	binPrev, binNext *span // the idle spans of about this length
	idle             bool
}

// bytes returns the memory of s.
func (s *span) bytes() []byte { return s.piece.mem[s.off : s.off+s.len : s.off+s.len] }

// granule is the unit of the lengths of spans.
const granule = 64

func roundUp(n int) int { return (n + granule - 1) &^ (granule - 1) }

// arena carves pieces of storage into spans, by best fit, and merges idle neighbours.
// When no span is in use, each piece is one idle span again, whatever happened before.
//
// Idle spans are kept in bins by their length, eight bins for each power of two, with a
// bitmap of the bins that hold one; the first bin that surely fits is found in constant
// time (two-level segregated fit: Masmano, Ripoll, Crespo and Real, ECRTS 2004). Unlike
// there, a request is refused only if no idle span holds it.
//
// The zero arena is empty. It is used under the lock of its Buffer.
type arena struct {
	pieces   []*piece
	retiring int // how many of them retire
	bins     [binCount]*span
	occupied [binCount / 64]uint64
	spare    *span // span objects to use again, linked by next
	spares   int
	capacity int // bytes of all pieces
	used     int // bytes of spans in use
}

// binCount bins hold spans of less than 2⁴⁸ granules.
const binCount = 8 * 48

// binOf returns the bin for spans of n bytes.
func binOf(n int) int {
	granules := uint(n) / granule
	log := bits.Len(granules|1) - 1
	if log < 3 {
		return int(granules)
	}
	return min(8*(log-2)+int(granules>>(log-3)&7), binCount-1)
}

// add adds a piece of storage.
func (a *arena) add(mem []byte, stamp memory.Stamp) {
	p := &piece{mem: mem, stamp: stamp}
	s := a.newSpan()
	s.piece, s.len = p, len(mem)
	p.first, p.whole = s, s
	a.pieces = append(a.pieces, p)
	a.capacity += len(mem)
	a.put(s)
}

// remove removes a piece that is all idle, and returns its memory.
func (a *arena) remove(p *piece) []byte {
	a.cut(p.whole)
	a.freeSpan(p.whole)
	a.pieces = slices.DeleteFunc(a.pieces, func(q *piece) bool { return p == q })
	if p.retiring {
		a.retiring--
	}
	a.capacity -= len(p.mem)
	return p.mem
}

// retire sets whether spans are taken from p.
func (a *arena) retire(p *piece, retiring bool) {
	var idle []*span
	for s := p.first; s != nil; s = s.next {
		if s.idle {
			a.cut(s)
			idle = append(idle, s)
		}
	}
	p.retiring = retiring
	if retiring {
		a.retiring++
	} else {
		a.retiring--
	}
	for _, s := range idle {
		a.put(s)
	}
}

// retireDownTo retires the largest pieces until the others have no more than n bytes.
func (a *arena) retireDownTo(n int) {
	var all []*piece
	rest := 0
	for _, p := range a.pieces {
		if !p.retiring {
			all = append(all, p)
			rest += len(p.mem)
		}
	}
	slices.SortFunc(all, func(p, q *piece) int { return len(q.mem) - len(p.mem) })
	for _, p := range all {
		if rest <= n {
			return
		}
		rest -= len(p.mem)
		a.retire(p, true)
	}
}

// recall makes the retiring pieces ordinary ones again.
func (a *arena) recall() {
	for _, p := range a.pieces {
		if p.retiring {
			a.retire(p, false)
		}
	}
}

// retired reports whether a retiring piece is all idle.
func (a *arena) retired() bool {
	if a.retiring == 0 {
		return false
	}
	for _, p := range a.pieces {
		if p.retiring && p.whole != nil {
			return true
		}
	}
	return false
}

// lost reports whether storage was taken back.
func (a *arena) lost() bool {
	for _, p := range a.pieces {
		if !p.stamp.Live() {
			return true
		}
	}
	return false
}

// forget drops the pieces that were taken back, which are all idle.
func (a *arena) forget() {
	for _, p := range slices.Clone(a.pieces) {
		if !p.stamp.Live() {
			a.remove(p)
		}
	}
}

// take returns a span of at least least bytes, in use, or nil if no idle span is that
// long. It cuts a longer span to most bytes, a multiple of 64.
func (a *arena) take(least, most int) *span {
	s := a.find(least)
	if s == nil {
		return nil
	}
	a.cut(s)
	a.split(s, most)
	a.use(s, s.len)
	return s
}

// extend lengthens s, which is in use, by at least least and at most most bytes, a
// multiple of 64, if the span behind it is idle and long enough.
func (a *arena) extend(s *span, least, most int) bool {
	next := s.next
	if next == nil || !next.idle || next.len < least {
		return false
	}
	n := min(next.len, most)
	a.cut(next)
	a.split(next, n)
	a.absorb(s, next)
	a.use(s, n)
	return true
}

// give makes s idle, joined with its idle neighbours.
func (a *arena) give(s *span) {
	a.use(s, -s.len)
	if next := s.next; next != nil && next.idle {
		a.cut(next)
		a.absorb(s, next)
	}
	if prev := s.prev; prev != nil && prev.idle {
		a.cut(prev)
		a.absorb(prev, s)
		s = prev
	}
	if s.piece.used == 0 {
		s.piece.whole = s
	}
	a.put(s)
}

// shrink cuts s, which is in use, to n bytes, a multiple of 64, makes the rest idle, and
// returns its length.
func (a *arena) shrink(s *span, n int) int {
	rest := a.cleave(s, n)
	if rest == nil {
		return 0
	}
	length := rest.len
	a.give(rest)
	return length
}

// whole returns the bytes of the pieces that are all idle.
func (a *arena) whole() (sum int) {
	for _, p := range a.pieces {
		if p.whole != nil {
			sum += len(p.mem)
		}
	}
	return sum
}

// removeWhole removes pieces that are all idle and returns their memory: those that
// retire, and others for whose length more returns true.
func (a *arena) removeWhole(more func(length int) bool) (back [][]byte) {
	for _, p := range slices.Clone(a.pieces) {
		if p.whole != nil && (p.retiring || more(len(p.mem))) {
			back = append(back, a.remove(p))
		}
	}
	return back
}

// largest returns the length of the longest idle span.
func (a *arena) largest() (most int) {
	for word := len(a.occupied) - 1; word >= 0; word-- {
		if a.occupied[word] != 0 {
			bin := 64*word + bits.Len64(a.occupied[word]) - 1
			for s := a.bins[bin]; s != nil; s = s.binNext {
				most = max(most, s.len)
			}
			return most
		}
	}
	return 0
}

// find returns an idle span of at least n bytes: one of the first in the bin of n, which
// may hold shorter ones, or the first of a higher bin, or any other of the bin of n.
func (a *arena) find(n int) *span {
	bin := binOf(n)
	const few = 8
	if s := fitting(a.bins[bin], n, few); s != nil {
		return s
	}
	if s := a.bins[a.nextBin(bin+1)]; s != nil {
		return s
	}
	return fitting(a.bins[bin], n, 1<<30)
}

// fitting returns the shortest of the first few spans of a list that have n bytes.
func fitting(s *span, n, few int) (best *span) {
	for ; s != nil && few > 0; s, few = s.binNext, few-1 {
		if s.len >= n && (best == nil || s.len < best.len) {
			best = s
		}
	}
	return best
}

// nextBin returns the first bin from bin on that holds a span, or an empty bin if none
// does.
func (a *arena) nextBin(bin int) int {
	if bin >= binCount {
		return binCount - 1
	}
	word := bin / 64
	found := a.occupied[word] >> (bin % 64) << (bin % 64)
	for found == 0 {
		if word++; word == len(a.occupied) {
			return bin // which is empty too
		}
		found = a.occupied[word]
	}
	return 64*word + bits.TrailingZeros64(found)
}

// put makes a span idle and adds it to its bin.
func (a *arena) put(s *span) {
	s.idle = true
	if s.piece.retiring {
		return
	}
	bin := binOf(s.len)
	s.binPrev, s.binNext = nil, a.bins[bin]
	if s.binNext != nil {
		s.binNext.binPrev = s
	}
	a.bins[bin] = s
	a.occupied[bin/64] |= 1 << (bin % 64)
}

// cut removes an idle span from its bin.
func (a *arena) cut(s *span) {
	s.idle = false
	if s.piece.retiring {
		return
	}
	bin := binOf(s.len)
	if s.binNext != nil {
		s.binNext.binPrev = s.binPrev
	}
	if s.binPrev != nil {
		s.binPrev.binNext = s.binNext
	} else if a.bins[bin] = s.binNext; s.binNext == nil {
		a.occupied[bin/64] &^= 1 << (bin % 64)
	}
	s.binPrev, s.binNext = nil, nil
}

// split cuts s, which is in no bin, to n bytes and makes the rest an idle span.
func (a *arena) split(s *span, n int) {
	if rest := a.cleave(s, n); rest != nil {
		a.put(rest)
	}
}

// cleave cuts s to n bytes and returns the rest as a span of its own, in no bin; nil if
// there is none.
func (a *arena) cleave(s *span, n int) *span {
	if s.len <= n {
		return nil
	}
	rest := a.newSpan()
	rest.piece, rest.off, rest.len = s.piece, s.off+n, s.len-n
	rest.prev, rest.next = s, s.next
	if rest.next != nil {
		rest.next.prev = rest
	}
	s.next, s.len = rest, n
	return rest
}

// absorb makes next, which is in no bin, part of the span before it.
func (a *arena) absorb(s, next *span) {
	s.len += next.len
	s.next = next.next
	if s.next != nil {
		s.next.prev = s
	}
	a.freeSpan(next)
}

// use counts n bytes of s's piece as used, or as idle if n is negative.
func (a *arena) use(s *span, n int) {
	s.piece.used += n
	a.used += n
	if s.piece.used > 0 {
		s.piece.whole = nil
	}
}

func (a *arena) newSpan() *span {
	s := a.spare
	if s == nil {
		return new(span)
	}
	a.spare = s.next
	a.spares--
	*s = span{}
	return s
}

// freeSpan keeps the object of a removed span for reuse, unless there are plenty.
func (a *arena) freeSpan(s *span) {
	if a.spares == maxSpares {
		return
	}
	*s = span{next: a.spare}
	a.spare = s
	a.spares++
}

// maxSpares is how many objects of spans, and of regions, are kept for reuse.
const maxSpares = 256
