package pages

import "slices"

// arena is the reservation of addresses that guarded blocks are placed in.
//
// It is carved into spans from its beginning. A span is some pages for a block and one
// more behind them that always stays inaccessible; before it lies the inaccessible page
// of its neighbour.
type arena struct {
	sys   system
	mem   []byte  // the whole reservation; nil before the first use
	next  int     // pages from here on were never used
	live  int     // spans in use, or that could not be shut
	spans []*span // by address
	idle  [classes]queue
	dirty pageRange // inaccessible, but its memory was not given back yet
	lost  bool      // the reservation failed: there is nothing to place blocks in
}

// span is a range of pages that one block after another uses.
type span struct {
	first, pages int
	block        *Block // the current or last user
}

// system is what the arena asks of the operating system.
type system interface {
	pageSize() int
	reserve() ([]byte, error) // inaccessible addresses
	open(mem []byte) error    // make accessible
	shut(mem []byte) error    // make inaccessible
	discard(mem []byte)       // give back the memory behind inaccessible addresses
	maxBlocks() int           // the most that may be in use at a time
}

// maxSpans is how many spans are carved before used ones are reused, so that the
// records do not grow without bound: 32 MiB of them.
const maxSpans = 1 << 17

// take returns a span and its last n pages, accessible; nil if none is available.
func (a *arena) take(n int) (*span, []byte) {
	if !a.ready() || a.live >= a.sys.maxBlocks() {
		return nil, nil
	}
	s := a.find(classOf(n + 1))
	if s == nil {
		return nil, nil
	}
	mem := a.bytes(s.first+s.pages-1-n, n)
	if a.sys.open(mem) != nil {
		a.idle[classOf(s.pages)].push(s)
		return nil, nil
	}
	a.live++
	return s, mem
}

// ready reserves the addresses on first use, leaving the first page as a guard.
func (a *arena) ready() bool {
	if a.mem == nil && !a.lost {
		mem, err := a.sys.reserve()
		a.mem, a.next, a.lost = mem, 1, err != nil
	}
	return !a.lost
}

// find looks for fresh pages first, then for the span of about that size that was
// released first.
func (a *arena) find(class int) *span {
	if len(a.spans) < maxSpans {
		if s := a.carve(class); s != nil {
			return s
		}
	}
	if s := a.again(class, class+2); s != nil {
		return s
	}
	if s := a.carve(class); s != nil {
		return s
	}
	return a.again(class, classes-1)
}

// carve takes a span from the pages that were never used.
func (a *arena) carve(class int) *span {
	pages := pagesOf(class)
	if a.next+pages > len(a.mem)/a.sys.pageSize() {
		return nil
	}
	s := &span{first: a.next, pages: pages}
	a.next += pages
	a.spans = append(a.spans, s)
	return s
}

// again takes a span of the first class that has one. Its memory must be given back
// before it becomes accessible again, not after.
func (a *arena) again(class, last int) *span {
	for ; class <= min(last, classes-1); class++ {
		if s := a.idle[class].pop(); s != nil {
			if a.dirty.has(s.first) {
				a.clean()
			}
			return s
		}
	}
	return nil
}

// put makes spans that lie side by side, in any state, inaccessible. If the system
// refuses, they are not reused, as stale references could still reach them, and they
// count as in use, as their mappings do.
func (a *arena) put(spans []*span) error {
	first, last := spans[0], spans[len(spans)-1]
	r := pageRange{first.first, last.first + last.pages - first.first}
	if err := a.sys.shut(a.bytes(r.first, r.pages)); err != nil {
		return err
	}
	a.live -= len(spans)
	for _, s := range spans {
		a.idle[classOf(s.pages)].push(s)
	}
	if !a.dirty.join(r) {
		a.clean()
		a.dirty = r
	}
	if a.dirty.pages*a.sys.pageSize() > maxDirty {
		a.clean()
	}
	return nil
}

// maxDirty is how much memory is collected before one system call gives it back.
const maxDirty = 1 << 20

// clean gives back the memory of released spans.
func (a *arena) clean() {
	if a.dirty.pages > 0 {
		a.sys.discard(a.bytes(a.dirty.first, a.dirty.pages))
		a.dirty = pageRange{}
	}
}

// bytes returns the memory of some pages.
func (a *arena) bytes(first, pages int) []byte {
	p := a.sys.pageSize()
	return a.mem[first*p : (first+pages)*p : (first+pages)*p]
}

// at returns the index of the span that page lies in; false if there is none.
func (a *arena) at(page int) (int, bool) {
	i, ok := slices.BinarySearchFunc(a.spans, page, func(s *span, page int) int { return s.first - page })
	if !ok {
		i--
	}
	return i, i >= 0 && page < a.spans[i].first+a.spans[i].pages
}
