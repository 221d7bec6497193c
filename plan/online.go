package plan

import (
	"cmp"
	"fmt"
	"slices"
)

// Online returns the plan that a program without one comes to: each block gets, when it is
// born, the smallest gap among what is live that holds it, and gaps are merged when blocks
// die. Pack is never worse. Blocks computed in place get a place of their own. The error
// matches ErrInvalid if the problem makes no sense, or if blocks are fixed.
func Online(p Problem) (Plan, error) {
	if err := p.validate(); err != nil {
		return Plan{}, err
	}
	for i, b := range p.Blocks {
		if b.Fixed {
			return Plan{}, fmt.Errorf("%w: block %d is fixed: it cannot be placed when it is born", ErrInvalid, i)
		}
	}
	best := p.start()
	t := newTask(p, func(in, out Block) bool { return false })
	best.offer(t, t.online(false))
	return best.plan()
}

// online places items as a program without a plan would: in the order of their births,
// each in the smallest gap among what is live, gaps merged when items die. Backwards, it
// goes through time from its end.
func (t *task) online(backwards bool) []int64 {
	type event struct {
		at, size int64
		birth    bool
		item     int32
	}
	events := make([]event, 0, 2*len(t.items))
	for i, it := range t.items {
		from, to := it.from, it.to
		if backwards {
			from, to = -to, -from
		}
		events = append(events, event{from, it.size, true, int32(i)}, event{to, it.size, false, int32(i)})
	}
	slices.SortFunc(events, func(a, b event) int {
		if c := cmp.Compare(a.at, b.at); c != 0 {
			return c
		}
		if a.birth != b.birth { // what dies makes room for what is born
			if b.birth {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(b.size, a.size), cmp.Compare(a.item, b.item))
	})
	offsets := make([]int64, len(t.items))
	var g gaps
	for _, e := range events {
		if e.birth {
			offsets[e.item] = g.take(e.size, t.items[e.item].align)
		} else {
			g.give(offsets[e.item], e.size)
		}
	}
	return offsets
}

// gaps are what is free below the top of an arena, by offset; no two touch.
type gaps struct {
	free []gap
	top  int64
}

type gap struct{ at, end int64 }

// take takes room for a block from the smallest gap in which it fits, else from the top,
// where it uses the gap below it.
func (g *gaps) take(size, align int64) int64 {
	best, waste := -1, int64(0)
	for k, f := range g.free {
		if alignUp(f.at, align)+size <= f.end && (best < 0 || f.end-f.at < waste) {
			best, waste = k, f.end-f.at
		}
	}
	if best < 0 {
		if n := len(g.free); n == 0 || g.free[n-1].end < g.top {
			g.free = append(g.free, gap{g.top, g.top})
		}
		best = len(g.free) - 1
		f := &g.free[best]
		g.top = max(g.top, alignUp(f.at, align)+size)
		f.end = g.top
	}
	f := g.free[best]
	at := alignUp(f.at, align)
	var left []gap
	if f.at < at {
		left = append(left, gap{f.at, at})
	}
	if at+size < f.end {
		left = append(left, gap{at + size, f.end})
	}
	g.free = slices.Replace(g.free, best, best+1, left...)
	return at
}

// give gives back what was taken.
func (g *gaps) give(at, size int64) {
	k, _ := slices.BinarySearchFunc(g.free, at, func(f gap, at int64) int { return cmp.Compare(f.at, at) })
	n := gap{at, at + size}
	from, to := k, k
	if k > 0 && g.free[k-1].end == at {
		from, n.at = k-1, g.free[k-1].at
	}
	if k < len(g.free) && g.free[k].at == n.end {
		to, n.end = k+1, g.free[k].end
	}
	g.free = slices.Replace(g.free, from, to, n)
}
