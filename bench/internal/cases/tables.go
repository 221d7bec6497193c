package cases

import (
	"fmt"
	"math"

	"github.com/allocarrays/allocarrays-go/bench/internal/record"
	"github.com/allocarrays/allocarrays-go/bench/internal/stats"
)

// names returns the rows that occur in the groups, in order.
func names(groups []record.Group) (all []string) {
	seen := map[string]bool{}
	for _, g := range groups {
		for _, r := range g.Rows {
			if !seen[r.Name] {
				all, seen[r.Name] = append(all, r.Name), true
			}
		}
	}
	return all
}

// across returns a table with a line for each candidate and a column for each group.
func across(title string, groups []record.Group, metric string, cell func(record.Metric) string) record.Table {
	t := record.Table{Title: title, Head: []string{""}}
	for _, g := range groups {
		t.Head = append(t.Head, g.Name)
	}
	for _, n := range names(groups) {
		line := []string{n}
		for _, g := range groups {
			line = append(line, cellOf(g.Row(n), metric, cell))
		}
		t.Rows = append(t.Rows, line)
	}
	return t
}

// down returns a table with a line for each group and a column for each candidate.
func down(title, corner string, groups []record.Group, metric string, cell func(record.Metric) string) record.Table {
	t := record.Table{Title: title, Head: append([]string{corner}, names(groups)...)}
	for _, g := range groups {
		line := []string{g.Name}
		for _, n := range t.Head[1:] {
			line = append(line, cellOf(g.Row(n), metric, cell))
		}
		t.Rows = append(t.Rows, line)
	}
	return t
}

func cellOf(r *record.Row, metric string, cell func(record.Metric) string) string {
	m := r.Metric(metric)
	switch {
	case r != nil && r.Absent != "":
		return "absent"
	case m == nil || len(m.Samples) == 0:
		return "—"
	}
	return cell(*m)
}

// ratioCell is for example "1.37 (1.35–1.40)".
func ratioCell(m record.Metric) string {
	if m.Ratio == nil {
		return "?"
	}
	return spread(*m.Ratio)
}

// noiseCell is ratioCell, or says that the rounds do not agree on who is better.
func noiseCell(m record.Metric) string {
	if m.Ratio != nil && within(*m.Ratio) {
		return fmt.Sprintf("noise (%s–%s)", number(m.Ratio.Low), number(m.Ratio.High))
	}
	return ratioCell(m)
}

// within reports whether the quartiles of a ratio lie on both sides of 1.
func within(s stats.Summary) bool { return s.Low < s.High && s.Low <= 1 && s.High >= 1 }

func spread(s stats.Summary) string {
	return fmt.Sprintf("%s (%s–%s)", number(s.Median), number(s.Low), number(s.High))
}

// timeCell is the median time.
func timeCell(m record.Metric) string { return duration(m.Value.Median) }

// countCell is the median as a plain number.
func countCell(m record.Metric) string { return number(m.Value.Median) }

// bytesCell is the median in bytes, KiB or MiB.
func bytesCell(m record.Metric) string { return byteText(m.Value.Median) }

func byteText(b float64) string {
	switch {
	case b >= 1<<20:
		return number(b/(1<<20)) + " MiB"
	case b >= 1<<10:
		return number(b/(1<<10)) + " KiB"
	}
	return number(b) + " B"
}

func duration(ns float64) string {
	switch {
	case ns >= 1e6:
		return number(ns/1e6) + " ms"
	case ns >= 1e3:
		return number(ns/1e3) + " µs"
	}
	return number(ns) + " ns"
}

// number writes three significant digits.
func number(x float64) string {
	switch a := math.Abs(x); {
	case math.IsNaN(x) || math.IsInf(x, 0):
		return "?"
	case a < 0.005:
		return "0"
	case a < 10:
		return fmt.Sprintf("%.2f", x)
	case a < 100:
		return fmt.Sprintf("%.1f", x)
	}
	return fmt.Sprintf("%.0f", x)
}

// memory is a table of what the candidates allocate on the Go heap.
func memory(groups []record.Group) record.Table {
	t := record.Table{Title: "Go heap, per operation", Head: []string{""}}
	for _, g := range groups {
		t.Head = append(t.Head, g.Name)
	}
	for _, n := range names(groups) {
		line := []string{n}
		for _, g := range groups {
			r := g.Row(n)
			text := cellOf(r, "allocs", countCell)
			if text != "absent" && text != "—" {
				text += " allocs, " + cellOf(r, "bytes", bytesCell)
			}
			line = append(line, text)
		}
		t.Rows = append(t.Rows, line)
	}
	return t
}

// absences are the reasons of rows that were not measured, each once.
func absences(groups []record.Group) (notes []string) {
	seen := map[string]bool{}
	for _, g := range groups {
		for _, r := range g.Rows {
			if note := r.Name + " is absent: " + r.Absent; r.Absent != "" && !seen[note] {
				notes, seen[note] = append(notes, note), true
			}
		}
	}
	return notes
}

// detail is a table of one group with everything that was measured.
func detail(g record.Group) record.Table {
	t := record.Table{Head: []string{g.Name, "time relative to " + g.Base, "time", "allocs/op", "B/op"}}
	for _, r := range g.Rows {
		t.Rows = append(t.Rows, []string{r.Name, cellOf(&r, "time", ratioCell), cellOf(&r, "time", timeCell),
			cellOf(&r, "allocs", countCell), cellOf(&r, "bytes", bytesCell)})
	}
	return t
}
