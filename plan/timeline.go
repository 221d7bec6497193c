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
type timeline struct {
	leaves int32
	cover  []ranges // of node k; its children are 2k and 2k+1, the root is 1
	any    []ranges
	lists  []cursor
}

// ranges are disjoint, do not touch, and are in order.
type ranges []gap

type cursor struct {
	list ranges
	at   int
}

func newTimeline(sections int) *timeline {
	leaves := int32(1) << bits.Len(uint(max(sections-1, 0)))
	return &timeline{leaves: leaves, cover: make([]ranges, 2*leaves), any: make([]ranges, 2*leaves)}
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
		func(n int32) { l.cover[n].add(r); l.any[n].add(r) },
		func(n int32) { l.any[n].add(r) })
}

// gap returns the lowest offset for an item.
func (l *timeline) gap(it *item) int64 {
	l.lists = l.lists[:0]
	add := func(r ranges) {
		if len(r) > 0 {
			l.lists = append(l.lists, cursor{r, 0})
		}
	}
	l.visit(1, 0, l.leaves, it.lo, it.hi, func(n int32) { add(l.any[n]) }, func(n int32) { add(l.cover[n]) })
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
func (r *ranges) add(n gap) {
	from, _ := slices.BinarySearchFunc(*r, n.at, func(g gap, at int64) int { return cmp.Compare(g.end, at) })
	to := from
	for to < len(*r) && (*r)[to].at <= n.end {
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
			offsets[i] = l.gap(it)
			l.put(it, offsets[i])
		}
	}
	return offsets
}
