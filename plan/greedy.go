package plan

import (
	"cmp"
	"math/bits"
	"slices"
)

// An order is the order in which a greedy planner places items.
type order []int32

// by returns the order of items by keys, smaller first, at equal keys by index.
func (t *task) by(key func(it *item) (first, second float64)) order {
	type keyed struct {
		a, b float64
		i    int32
	}
	list := make([]keyed, len(t.items))
	for i := range t.items {
		a, b := key(&t.items[i])
		list[i] = keyed{a, b, int32(i)}
	}
	slices.SortFunc(list, func(x, y keyed) int {
		return cmp.Or(cmp.Compare(x.a, y.a), cmp.Compare(x.b, y.b), cmp.Compare(x.i, y.i))
	})
	o := make(order, len(list))
	for k, x := range list {
		o[k] = x.i
	}
	return o
}

// rank returns the place of each item in an order.
func (o order) rank() []int32 {
	r := make([]int32, len(o))
	for k, i := range o {
		r[i] = int32(k)
	}
	return r
}

// crowd returns, for each item, the largest sum of sizes in a section of its life.
func (t *task) crowd() func(it *item) float64 {
	// largest[k][j] is the largest sum in the 2^k sections from j on.
	sums := make([]int64, t.sections+1)
	for i := range t.items {
		it := &t.items[i]
		sums[it.lo] += it.size
		sums[it.hi] -= it.size
	}
	for j := 1; j < len(sums); j++ {
		sums[j] += sums[j-1]
	}
	largest := [][]int64{sums}
	for width := 1; 2*width <= t.sections; width *= 2 {
		last := largest[len(largest)-1]
		next := make([]int64, t.sections-2*width+1)
		for j := range next {
			next[j] = max(last[j], last[j+width])
		}
		largest = append(largest, next)
	}
	return func(it *item) float64 {
		k := bits.Len32(uint32(it.hi-it.lo)) - 1
		return float64(max(largest[k][it.lo], largest[k][it.hi-1<<k]))
	}
}

func size(it *item) float64 { return float64(it.size) }

// bySize returns the order in which the largest come first.
func (t *task) bySize() order {
	return t.by(func(it *item) (float64, float64) { return -size(it), float64(it.from) })
}

// simple are the orders that are known to do well; none of them always does.
func (t *task) simple() []order {
	crowd := t.crowd()
	life := func(it *item) float64 { return float64(it.to) - float64(it.from) }
	return []order{
		t.bySize(),
		t.by(func(it *item) (float64, float64) { return -size(it) * life(it), -size(it) }),
		t.by(func(it *item) (float64, float64) { return -crowd(it), -size(it) }),
		t.by(func(it *item) (float64, float64) { return -life(it), -size(it) }),
		t.by(func(it *item) (float64, float64) { return float64(it.from), -size(it) }),
	}
}

// A shelf holds what a greedy planner has placed, by offset.
type shelf struct{ placed []slot }

type slot struct {
	at, end int64
	lo, hi  int32
}

// greedy places items in order, each into the gap that it fills best, or into the lowest.
func (t *task) greedy(o order, best bool) []int64 {
	offsets := make([]int64, len(t.items))
	var s shelf
	for i := range t.items {
		if it := &t.items[i]; it.fixed {
			offsets[i] = it.offset
			s.put(it, it.offset)
		}
	}
	for _, i := range o {
		if it := &t.items[i]; !it.fixed {
			offsets[i] = s.gap(it, best)
			s.put(it, offsets[i])
		}
	}
	return offsets
}

func (s *shelf) put(it *item, at int64) {
	k, _ := slices.BinarySearchFunc(s.placed, at, func(p slot, at int64) int { return cmp.Compare(p.at, at) })
	s.placed = slices.Insert(s.placed, k, slot{at, at + it.size, it.lo, it.hi})
}

// gap returns where an item fits: in the smallest gap, or in the lowest.
func (s *shelf) gap(it *item, best bool) int64 {
	var top int64 // below it, all is looked at
	found, waste := int64(-1), int64(0)
	for k := range s.placed {
		p := &s.placed[k]
		if p.lo >= it.hi || it.lo >= p.hi {
			continue
		}
		if p.at > top {
			if at := alignUp(top, it.align); at+it.size <= p.at && (found < 0 || p.at-top < waste) {
				if !best {
					return at
				}
				found, waste = at, p.at-top
			}
		}
		top = max(top, p.end)
	}
	if found >= 0 {
		return found
	}
	return alignUp(top, it.align)
}
