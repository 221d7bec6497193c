package plan

import (
	"cmp"
	"fmt"
	"slices"
)

// Check returns an error unless offsets is a plan of a problem: unless each block has an
// offset that is not negative and aligned, fixed blocks have theirs, and no two blocks
// that are live at the same time share a byte, except a pair that may be computed in
// place and begins at the same offset. It shares no code with the planners; every plan of
// this package has passed it. It takes time O(n log n + k log n) for k pairs that share a
// byte at different times.
func Check(p Problem, offsets []int64) error {
	if err := p.validate(); err != nil {
		return err
	}
	if len(offsets) != len(p.Blocks) {
		return fmt.Errorf("plan: %d offsets for %d blocks", len(offsets), len(p.Blocks))
	}
	for i, b := range p.Blocks {
		switch {
		case offsets[i] < 0:
			return fmt.Errorf("plan: block %d: offset %d is negative", i, offsets[i])
		case offsets[i]%b.align() != 0:
			return fmt.Errorf("plan: block %d: offset %d is not a multiple of %d", i, offsets[i], b.align())
		case b.Fixed && offsets[i] != b.Offset:
			return fmt.Errorf("plan: block %d: offset %d, but it is fixed at %d", i, offsets[i], b.Offset)
		}
	}
	return checkOverlap(p, offsets)
}

// checkOverlap sweeps through time and keeps what is live ordered by offset: a block that
// comes must fit between its neighbours.
func checkOverlap(p Problem, offsets []int64) error {
	pairs := make(map[Pair]bool, len(p.InPlace))
	for _, pair := range p.InPlace {
		pairs[pair] = true
	}
	type event struct {
		at    int64
		birth bool
		block int
	}
	events := make([]event, 0, 2*len(p.Blocks))
	for i, b := range p.Blocks {
		if !b.empty() {
			events = append(events, event{b.From, true, i}, event{b.To, false, i})
		}
	}
	slices.SortFunc(events, func(a, b event) int {
		switch { // what dies at a step is gone when something is born at it
		case a.at != b.at:
			return cmp.Compare(a.at, b.at)
		case a.birth == b.birth:
			return cmp.Compare(a.block, b.block)
		case b.birth:
			return -1
		}
		return 1
	})
	var live []int // by offset; in-place pairs may share one
	for _, e := range events {
		end := offsets[e.block] + p.Blocks[e.block].Size
		at, _ := slices.BinarySearchFunc(live, offsets[e.block], func(i int, off int64) int {
			return cmp.Compare(offsets[i], off)
		})
		if !e.birth {
			for live[at] != e.block {
				at++
			}
			live = slices.Delete(live, at, at+1)
			continue
		}
		meets := func(i int) error {
			in, out := Pair{i, e.block}, Pair{e.block, i} // two born at once: either may be the result
			if (pairs[in] || pairs[out]) && offsets[i] == offsets[e.block] {
				return nil
			}
			a, b := p.Blocks[i], p.Blocks[e.block]
			return fmt.Errorf("plan: blocks %d, [%d, %d) at %d+%d, and %d, [%d, %d) at %d+%d, overlap",
				i, a.From, a.To, offsets[i], a.Size, e.block, b.From, b.To, offsets[e.block], b.Size)
		}
		for j := at; j < len(live) && offsets[live[j]] < end; j++ {
			if err := meets(live[j]); err != nil {
				return err
			}
		}
		for j := at - 1; j >= 0; j-- { // those below are disjoint, but for pairs at one offset
			if i := live[j]; offsets[i]+p.Blocks[i].Size > offsets[e.block] {
				if err := meets(i); err != nil {
					return err
				}
			} else if j == 0 || offsets[live[j-1]] != offsets[i] {
				break
			}
		}
		live = slices.Insert(live, at, e.block)
	}
	return nil
}
