package replay

import (
	"errors"
	"fmt"
	"slices"
	"unsafe"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/poison"
)

// granule is the unit of all lengths and offsets in this package: every block begins at a
// multiple of 64 and takes a multiple of 64 bytes.
const granule = 64

// A piece is storage of the source.
type piece struct {
	mem    []byte // whole granules
	source []byte // what the source returned
	whole  *span  // the only span, if the piece is all free
	reach  int    // the largest end, in granules, of a span in use since it was all free
}

// A span is a part of a piece: a block, the place of a plan, or free.
type span struct {
	piece      *piece
	off, len   int // in granules
	prev, next *span
	free       bool

	// free spans are nodes of a tree
	left, right *span
	priority    uint32
}

// part returns the memory of n granules of s from off on.
func (s *span) part(off, n int) []byte {
	from := (s.off + off) * granule
	return s.piece.mem[from : from+n*granule]
}

// heap hands out spans of any length, each from the smallest free span that holds it, and
// merges what is free. It is what serves a program without a plan, as well as online
// methods can. Its seed is not 0.
type heap struct {
	source bumper.Source
	limit  int // in bytes, the most that may be held; 0 means none
	slab   int // in bytes, the least that is taken at a time
	pieces []*piece
	held   int // bytes of pieces
	used   int // granules of spans in use
	reach  int // of all pieces
	most   int // the largest reach so far
	free   *span
	spare  *span // objects for use, linked by next
	seed   uint32
}

// errLimit is the cause of an error at the buffer's own limit.
var errLimit = errors.New("replay: limit of the buffer reached")

// take returns a span of n granules, or an error.
func (h *heap) take(n int) (*span, error) {
	s := h.fit(n)
	if s == nil {
		if err := h.grow(n); err != nil {
			return nil, err
		}
		s = h.fit(n)
	}
	h.cut(s)
	s.piece.whole = nil
	if s.len > n {
		rest := h.newSpan()
		rest.piece, rest.off, rest.len = s.piece, s.off+n, s.len-n
		h.link(s, rest)
		s.len = n
		h.put(rest)
	}
	h.used += n
	if more := s.off + n - s.piece.reach; more > 0 {
		s.piece.reach += more
		h.reach += more
		h.most = max(h.most, h.reach)
	}
	return s, nil
}

// give makes a span free, and one with its free neighbours.
func (h *heap) give(s *span) {
	h.used -= s.len
	if next := s.next; next != nil && next.free {
		h.cut(next)
		h.absorb(s, next)
	}
	if prev := s.prev; prev != nil && prev.free {
		h.cut(prev)
		h.absorb(prev, s)
		s = prev
	}
	if s.prev == nil && s.next == nil {
		s.piece.whole = s
		h.reach -= s.piece.reach
		s.piece.reach = 0
	}
	h.put(s)
}

// split cuts s, which is in use, behind n granules, and returns the rest, in use as well.
func (h *heap) split(s *span, n int) *span {
	rest := h.newSpan()
	rest.piece, rest.off, rest.len = s.piece, s.off+n, s.len-n
	h.link(s, rest)
	s.len = n
	return rest
}

// link puts rest behind s.
func (h *heap) link(s, rest *span) {
	rest.prev, rest.next = s, s.next
	if rest.next != nil {
		rest.next.prev = rest
	}
	s.next = rest
}

// absorb makes next a part of s, which is before it.
func (h *heap) absorb(s, next *span) {
	s.len += next.len
	s.next = next.next
	if s.next != nil {
		s.next.prev = s
	}
	*next = span{next: h.spare}
	h.spare = next
}

func (h *heap) newSpan() *span {
	s := h.spare
	if s == nil {
		return new(span)
	}
	h.spare = s.next
	*s = span{}
	return s
}

// grow takes a piece that holds n granules. If the limit or the source refuses, it gives
// back what is all free and tries again.
func (h *heap) grow(n int) error {
	if h.used == 0 { // one piece for all is better than several
		h.trim()
	}
	need := n * granule
	want := max(need, h.slab, h.held/8&^(granule-1))
	mem, err := h.acquire(want)
	if err != nil && want > need { // there may be less
		mem, err = h.acquire(need)
	}
	if err != nil && h.trim() {
		mem, err = h.acquire(need)
	}
	if err != nil {
		return err
	}
	poison.Unpoison(mem)
	p := &piece{mem: mem[:len(mem)&^(granule-1)], source: mem}
	s := h.newSpan()
	s.piece, s.len = p, len(p.mem)/granule
	p.whole = s
	h.pieces = append(h.pieces, p)
	h.held += len(mem)
	h.put(s)
	return nil
}

// acquire takes n bytes from the source, or changes nothing.
func (h *heap) acquire(n int) ([]byte, error) {
	if h.limit > 0 && n > h.limit-h.held {
		return nil, errLimit
	}
	mem, err := h.source.Acquire(n)
	if err != nil {
		return nil, err
	}
	if len(mem) < n || address(mem)%granule != 0 {
		return nil, fmt.Errorf("replay: source %T broke its contract: %d bytes for %d at %#x", h.source, len(mem), n, address(mem))
	}
	if h.limit > 0 && len(mem) > h.limit-h.held { // more than was asked for
		h.source.Release(mem)
		return nil, errLimit
	}
	return mem, nil
}

// trim gives back the pieces that are all free, and reports whether there were any.
func (h *heap) trim() (any bool) {
	for i := len(h.pieces) - 1; i >= 0; i-- {
		p := h.pieces[i]
		if p.whole == nil {
			continue
		}
		h.cut(p.whole)
		*p.whole = span{next: h.spare}
		h.spare = p.whole
		h.held -= len(p.source)
		h.pieces = slices.Delete(h.pieces, i, i+1)
		poison.Unpoison(p.source) // its next owner knows nothing of us
		h.source.Release(p.source)
		any = true
	}
	return any
}

// available returns how many bytes one request can get, at the most.
func (h *heap) available() int {
	largest := 0
	for s := h.free; s != nil; s = s.right {
		largest = s.len * granule
	}
	if h.limit == 0 {
		return largest
	}
	room := h.limit - h.held
	for _, p := range h.pieces {
		if p.whole != nil {
			room += len(p.source)
		}
	}
	return max(largest, room&^(granule-1))
}

// address returns where mem begins. It is compared and never turned back into a pointer;
// storage does not move.
func address(mem []byte) uintptr { return uintptr(unsafe.Pointer(unsafe.SliceData(mem))) }
