package plan

import (
	"cmp"
	"slices"
	"sync"
)

// An item is what a planner places: a block, or several that share their place because
// each is computed over the one before. Its life is that of all of them, its size that of
// the first, which is the largest.
type item struct {
	size, align int64
	lo, hi      int32 // its life, in sections [lo, hi) of the task
	from, to    int64 // its life, in steps
	offset      int64 // if fixed
	fixed       bool
	blocks      []int
}

// A task is a problem as planners see it: items without the blocks that need no memory,
// and time cut into sections. Two steps belong to the same section unless a set of live
// items lies between them that is not contained in the next or in the one before: only
// such largest sets bound the peak, and any two items that meet, meet in one of them
// (intervals have the Helly property).
type task struct {
	items    []item
	sections int
	bound    int64 // the largest sum of sizes in a section, and the end of what is fixed

	related sync.Once
	members [][]int32 // of each section: the items in it; see relate
	meets   [][]int32 // of each item: those that are live when it is
}

// fixedOffset returns the offset of a fixed item, and 0 for any other.
func (it *item) fixedOffset() int64 {
	if it.fixed {
		return it.offset
	}
	return 0
}

// newTask makes a task of a problem. Pairs for which join answers true share their place.
func newTask(p Problem, join func(in, out Block) bool) *task {
	t := &task{}
	after := make([]int, len(p.Blocks)) // 1 + the block computed over this one
	over := make([]bool, len(p.Blocks))
	single := func(i int) bool { return p.Blocks[i].To-p.Blocks[i].From == 1 }
	for _, pair := range p.InPlace {
		in, out := p.Blocks[pair.In], p.Blocks[pair.Out]
		if over[pair.In] && single(pair.In) || after[pair.Out] > 0 && single(pair.Out) {
			continue // three blocks would be live at once
		}
		if after[pair.In] == 0 && !over[pair.Out] && !out.Fixed && join(in, out) {
			after[pair.In], over[pair.Out] = pair.Out+1, true
		}
	}
	for i, b := range p.Blocks { // what lies over a fixed block lies at its offset
		for at, next := i, after[i]; b.Fixed && next > 0; at, next = next-1, after[next-1] {
			if b.Offset%p.Blocks[next-1].align() != 0 {
				after[at], over[next-1] = 0, false
				break
			}
		}
	}
	t.items = make([]item, 0, len(p.Blocks))
	each := make([]int, len(p.Blocks)) // the blocks of items, one in most
	for i, b := range p.Blocks {
		if each[i] = i; b.empty() || over[i] {
			continue
		}
		it := item{size: b.Size, align: b.align(), from: b.From, to: b.To, offset: b.Offset, fixed: b.Fixed, blocks: each[i : i+1 : i+1]}
		for next := after[i]; next > 0; next = after[next-1] {
			c := p.Blocks[next-1]
			it.to, it.align = max(it.to, c.To), max(it.align, c.align())
			it.blocks = append(it.blocks, next-1)
		}
		t.items = append(t.items, it)
	}
	t.cut()
	return t
}

// cut numbers the sections and finds the largest sum of sizes in one.
func (t *task) cut() {
	type event struct {
		at    int64
		birth bool
		item  int32
	}
	events := make([]event, 0, 2*len(t.items))
	for i, it := range t.items {
		events = append(events, event{it.from, true, int32(i)}, event{it.to, false, int32(i)})
	}
	slices.SortFunc(events, func(a, b event) int {
		if c := cmp.Compare(a.at, b.at); c != 0 {
			return c
		}
		if a.birth != b.birth {
			if b.birth {
				return -1
			}
			return 1
		}
		return cmp.Compare(a.item, b.item)
	})
	// A set is largest where a birth is followed by a death.
	var sum int64
	grown := false
	for _, e := range events {
		it := &t.items[e.item]
		if e.birth {
			sum += it.size
			it.lo, grown = int32(t.sections), true
			t.bound = max(t.bound, sum)
			continue
		}
		if grown {
			t.sections, grown = t.sections+1, false
		}
		sum -= it.size
		it.hi = int32(t.sections)
	}
	for i := range t.items {
		if it := &t.items[i]; it.fixed {
			t.bound = max(t.bound, it.offset+it.size)
		}
	}
}

// relate finds out which items meet, for searches. It takes memory for each pair.
func (t *task) relate() { t.related.Do(t.findMeets) }

func (t *task) findMeets() {
	t.members = make([][]int32, t.sections)
	for i, it := range t.items {
		for j := it.lo; j < it.hi; j++ {
			t.members[j] = append(t.members[j], int32(i))
		}
	}
	t.meets = make([][]int32, len(t.items))
	for i, a := range t.items {
		for k, b := range t.items {
			if i != k && a.lo < b.hi && b.lo < a.hi {
				t.meets[i] = append(t.meets[i], int32(k))
			}
		}
	}
}

// peak returns the largest end of an item.
func (t *task) peak(offsets []int64) (peak int64) {
	for i := range t.items {
		peak = max(peak, offsets[i]+t.items[i].size)
	}
	return peak
}
