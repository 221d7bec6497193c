package matrix

import (
	"slices"
	"strings"

	"github.com/allocarrays/allocarrays-go/scope/guard"
	"github.com/allocarrays/allocarrays-go/verify/misuse/corpus"
)

// Modes are the modes of guard, in the order of a cell.
var Modes = [...]guard.Mode{guard.Off, guard.Sample, guard.Full}

// A Cell is what came of a program with one kind of memory: the weakest verdict of all
// runs in each of Modes; Skipped where it did not run.
type Cell [len(Modes)]corpus.Verdict

// String returns what docs/safety.md says: one verdict if the guard makes no
// difference, the one without and the one with it, or all three.
func (c Cell) String() string {
	off, sample, full := c[0].String(), c[1].String(), c[2].String()
	switch {
	case c[0] == c[1] && c[1] == c[2]:
		return off
	case c[1] == c[2]:
		return off + " / " + full
	}
	return off + " / " + sample + " / " + full
}

// ParseCell is the inverse of String.
func ParseCell(s string) (c Cell, err error) {
	parts := strings.Split(s, " / ")
	for len(parts) < len(c) {
		parts = append(parts, parts[len(parts)-1])
	}
	for i := range c {
		if c[i], err = corpus.ParseVerdict(parts[i]); err != nil {
			return Cell{}, err
		}
	}
	return c, nil
}

// A Row is what came of a program.
type Row struct {
	Cells    map[corpus.Kind]Cell
	Raced    map[corpus.Kind]Raced
	messages []said
}

// Raced counts the runs under the race detector, and those in which it reported a race.
type Raced struct{ Runs, Reports int }

// said is a message, and where it belongs in the order of a row.
type said struct {
	place   int
	message string
}

// Messages returns the different messages with which the mistake was caught or ended
// the program.
func (r *Row) Messages() (messages []string) {
	slices.SortStableFunc(r.messages, func(a, b said) int { return a.place - b.place })
	for _, m := range r.messages {
		if !slices.Contains(messages, m.message) {
			messages = append(messages, m.message)
		}
	}
	return messages
}

// Results are the rows by the names of family and program.
type Results map[string]*Row

func (r Results) add(o order, race bool, s sight) {
	name := o.Family + "/" + o.Program
	row := r[name]
	if row == nil {
		row = &Row{Cells: map[corpus.Kind]Cell{}, Raced: map[corpus.Kind]Raced{}}
		r[name] = row
	}
	if race {
		count := row.Raced[o.Kind]
		count.Runs++
		if s.raced {
			count.Reports++
		}
		row.Raced[o.Kind] = count
		return
	}
	cell, mode := row.Cells[o.Kind], slices.Index(Modes[:], o.Guard)
	if cell[mode] == corpus.Skipped || s.Verdict < cell[mode] {
		cell[mode] = s.Verdict
	}
	row.Cells[o.Kind] = cell
	if p, _ := find(o.Family, o.Program); s.Message != "" && s.Verdict != corpus.Wrong {
		row.messages = append(row.messages, said{mode*len(Modes) + slices.Index(corpus.All(), o.Kind), normalise(s.Message, p)})
	}
}
