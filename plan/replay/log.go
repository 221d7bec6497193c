package replay

import "github.com/allocarrays/allocarrays-go/plan"

// longest is how many blocks a recording has at the most. Longer scopes are not replayed
// as a whole; those within them are.
const longest = 1 << 14

// A birth is one allocation. Time is counted in births, so that a block which lives in
// [i, end) meets the i-th block and all those up to end, and no other.
type birth struct {
	need int // in granules
	end  int // the number of births when the block died; 0 while it lives
}

// A log holds the births of the scopes that are being recorded. Births are numbered from
// the beginning of the buffer on, those of a scope are contiguous.
type log struct {
	births []birth
	first  int // the number of births[0]
	open   int // how many scopes are recorded
}

// now returns the number of the next birth.
func (l *log) now() int { return l.first + len(l.births) }

// record records a birth, and the end of the block if it has ended, and returns the number.
func (l *log) record(need, end int) int {
	n := l.now()
	if l.open > 0 {
		l.births = append(l.births, birth{need, end})
	} else {
		l.first++
	}
	return n
}

// death records the end of the block that was born n-th.
func (l *log) death(n int) {
	if i := n - l.first; i >= 0 && i < len(l.births) {
		l.births[i].end = l.now()
	}
}

// drop forgets all births before the n-th.
func (l *log) drop(n int) {
	if n > l.first {
		l.births = l.births[:copy(l.births, l.births[min(n-l.first, len(l.births)):])]
		l.first = n
	}
}

// since returns a copy of the births from the n-th on, renumbered, all of them dead.
func (l *log) since(n int) []birth {
	all := append([]birth(nil), l.births[n-l.first:]...)
	for i := range all {
		if all[i].end == 0 {
			all[i].end = l.now()
		}
		all[i].end -= n
	}
	return all
}

// problem returns the births as a problem, in granules.
func problem(births []birth) plan.Problem {
	blocks := make([]plan.Block, len(births))
	for i, b := range births {
		blocks[i] = plan.Block{Size: int64(b.need), From: int64(i), To: int64(b.end)}
	}
	return plan.Problem{Blocks: blocks}
}
