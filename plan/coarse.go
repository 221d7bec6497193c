package plan

import (
	"cmp"
	"math/bits"
	"slices"
)

// Coarsening joins items into larger ones whose insides are settled, so that few are left
// to place. Two sets of items are joined if the one dies in the step in which the other is
// born, the items of each set have one life, and the sums of their sizes are equal: the
// one set is stacked in the place of the other, and nothing is wasted. Programs make many
// such sets: a tensor is cut into parts, each is worked on, and they are put together.
//
// What is joined does not raise the largest sum of sizes in a section. But it is a guess:
// every best plan may keep the sets apart.
type coarse struct {
	t       *task
	align   int64 // of parcels that are joined
	parcels []parcel
	steps   []int64
	born    [][]int32 // of each step: the parcels born in it that may be joined
	die     [][]int32
	level   []int8 // of each step: how many parcels to try to join next
	queue   [joined + 1][]int32
	sums    []subset
}

// A parcel is an item of a coarse task: an item of the task, or parcels on top of one
// another, or parcels one after the other in the same place.
type parcel struct {
	size     int64
	from, to int32 // steps
	item     int32 // if there are no parts
	part     bool  // is a part of another
	stacked  bool  // the parts lie on top of one another
	parts    []int32
}

// joined is the largest number of parcels that are joined at once: more would match by
// chance.
const joined = 8

// coarsen joins the items of t, sets of few items first. Where there is a choice, shuffle
// makes it; without, the choice is that of the items' order.
func coarsen(t *task, limit int, shuffle func(n int, swap func(i, k int))) *coarse {
	c := &coarse{t: t, align: 1}
	for _, it := range t.items {
		c.align = max(c.align, it.align)
		c.steps = append(c.steps, it.from, it.to)
	}
	slices.Sort(c.steps)
	c.steps = slices.Compact(c.steps)
	c.born, c.die = make([][]int32, len(c.steps)), make([][]int32, len(c.steps))
	c.level = make([]int8, len(c.steps))
	index := make(map[int64]int32, len(c.steps))
	for i, s := range c.steps {
		index[s] = int32(i)
	}
	for i, it := range t.items {
		c.add(parcel{size: it.size, from: index[it.from], to: index[it.to], item: int32(i)}, !it.fixed && it.size%c.align == 0)
	}
	first := make([]int32, len(c.steps))
	for i := range first {
		first[i] = int32(i)
	}
	if shuffle != nil {
		shuffle(len(first), func(i, k int) { first[i], first[k] = first[k], first[i] })
		for _, list := range c.born {
			shuffle(len(list), func(i, k int) { list[i], list[k] = list[k], list[i] })
		}
	}
	for _, s := range slices.Backward(first) {
		c.try(s)
	}
	for k := 2; k <= limit; {
		last := len(c.queue[k]) - 1
		if last < 0 {
			k++
			continue
		}
		s := c.queue[k][last]
		c.queue[k] = c.queue[k][:last]
		if int(c.level[s]) != k {
			continue // it is in another queue
		}
		if x, y, ok := c.match(s, k); ok {
			p := &c.parcels[c.follow(c.stack(x), c.stack(y))]
			for _, changed := range []int32{s, p.from, p.to} {
				c.try(changed)
			}
			k = 2
		} else if c.level[s] = int8(k + 1); k < limit {
			c.queue[k+1] = append(c.queue[k+1], s)
		}
	}
	return c
}

// try makes a step's next match one of two parcels.
func (c *coarse) try(s int32) {
	c.level[s] = 2
	c.queue[2] = append(c.queue[2], s)
}

func (c *coarse) add(p parcel, join bool) int32 {
	i := int32(len(c.parcels))
	c.parcels = append(c.parcels, p)
	if join {
		c.born[p.from] = append(c.born[p.from], i)
		c.die[p.to] = append(c.die[p.to], i)
	}
	return i
}

// use makes a parcel a part of another.
func (c *coarse) use(i int32) {
	p := &c.parcels[i]
	p.part = true
	without := func(list []int32) []int32 {
		k := slices.Index(list, i)
		return slices.Delete(list, k, k+1)
	}
	c.born[p.from], c.die[p.to] = without(c.born[p.from]), without(c.die[p.to])
}

// stack returns a parcel of others that have one life.
func (c *coarse) stack(parts []int32) int32 {
	if len(parts) == 1 {
		return parts[0]
	}
	p := parcel{from: c.parcels[parts[0]].from, to: c.parcels[parts[0]].to, stacked: true, parts: parts}
	for _, i := range parts {
		p.size += c.parcels[i].size
		c.use(i)
	}
	return c.add(p, true)
}

// follow returns a parcel of two, the second born when the first dies.
func (c *coarse) follow(a, b int32) int32 {
	p := parcel{size: c.parcels[a].size, from: c.parcels[a].from, to: c.parcels[b].to, parts: []int32{a, b}}
	c.use(a)
	c.use(b)
	return c.add(p, true)
}

// match finds two sets, of k parcels together, that can be joined at a step.
func (c *coarse) match(s int32, k int) (x, y []int32, ok bool) {
	die, born := c.die[s], c.born[s]
	if len(die) == 0 || len(born) == 0 || len(die)+len(born) < k {
		return nil, nil, false
	}
	slices.SortStableFunc(die, func(a, b int32) int { return cmp.Compare(c.parcels[b].from, c.parcels[a].from) })
	slices.SortStableFunc(born, func(a, b int32) int { return cmp.Compare(c.parcels[a].to, c.parcels[b].to) })
	from := func(i int32) int32 { return c.parcels[i].from }
	to := func(i int32) int32 { return c.parcels[i].to }
	for n := 1; n < k; n++ {
		for old := range runs(die, from) {
			if len(old) < n {
				continue
			}
			c.sums = c.subsets(c.sums[:0], old, n)
			slices.SortFunc(c.sums, func(a, b subset) int { return cmp.Compare(a.sum, b.sum) })
			for young := range runs(born, to) {
				if len(young) < k-n {
					continue
				}
				have := len(c.sums)
				c.sums = c.subsets(c.sums, young, k-n)
				for _, want := range c.sums[have:] {
					at, found := slices.BinarySearchFunc(c.sums[:have], want.sum, func(a subset, sum int64) int { return cmp.Compare(a.sum, sum) })
					if found {
						return c.sums[at].of(old), want.of(young), true
					}
				}
				c.sums = c.sums[:have]
			}
		}
	}
	return nil, nil, false
}

// runs yields the runs of a list whose elements have the same key.
func runs(list []int32, key func(int32) int32) func(yield func([]int32) bool) {
	return func(yield func([]int32) bool) {
		for from := 0; from < len(list); {
			to := from + 1
			for to < len(list) && key(list[to]) == key(list[from]) {
				to++
			}
			if !yield(list[from:to]) {
				return
			}
			from = to
		}
	}
}

// A subset is a set of some of the first 64 parcels of a list.
type subset struct {
	sum int64
	set uint64
}

func (s subset) of(list []int32) (out []int32) {
	for set := s.set; set != 0; set &= set - 1 {
		out = append(out, list[bits.TrailingZeros64(set)])
	}
	return out
}

// subsets appends the sets of n of the first 64 parcels of a list, but not more than 1,000.
func (c *coarse) subsets(sums []subset, list []int32, n int) []subset {
	list = list[:min(len(list), 64)]
	var at [joined]int
	for i := range n {
		at[i] = i
	}
	for count := 0; count < 1000; count++ {
		var s subset
		for _, i := range at[:n] {
			s.sum += c.parcels[list[i]].size
			s.set |= 1 << i
		}
		sums = append(sums, s)
		i := n - 1 // the next combination in lexicographic order
		for i >= 0 && at[i] == len(list)-n+i {
			i--
		}
		if i < 0 {
			break
		}
		at[i]++
		for k := i + 1; k < n; k++ {
			at[k] = at[k-1] + 1
		}
	}
	return sums
}

// pile stacks all parcels that have one life.
func (c *coarse) pile() {
	for s := range c.born {
		list := slices.Clone(c.born[s])
		slices.SortStableFunc(list, func(a, b int32) int { return cmp.Compare(c.parcels[a].to, c.parcels[b].to) })
		for same := range runs(list, func(i int32) int32 { return c.parcels[i].to }) {
			c.stack(same)
		}
	}
}

// task returns the coarse task, and the parcel of each of its items.
func (c *coarse) task() (*task, []int32) {
	t := &task{}
	var of []int32
	for i, p := range c.parcels {
		if p.part {
			continue
		}
		it := item{size: p.size, align: c.align, from: c.steps[p.from], to: c.steps[p.to]}
		if len(p.parts) == 0 {
			fine := c.t.items[p.item]
			it.align, it.fixed, it.offset = fine.align, fine.fixed, fine.offset
		}
		t.items = append(t.items, it)
		of = append(of, int32(i))
	}
	t.cut()
	return t, of
}

// refine returns the offsets of the items, given those of the coarse task.
func (c *coarse) refine(of []int32, offsets []int64) []int64 {
	out := make([]int64, len(c.t.items))
	var settle func(i int32, at int64)
	settle = func(i int32, at int64) {
		p := &c.parcels[i]
		if len(p.parts) == 0 {
			out[p.item] = at
		}
		for _, part := range p.parts {
			settle(part, at)
			if p.stacked {
				at += c.parcels[part].size
			}
		}
	}
	for k, i := range of {
		settle(i, offsets[k])
	}
	return out
}
