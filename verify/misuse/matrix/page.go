package matrix

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/allocarrays/allocarrays-go/verify/misuse/corpus"
)

// The lines of the page between which the tables stand.
const (
	begin = "<!-- begin: go run ./verify/misuse -race -write -->"
	end   = "<!-- end -->"
)

// Page returns the page with its tables between the marks replaced.
func Page(page, tables string) (string, error) {
	before, rest, ok := strings.Cut(page, begin+"\n")
	_, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		return "", errors.New("misuse: the page lacks the lines " + begin + " and " + end)
	}
	return before + begin + "\n\n" + tables + end + after, nil
}

// Tables returns the tables of all families. Cells of the race detector that were not
// tried are those of old, the rows of a page; so are those of scopevet, which its own
// test writes.
func (r Results) Tables(old map[string][]string) string {
	var b strings.Builder
	for _, f := range corpus.Families {
		fmt.Fprintf(&b, "### %s\n\n", f.Title)
		if f.Single {
			b.WriteString("| mistake | what happens | scopevet | race detector | message | program |\n|---|---|---|---|---|---|\n")
		} else {
			for _, head := range []string{"mistake", columns(f), "scopevet", "race detector", "message", "program"} {
				b.WriteString("| " + head + " ")
			}
			b.WriteString("|\n" + strings.Repeat("|---", len(f.Columns())+5) + "|\n")
		}
		for _, p := range f.Programs {
			cells := r.row(f, p)
			keep(cells, old[f.Name+"/"+p.Name])
			b.WriteString("| " + strings.Join(cells, " | ") + " |\n")
		}
		b.WriteString("\n")
	}
	return b.String()
}

// keep takes the cells over that are not filled in by the run.
func keep(cells, was []string) {
	if len(was) != len(cells) {
		return
	}
	cells[len(cells)-4] = was[len(was)-4]
	if raceCell(cells) == "" {
		cells[len(cells)-3] = raceCell(was)
	}
}

func raceCell(cells []string) string { return cells[len(cells)-3] }

// row returns the cells of a program's line. That of scopevet is empty, and that of the
// race detector if it was not tried.
func (r Results) row(f corpus.Family, p corpus.Program) []string {
	row := r[f.Name+"/"+p.Name]
	if row == nil {
		row = &Row{}
	}
	cells := []string{p.What}
	for _, kind := range f.Columns() {
		cells = append(cells, row.Cells[kind].String())
	}
	message := "–"
	if m := row.Messages(); len(m) > 0 {
		message = "`" + strings.Join(m, "`<br>`") + "`"
	}
	return append(cells, "", row.race(f.In(p), p.Races), strings.ReplaceAll(message, "|", `\|`), "`"+f.Name+"/"+p.Name+"`")
}

// columns returns the heads of the columns for the kinds of memory.
func columns(f corpus.Family) string {
	var heads []string
	for _, k := range f.Columns() {
		heads = append(heads, string(k))
	}
	return strings.Join(heads, " | ")
}

// race tells in which kinds of memory the race detector reported something, in all
// runs or in some.
func (r *Row) race(in []corpus.Kind, races bool) string {
	var always, sometimes []string
	for _, kind := range in {
		switch n := r.Raced[kind]; {
		case n.Reports == 0:
		case n.Reports == n.Runs:
			always = append(always, string(kind))
		default:
			sometimes = append(sometimes, string(kind))
		}
	}
	var parts []string
	if len(always) > 0 {
		parts = append(parts, "reported: "+strings.Join(always, ", "))
	}
	if len(sometimes) > 0 {
		parts = append(parts, "at times: "+strings.Join(sometimes, ", "))
	}
	switch {
	case len(r.Raced) == 0:
		return ""
	case len(parts) == 0 && !races:
		return "–"
	case len(parts) == 0:
		return "silent"
	}
	return strings.Join(parts, "; ")
}

// Rows returns the cells of the lines of a page that are about programs, by their
// names.
func Rows(page string) map[string][]string {
	rows := map[string][]string{}
	_, tables, _ := strings.Cut(page, begin)
	tables, _, _ = strings.Cut(tables, end)
	for _, line := range strings.Split(tables, "\n") {
		cells := strings.Split(strings.Trim(line, "| "), " | ")
		if name := strings.Trim(cells[len(cells)-1], "`"); len(cells) >= 5 && strings.Contains(name, "/") {
			rows[name] = cells
		}
	}
	return rows
}

// Differences returns what the page says and what was seen, where these differ, and
// what the page says about programs that do not exist. What depends on timing may have
// been luckier than the page says.
func (r Results) Differences(page string, wanted func(name string) bool) (diff []string) {
	rows := Rows(page)
	for _, f := range corpus.Families {
		for _, p := range f.Programs {
			name := f.Name + "/" + p.Name
			said := rows[name]
			delete(rows, name)
			if !wanted(name) {
				continue
			}
			seen := r.row(f, p)
			keep(seen, said)
			if !slices.Equal(said, seen) && !(p.Timing && luckier(said, seen)) {
				diff = append(diff, "- "+strings.Join(said, " | "), "+ "+strings.Join(seen, " | "))
			}
		}
	}
	for name, cells := range rows {
		if wanted(name) {
			diff = append(diff, "- "+strings.Join(cells, " | "))
		}
	}
	return diff
}

// luckier reports whether nothing seen is weaker than what is said. Messages may differ.
func luckier(said, seen []string) bool {
	if len(said) != len(seen) {
		return false
	}
	for i := range said {
		switch {
		case said[i] == seen[i] || i == len(said)-2:
		case i == len(said)-3:
			if !moreReports(said[i], seen[i]) {
				return false
			}
		case !stronger(said[i], seen[i]):
			return false
		}
	}
	return true
}

// stronger reports whether no verdict of the cell seen is weaker than that said.
func stronger(said, seen string) bool {
	a, err := ParseCell(said)
	b, err2 := ParseCell(seen)
	if err != nil || err2 != nil {
		return false
	}
	for mode := range a {
		if b[mode] < a[mode] {
			return false
		}
	}
	return true
}

// moreReports reports whether the race detector reported, at least at times, in all kinds
// of memory that are said.
func moreReports(said, seen string) bool {
	for _, kind := range corpus.All() {
		if strings.Contains(said, string(kind)) && !strings.Contains(seen, string(kind)) {
			return false
		}
	}
	return true
}
