package cases

import (
	"github.com/allocarrays/allocarrays-go/bench/internal/record"
	"github.com/allocarrays/allocarrays-go/bench/internal/stats"
)

// clusters returns a chart with a cluster for each group and a point for each candidate.
func clusters(file, title, caption, metric string, groups []record.Group, value func(record.Metric) stats.Summary) record.Chart {
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

// ratios returns the chart of the times relative to the base, with a line at 1,
// above which a candidate is slower.
func ratios(file, title, base string, groups []record.Group) record.Chart {
	c := clusters(file, title, "time relative to "+base+" — lower is better", "time", groups, ofRatio)
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
