package plan

import (
	"cmp"
	"slices"
)

// LowerBound returns a size below which no arena holds a problem: the largest number of
// bytes that are live in one step, of a pair that may be computed in place only the larger
// block counted, or the largest end of a fixed block.
func LowerBound(p Problem) (int64, error) {
	if err := p.validate(); err != nil {
		return 0, err
	}
	return p.bound(), nil
}

func (p Problem) bound() (bound int64) {
	// In the step in which a pair meets, its smaller block may cost nothing. A block that
	// may give its place to several gives it to one.
	saved := map[int64]int64{}
	best := map[int]int64{}
	for _, pair := range p.InPlace {
		out := p.Blocks[pair.Out]
		if more := out.Size - best[pair.In]; more > 0 {
			saved[out.From] += more
			best[pair.In] += more
		}
	}
	type event struct{ at, size int64 }
	events := make([]event, 0, 2*len(p.Blocks))
	for _, b := range p.Blocks {
		if !b.empty() {
			events = append(events, event{b.From, b.Size}, event{b.To, -b.Size})
			if b.Fixed {
				bound = max(bound, b.Offset+b.Size)
			}
		}
	}
	slices.SortFunc(events, func(a, b event) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.size, b.size)) })
	var sum int64
	for k, e := range events {
		if sum += e.size; k+1 == len(events) || events[k+1].at > e.at {
			// What is saved is saved in this step only; what is live after it, is in full.
			bound = max(bound, sum-saved[e.at])
		}
	}
	return bound
}
