package replay

import (
	"cmp"
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/allocarrays/allocarrays-go/internal/callsite"
	"github.com/allocarrays/allocarrays-go/plan"
)

// Plans returns what the buffer has recorded, alone or with others.
func (b *Buffer) Plans() *Plans { return b.plans }

// A Scope is what is known of the scopes that share a function and a name.
type Scope struct {
	Place string // where the function of scope.NoEscape begins, or the call of scope.Open
	Name  string // that of WithName, or ""

	Runs     uint64 // scopes that were replayed, to the end or in part, and have begun
	Replays  uint64 // of these, how many did what is recorded
	Diverged uint64 // how many did anything else

	Recordings []Recording // the likeliest first
}

// A Recording is what one scope did. Sizes are in bytes; each block counts in whole
// multiples of 64.
type Recording struct {
	Blocks  int // that were allocated
	Bump    int // what bumping holds, which releases nothing before a scope ends
	BestFit int // what best fit holds, which knows nothing of what comes
	Peak    int // what the plan holds
	Bound   int // what no plan can beat

	rec *recording
}

// Scopes returns all that is known, the scopes that need most memory first.
func (p *Plans) Scopes() []Scope {
	var all []Scope
	for _, e := range p.list() {
		s := Scope{Place: callsite.Place(e.key.pc), Name: e.key.name,
			Runs: e.runs.Load(), Replays: e.replays.Load(), Diverged: e.diverged.Load()}
		for _, r := range e.all() {
			s.Recordings = append(s.Recordings, r.public())
		}
		all = append(all, s)
	}
	most := func(s Scope) (peak int) {
		for _, r := range s.Recordings {
			peak = max(peak, r.Peak)
		}
		return peak
	}
	slices.SortFunc(all, func(a, b Scope) int {
		return cmp.Or(cmp.Compare(most(b), most(a)), cmp.Compare(a.Place, b.Place), cmp.Compare(a.Name, b.Name))
	})
	return all
}

func (r *recording) public() Recording {
	return Recording{len(r.steps), r.bump * granule, r.online * granule, r.peak * granule, r.bound * granule, r}
}

// String returns the numbers in one line.
func (s Scope) String() string {
	name := ""
	if s.Name != "" {
		name = fmt.Sprintf(" %q", s.Name)
	}
	line := fmt.Sprintf("%s%s: %d runs, %d replayed, %d diverged", s.Place, name, s.Runs, s.Replays, s.Diverged)
	for _, r := range s.Recordings {
		line += "; " + r.String()
	}
	return line
}

// String returns the numbers in a few words.
func (r Recording) String() string {
	return fmt.Sprintf("%d blocks in %d bytes (bound %d, best fit %d, bump %d)", r.Blocks, r.Peak, r.Bound, r.BestFit, r.Bump)
}

// Problem returns the recording as a problem for package plan. Time is counted in blocks:
// the i-th is allocated at i.
func (r Recording) Problem() plan.Problem {
	p := problem(r.rec.births)
	for i := range p.Blocks {
		p.Blocks[i].Size *= granule
		p.Blocks[i].Align = granule
	}
	return p
}

// Offsets returns where the plan puts each block, in bytes.
func (r Recording) Offsets() []int64 {
	offsets := make([]int64, len(r.rec.steps))
	for i, s := range r.rec.steps {
		offsets[i] = int64(s.off) * granule
	}
	return offsets
}

// WriteCSV writes the recording and its plan in the format that command memplan reads: a
// line for each block, with the columns id, lower, upper, size, alignment and offset.
func (r Recording) WriteCSV(w io.Writer) error {
	c := csv.NewWriter(w)
	_ = c.Write([]string{"id", "lower", "upper", "size", "alignment", "offset"})
	offsets := r.Offsets()
	for i, b := range r.Problem().Blocks {
		line := []string{strconv.Itoa(i)}
		for _, n := range []int64{b.From, b.To, b.Size, b.Align, offsets[i]} {
			line = append(line, strconv.FormatInt(n, 10))
		}
		_ = c.Write(line) // which c.Error tells
	}
	c.Flush()
	return c.Error()
}
