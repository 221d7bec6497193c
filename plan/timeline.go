package plan

import (
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
// The covers of the upper nodes are long, and nearly every item has to pass them. So all that would be
// in those of a bucket, a node at one depth, and of the nodes above it is in one list instead,
// whose gaps are few.
type timeline struct {
	leaves  int32
	buckets int32    // the nodes from buckets to 2*buckets-1
	cover   []ranges // of node k; its children are 2k and 2k+1, the root is 1; of a bucket, all above it too
	any     []ranges
	lists   []cursor
	room    []gap // for the first ranges of lists
}

// ranges are disjoint, do not touch, and are in order.
type ranges []gap

type cursor struct {
	list ranges
	at   int
}

func newTimeline(sections int) *timeline {
	leaves := int32(1) << bits.Len(uint(max(sections-1, 0)))
	return &timeline{leaves: leaves, buckets: min(mostBuckets, max(leaves/8, 1)), cover: make([]ranges, 2*leaves), any: make([]ranges, 2*leaves)}
}

// mostBuckets bounds what it costs to place an item that lives long.
const mostBuckets = 128

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
		func(n int32) {
			l.add(&l.any[n], r)
			if n >= 2*l.buckets {
				l.add(&l.cover[n], r)
				return
			}
			first, last := l.bucketsOf(n)
			for b := first; b <= last; b++ {
				l.add(&l.cover[b], r)
			}
		},
		func(n int32) { l.add(&l.any[n], r) })
}

// bucketsOf returns the first and the last bucket that is n, which is no node below them, or
// below n.
func (l *timeline) bucketsOf(n int32) (first, last int32) {
	for first, last = n, n; first < l.buckets; {
		first, last = 2*first, 2*last+1
	}
	return first, last
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
		func(n int32) {
			add(l.any[n])
			if n < 2*l.buckets { // what covers one of its buckets is in the way, and all that is above n does
				first, _ := l.bucketsOf(n)
				add(l.cover[first])
			}
		},
		func(n int32) {
			if n >= l.buckets {
				add(l.cover[n])
			}
		})
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

// add adds a range to a list.
func (l *timeline) add(r *ranges, n gap) {
	from, above := 0, len(*r) // what ends before n begins is below from; written out, since it is called for each node
	for from < above {
		if mid := int(uint(from+above) / 2); (*r)[mid].end < n.at {
			from = mid + 1
		} else {
			above = mid
		}
	}
	to := from
	for to < len(*r) && (*r)[to].at <= n.end {
		n.at, n.end = min(n.at, (*r)[to].at), max(n.end, (*r)[to].end)
		to++
	}
	if to == from+1 {
		(*r)[from] = n
		return
	}
	if to > from {
		*r = slices.Replace(*r, from, to, n)
		return
	}
	if *r == nil { // most lists stay short, and there are many
		if len(l.room) < fewRanges {
			l.room = make([]gap, 1024*fewRanges)
		}
		*r, l.room = l.room[:0:fewRanges], l.room[fewRanges:]
	}
	*r = slices.Insert(*r, from, n)
}

// fewRanges is how many a list has room for at first.
const fewRanges = 8

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
