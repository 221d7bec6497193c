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

// bars returns a chart with a cluster for each group and a bar for each candidate.
func bars(file, title, caption, metric string, groups []record.Group, value func(record.Metric) stats.Summary) record.Chart {
	c := record.Chart{File: file, Title: title, Y: record.Axis{Caption: caption}}
	for _, g := range groups {
		c.Labels = append(c.Labels, g.Name)
	}
	for _, n := range names(groups) {
		s, found := record.Series{Name: n}, false
		for _, g := range groups {
			p := record.Point{Missing: true}
			if m := g.Row(n).Metric(metric); m != nil && len(m.Samples) > 0 {
				p, found = record.Point{Y: value(*m)}, true
			}
			s.Points = append(s.Points, p)
		}
		if found {
			c.Series = append(c.Series, s)
		} else {
			c.Absent = append(c.Absent, n)
		}
	}
	return c
}

// curves returns a chart with a curve for each candidate over the groups' X.
func curves(file, title string, x, y record.Axis, metric string, groups []record.Group, value func(record.Metric) stats.Summary) record.Chart {
	c := record.Chart{File: file, Title: title, X: x, Y: y, Lines: true}
	for _, n := range names(groups) {
		s := record.Series{Name: n}
		for _, g := range groups {
			if m := g.Row(n).Metric(metric); m != nil && len(m.Samples) > 0 {
				s.Points = append(s.Points, record.Point{X: g.X, Y: value(*m)})
			}
		}
		if len(s.Points) > 0 {
			c.Series = append(c.Series, s)
		} else {
			c.Absent = append(c.Absent, n)
		}
	}
	return c
}

// ratios returns the chart of the times relative to the base, in which bars begin at 1
// and reach up where a candidate is slower.
func ratios(file, title, base string, groups []record.Group) record.Chart {
	c := bars(file, title, "time relative to "+base+" — lower is better", "time", groups, ofRatio)
	c.Y.Log, c.From = true, 1
	return c
}

// ofRatio and ofValue choose what a chart shows.
func ofRatio(m record.Metric) stats.Summary {
	if m.Ratio == nil {
		return stats.Summary{}
	}
	return *m.Ratio
}

func ofValue(m record.Metric) stats.Summary { return m.Value }
