package plan

import (
	"cmp"
	"slices"
	"sync/atomic"
)

// A tree searches depth first for a plan of a task whose peak is at most a capacity. It
// follows MiniMalloc (Moffitt, ASPLOS 2023) in what it leaves out:
//
//   - Items are placed bottom up, each as low as those placed before allow: offsets never
//     fall, and at the same offset ranks rise, so that one packing is met in one order.
//   - No item is placed where another fits below it: that would leave a gap.
//   - In each section, what is not placed fits between the least offset that one of it can
//     have and the capacity.
//   - Parts of time that no unplaced item joins are solved one by one.
//   - If an item that no unplaced item meets was in vain, so are the alternatives to it.
//
// And: of two items with the same life, one directly on the other, the smaller is below.
// All of these hold for the packing with the least sum of offsets among those that reach
// the capacity, so a search that ends without a plan proves that there is none.
type tree struct {
	t        *task
	capacity int64
	rank     []int32

	low    []int64 // of each item: the least offset that it can have, or has
	placed []bool
	heads  []head  // of each section
	watch  []int32 // of each section: an unplaced item that could be next in it
	cross  []int32 // of each boundary between sections: the unplaced items that lie across

	log      []frame // what is placed, in order
	oldLows  []oldLow
	oldHeads []head
	space    []int32 // memory for lists of items, used as a stack

	work, limit int // placements tried, and how many may be
	stop        *atomic.Bool
}

// A head is the state of a section.
type head struct {
	top  int64 // the end of what is placed
	rest int64 // the sum of sizes of what is not
	on   int32 // the item on top, or -1
}

type oldLow struct {
	item int32
	low  int64
}

type frame struct {
	item        int32
	lows, heads int // lengths before it was placed
}

func newTree(t *task, stop *atomic.Bool) *tree {
	t.relate()
	n, m := len(t.items), t.sections
	return &tree{t: t, stop: stop,
		low: make([]int64, n), placed: make([]bool, n),
		heads: make([]head, m), watch: make([]int32, m), cross: make([]int32, m+1)}
}

// solve searches, and returns the offsets of the items, or whether it ended: whether it
// has shown that there is no such plan. It tries at most limit placements.
func (s *tree) solve(capacity int64, rank []int32, limit int) (offsets []int64, ended bool) {
	s.capacity, s.rank, s.work, s.limit = capacity, rank, 0, limit
	s.log, s.oldLows, s.oldHeads, s.space = s.log[:0], s.oldLows[:0], s.oldHeads[:0], s.space[:0]
	clear(s.cross)
	for j := range s.heads {
		s.heads[j] = head{on: -1}
		s.watch[j] = s.t.members[j][0]
	}
	for i := range s.t.items {
		it := &s.t.items[i]
		s.low[i], s.placed[i] = it.fixedOffset(), false
		for j := it.lo; j < it.hi; j++ {
			s.heads[j].rest += it.size
			if j > it.lo {
				s.cross[j]++
			}
		}
		s.space = append(s.space, int32(i))
	}
	slices.SortFunc(s.space, func(a, b int32) int { return cmp.Compare(rank[a], rank[b]) })
	if s.split(s.space, 0, int32(s.t.sections), 0, -1) {
		return slices.Clone(s.low), true
	}
	return nil, s.work <= limit
}

// split places items that lie in the sections [lo, hi), each part of time by itself.
// What is placed next is at last or above, and at last of a higher rank.
func (s *tree) split(items []int32, lo, hi int32, last int64, rank int32) bool {
	depth, mark := len(s.log), len(s.space)
	defer func() { s.space = s.space[:mark] }()
	for start := lo; start < hi; {
		end := start + 1
		for end < hi && s.cross[end] > 0 {
			end++
		}
		part := items
		if start > lo || end < hi {
			from := len(s.space)
			for _, i := range items {
				if at := s.t.items[i].lo; start <= at && at < end {
					s.space = append(s.space, i)
				}
			}
			part = s.space[from:]
		}
		if len(part) > 0 && !s.place(part, start, end, last, rank) {
			s.undo(depth)
			return false
		}
		start = end
	}
	return true
}

// place places one of items, and then the others.
func (s *tree) place(items []int32, lo, hi int32, last int64, rank int32) bool {
	if s.stop.Load() {
		s.work = s.limit + 1
		return false
	}
	depth, mark := len(s.log), len(s.space)
	defer func() { s.space = s.space[:mark] }()
	gap := int64(1) << 62 // at this offset and above, something fits below
	for _, i := range items {
		gap = min(gap, s.low[i]+s.t.items[i].size)
	}
	for _, i := range items {
		if l := s.low[i]; l < gap && (l > last || l == last && s.rank[i] > rank) {
			s.space = append(s.space, i)
		}
	}
	choices := s.space[mark:]
	slices.SortStableFunc(choices, func(a, b int32) int { return cmp.Compare(s.low[a], s.low[b]) })
	from := len(s.space)
	s.space = append(s.space, items...) // room for the others
	for _, i := range choices {
		if s.twisted(i) {
			continue
		}
		if s.work++; s.work > s.limit {
			return false
		}
		at := s.low[i]
		if s.put(i, lo, hi) {
			rest := s.space[from:from]
			for _, k := range items {
				if k != i {
					rest = append(rest, k)
				}
			}
			if len(rest) == 0 || s.split(rest, lo, hi, at, s.rank[i]) {
				return true
			}
		}
		s.undo(depth)
		if s.work > s.limit || s.alone(i) {
			return false
		}
	}
	return false
}

// twisted reports whether item i would lie directly on a larger one of the same life.
func (s *tree) twisted(i int32) bool {
	it := &s.t.items[i]
	on := s.heads[it.lo].on
	if on < 0 {
		return false
	}
	below := &s.t.items[on]
	return below.lo == it.lo && below.hi == it.hi && s.heads[it.lo].top == s.low[i] &&
		!below.fixed && !it.fixed && below.align == it.align && it.size%it.align == 0 && below.size%it.align == 0 &&
		(it.size < below.size || it.size == below.size && i < on)
}

// alone reports whether no unplaced item meets item i.
func (s *tree) alone(i int32) bool {
	for _, k := range s.t.meets[i] {
		if !s.placed[k] {
			return false
		}
	}
	return true
}

// put places item i as low as it can be, and reports whether the others may still fit.
func (s *tree) put(i, lo, hi int32) bool {
	it := &s.t.items[i]
	at := s.low[i]
	end := at + it.size
	s.log = append(s.log, frame{i, len(s.oldLows), len(s.oldHeads)})
	s.placed[i] = true
	for j := it.lo; j < it.hi; j++ {
		h := &s.heads[j]
		s.oldHeads = append(s.oldHeads, *h)
		h.top, h.on = end, i
		h.rest -= it.size
		if j > it.lo {
			s.cross[j]--
		}
	}
	if end > s.capacity {
		return false
	}
	from, to := it.lo, it.hi // the sections in which something has changed
	for _, k := range s.t.meets[i] {
		if s.placed[k] || s.low[k] >= end {
			continue
		}
		other := &s.t.items[k]
		if other.fixed {
			return false
		}
		s.oldLows = append(s.oldLows, oldLow{k, s.low[k]})
		s.low[k] = alignUp(end, other.align)
		from, to = min(from, other.lo), max(to, other.hi)
	}
	for j := lo; j < hi; j++ {
		if h := &s.heads[j]; h.rest > 0 && at+h.rest > s.capacity {
			return false
		}
	}
	for j := from; j < to; j++ {
		if !s.roomy(j) {
			return false
		}
	}
	return true
}

// roomy reports whether the unplaced items of section j fit above the lowest of them.
func (s *tree) roomy(j int32) bool {
	rest := s.heads[j].rest
	if rest == 0 {
		return true
	}
	highest := s.capacity - rest
	if w := s.watch[j]; !s.placed[w] && s.low[w] <= highest {
		return true
	}
	for _, i := range s.t.members[j] {
		if !s.placed[i] && s.low[i] <= highest {
			s.watch[j] = i
			return true
		}
	}
	return false
}

// undo takes away all but the first n items that were placed.
func (s *tree) undo(n int) {
	for len(s.log) > n {
		f := s.log[len(s.log)-1]
		s.log = s.log[:len(s.log)-1]
		for k := len(s.oldLows) - 1; k >= f.lows; k-- {
			s.low[s.oldLows[k].item] = s.oldLows[k].low
		}
		s.oldLows = s.oldLows[:f.lows]
		it := &s.t.items[f.item]
		s.placed[f.item] = false
		for j := it.lo; j < it.hi; j++ {
			s.heads[j] = s.oldHeads[f.heads+int(j-it.lo)]
			if j > it.lo {
				s.cross[j]++
			}
		}
		s.oldHeads = s.oldHeads[:f.heads]
	}
}
