package plan

import (
	"cmp"
	"math/bits"
	"slices"
)

// A timeline finds the lowest gap for an item without looking at all that is placed. It is
// a segment tree over the sections. Each node knows which addresses are taken during all
// of its sections by items that take them throughout (cover), and which are taken in any
// of them (any). Taken addresses are kept as ranges, and ranges that touch are one, so
// that lists stay short where memory is packed well. It takes O(log n) lists to find what
// is in the way of an item.
//
// Gaps that are too small for the items to come are in nobody's way, so ranges that are
// nearer to one another than slack are one as well: most gaps are small, and large items
// are placed first. When a smaller item comes, slack falls, and a list is made anew from
// all that was added to it, when somebody looks at it.
type timeline struct {
	leaves int32
	cover  []strip // of node k; its children are 2k and 2k+1, the root is 1
	any    []strip
	lists  []cursor
	slack  int64
	epoch  int32 // how often slack has changed
}

// A strip is a list of ranges, without the small gaps.
type strip struct {
	ranges ranges
	all    []gap // with them; what was added last is at the end, as it came
	epoch  int32 // that ranges are of
}

// ranges are disjoint and in order.
type ranges []gap

type cursor struct {
	list ranges
	at   int
}

func newTimeline(sections int) *timeline {
	leaves := int32(1) << bits.Len(uint(max(sections-1, 0)))
	return &timeline{leaves: leaves, cover: make([]strip, 2*leaves), any: make([]strip, 2*leaves), slack: 1}
}

// expect makes the timeline ready for an item. Larger ones may follow it, and those that
// are a little smaller.
func (l *timeline) expect(it *item) {
	if l.epoch == 0 || it.size < l.slack {
		l.slack = max(it.size*3/4, 1)
		l.epoch++
	}
}

// look returns the ranges of a strip.
func (l *timeline) look(s *strip) ranges {
	if s.epoch != l.epoch {
		s.epoch = l.epoch
		slices.SortFunc(s.all, func(a, b gap) int { return cmp.Compare(a.at, b.at) })
		s.all = merge(s.all[:0], s.all, 1)
		s.ranges = merge(s.ranges[:0], s.all, l.slack)
	}
	return s.ranges
}

// merge appends ranges to r, which it returns, those that are nearer than slack as one.
func merge(r ranges, all []gap, slack int64) ranges {
	for _, g := range all {
		if last := len(r) - 1; last >= 0 && g.at-r[last].end < slack {
			r[last].end = max(r[last].end, g.end)
		} else {
			r = append(r, g)
		}
	}
	return r
}

// mark adds a range to a strip.
func (l *timeline) mark(s *strip, r gap) {
	s.all = append(s.all, r)
	if s.epoch == l.epoch {
		s.ranges.add(r, l.slack)
	}
}

// visit calls part for the nodes that together are the sections [lo, hi), and above for
// their ancestors. It starts at node, which is the sections [from, from+width).
func (l *timeline) visit(node, from, width, lo, hi int32, part, above func(node int32)) {
	if lo <= from && from+width <= hi {
		part(node)
		return
	}
	above(node)
	half := width / 2
	if lo < from+half {
		l.visit(2*node, from, half, lo, hi, part, above)
	}
	if hi > from+half {
		l.visit(2*node+1, from+half, half, lo, hi, part, above)
	}
}

// put marks the addresses [at, end) as taken in the sections of an item.
func (l *timeline) put(it *item, at int64) {
	r := gap{at, at + it.size}
	l.visit(1, 0, l.leaves, it.lo, it.hi,
		func(n int32) { l.mark(&l.cover[n], r); l.mark(&l.any[n], r) },
		func(n int32) { l.mark(&l.any[n], r) })
}

// gap returns the lowest offset for an item.
func (l *timeline) gap(it *item) int64 {
	l.lists = l.lists[:0]
	add := func(r ranges) {
		if len(r) > 0 {
			l.lists = append(l.lists, cursor{r, 0})
		}
	}
	l.visit(1, 0, l.leaves, it.lo, it.hi,
		func(n int32) { add(l.look(&l.any[n])) }, func(n int32) { add(l.look(&l.cover[n])) })
	var at int64
	for free := 0; free < len(l.lists); { // so many lists after another are not in the way
		for k := range l.lists {
			c := &l.lists[k]
			for c.at < len(c.list) && c.list[c.at].at < at+it.size {
				if end := c.list[c.at].end; end > at {
					at, free = alignUp(end, it.align), 0
				}
				c.at++
			}
			if free++; free >= len(l.lists) {
				break
			}
		}
	}
	return at
}

// add adds a range.
func (r *ranges) add(n gap, slack int64) {
	from, _ := slices.BinarySearchFunc(*r, n.at, func(g gap, at int64) int { return cmp.Compare(g.end+slack-1, at) })
	to := from
	for to < len(*r) && (*r)[to].at-n.end < slack {
		n.at, n.end = min(n.at, (*r)[to].at), max(n.end, (*r)[to].end)
		to++
	}
	if to == from+1 {
		(*r)[from] = n
		return
	}
	*r = slices.Replace(*r, from, to, n)
}

// lowest places items in order, each in the lowest gap: what greedy does with best unset,
// in less time where there are many.
func (t *task) lowest(o order) []int64 {
	offsets := make([]int64, len(t.items))
	l := newTimeline(t.sections)
	for i := range t.items {
		if it := &t.items[i]; it.fixed {
			offsets[i] = it.offset
			l.put(it, it.offset)
		}
	}
	for _, i := range o {
		if it := &t.items[i]; !it.fixed {
			l.expect(it)
			offsets[i] = l.gap(it)
			l.put(it, offsets[i])
		}
	}
	return offsets
}
