package plan

import (
	"context"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
)

// Search returns the best plan that it finds until ctx is done, or until it has proved
// that there is no better one. It begins with the plan of Pack and uses GOMAXPROCS
// goroutines, all of which have ended when it returns. It looks, in turn, for plans of
// coarser problems and of the problem itself, whose peaks are at most the lower bound, or
// a part of the way from there to the best peak known, in orders drawn at random, for
// longer and longer. If it searches the problem itself to the end and finds nothing, the
// bound rises. What it returns depends on how fast the machine is; the error is that of
// Pack, never that of ctx.
//
// A problem of which blocks may be computed in place is proved only by a plan that reaches
// LowerBound.
func Search(ctx context.Context, p Problem) (Plan, error) {
	first, err := Pack(p)
	if err != nil || first.Proved() {
		return first, err
	}
	best := &record{p: p, offsets: first.Offsets, peak: first.Peak, bound: first.Bound}
	s := &search{best: best, tasks: p.tasks()}
	defer context.AfterFunc(ctx, func() { s.stop.Store(true) })()
	if ctx.Err() != nil {
		return first, nil
	}
	var workers sync.WaitGroup
	for w := range runtime.GOMAXPROCS(0) {
		workers.Go(func() { s.run(rand.New(rand.NewPCG(uint64(w), 0x706c616e))) })
	}
	workers.Wait()
	return best.plan()
}

// A search is what the goroutines of Search share.
type search struct {
	tasks []*task
	stop  atomic.Bool
	turn  atomic.Int64

	mu   sync.Mutex
	best *record
}

// run takes turns until the search stops.
func (s *search) run(r *rand.Rand) {
	trees := map[*task]*tree{}
	for !s.stop.Load() {
		turn := s.turn.Add(1) - 1
		t := s.tasks[int(turn)%len(s.tasks)]
		turn /= int64(len(s.tasks))
		round := int(turn / turns)
		limit := brief << min(round/4, 30)
		switch kind := turn % turns; {
		case kind == 0 && t.size() <= pairs:
			tree := trees[t]
			if tree == nil {
				tree = newTree(t, &s.stop)
				trees[t] = tree
			}
			capacity := s.target(t, round)
			offsets, ended := tree.solve(capacity, t.any(r, round).rank(), limit)
			s.report(t, offsets, ended, capacity)
		case kind == 1:
			s.descend(t, r)
		default:
			s.coarse(t, r, round, limit, kind%2 == 0)
		}
	}
}

// turns is how many turns make a round: one for the problem itself, one for greedy
// planning at random, the others for coarser problems.
const turns = 8

// coarse searches a coarser problem.
func (s *search) coarse(t *task, r *rand.Rand, round, limit int, pile bool) {
	c := coarsen(t, 2+r.IntN(joined-1), r.Shuffle)
	if pile {
		c.pile()
	}
	rough, of := c.task()
	if rough.size() > pairs {
		return
	}
	tree := newTree(rough, &s.stop)
	for range 4 {
		capacity := s.target(t, r.IntN(5))
		if s.stop.Load() {
			return
		}
		if capacity < rough.bound {
			continue
		}
		if offsets, _ := tree.solve(capacity, rough.any(r, round).rank(), limit); offsets != nil {
			s.report(t, c.refine(of, offsets), true, capacity)
		}
	}
}

// descend packs items greedily in the order of their offsets in the best plan, with some
// of those that reach far up moved to the front.
func (s *search) descend(t *task, r *rand.Rand) {
	s.mu.Lock()
	offsets, peak := s.best.offsets, s.best.peak
	s.mu.Unlock()
	for range 16 {
		o := t.by(func(it *item) (float64, float64) {
			at := float64(offsets[it.blocks[0]])
			if end := at + float64(it.size); end > float64(peak)*(0.9+0.1*r.Float64()) {
				at *= r.Float64()
			}
			return at + 0.02*float64(peak)*r.Float64(), 0
		})
		s.report(t, t.lowest(o), false, 0)
	}
}

// target returns a capacity to look for: the bound, the best peak but one, or between.
func (s *search) target(t *task, k int) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	low := max(s.best.bound, t.bound)
	span := max(s.best.peak-1-low, 0)
	return low + []int64{0, span / 8, span / 4, span / 2, span}[k%5]
}

// report tells what came of a turn.
func (s *search) report(t *task, offsets []int64, ended bool, capacity int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if offsets != nil {
		s.best.offer(t, offsets)
	} else if ended && len(s.best.p.InPlace) == 0 {
		s.best.bound = min(max(s.best.bound, capacity+1), s.best.peak)
	}
	if s.best.done() {
		s.stop.Store(true)
	}
}

// any returns one of the orders, or one like it.
func (t *task) any(r *rand.Rand, round int) order {
	orders := t.simple()
	o := orders[r.IntN(len(orders))]
	if round == 0 {
		return o
	}
	for range r.IntN(1 + len(o)/4) {
		i := r.IntN(len(o))
		k := min(len(o)-1, i+r.IntN(4))
		o[i], o[k] = o[k], o[i]
	}
	return o
}

// size estimates the memory of a search: the number of pairs of items that meet.
func (t *task) size() (n int) {
	counts := make([]int, t.sections)
	for _, it := range t.items {
		counts[it.lo]++
		n += int(it.hi - it.lo)
	}
	var live int
	ends := make([]int, t.sections+1)
	for _, it := range t.items {
		ends[it.hi]++
	}
	for j, born := range counts {
		live -= ends[j]
		n += born * live
		live += born
		n += born * born / 2
	}
	return n
}
