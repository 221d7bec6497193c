// Package record is the form in which results are kept: in results.json, from which
// the tables, charts and docs/performance.md are made.
package record

import (
	"math"
	"slices"
	"time"

	"gonum.org/v1/gonum/floats"

	"github.com/allocarrays/allocarrays-go/bench/internal/stats"
)

// Results are those of one run of the comparison.
type Results struct {
	Machine     Machine   `json:"machine"`
	Command     string    `json:"command"`
	Started     time.Time `json:"started"`
	Seconds     float64   `json:"seconds"`
	Rounds      int       `json:"rounds"`
	Interrupted bool      `json:"interrupted,omitempty"` // what is missing was not measured
	Peers       []Peer    `json:"peers"`
	Cases       []Case    `json:"cases"`
}

// Machine describes where the results were measured.
type Machine struct {
	Go     string `json:"go"`
	System string `json:"system"`
	CPU    string `json:"cpu"`
	Cores  int    `json:"cores"`
	Kernel string `json:"kernel"` // the micro-kernels that this module chose
}

// A Peer is what this module is compared with.
type Peer struct {
	Name   string `json:"name"`
	Info   string `json:"info,omitempty"`   // version and configuration
	Absent string `json:"absent,omitempty"` // why it could not be had
}

// A Case is one comparison.
type Case struct {
	Name   string   `json:"name"`
	Title  string   `json:"title"`
	Text   string   `json:"text"`          // what is done and how, in Markdown
	Env    string   `json:"env,omitempty"` // environment of the process, as a shell has it
	Bars   []Bar    `json:"bars,omitempty"`
	Tables []Table  `json:"tables,omitempty"`
	Charts []Chart  `json:"charts,omitempty"`
	Groups []Group  `json:"groups,omitempty"`
	Notes  []string `json:"notes,omitempty"` // what a reader must know about these figures
}

// A Group are rows that were measured in turn.
type Group struct {
	Name string  `json:"name"`
	X    float64 `json:"x,omitempty"`    // where the group stands on the axis of a curve
	Base string  `json:"base,omitempty"` // the row that the others are divided by
	Rows []Row   `json:"rows"`
}

// Row returns the row of that name, or nil.
func (g *Group) Row(name string) *Row {
	for i := range g.Rows {
		if g.Rows[i].Name == name {
			return &g.Rows[i]
		}
	}
	return nil
}

// Ratios returns row a divided by row b in each round; false if one is absent or b is
// zero in some round.
func (g *Group) Ratios(metric, a, b string) ([]float64, bool) {
	x, y := g.Row(a).Metric(metric), g.Row(b).Metric(metric)
	if x == nil || y == nil || len(x.Samples) == 0 || len(x.Samples) != len(y.Samples) {
		return nil, false
	}
	if slices.Contains(y.Samples, 0) {
		return nil, false
	}
	return stats.Ratios(x.Samples, y.Samples), true
}

// Differences returns row a minus row b in each round; nil if one is absent.
func (g *Group) Differences(metric, a, b string) []float64 {
	x, y := g.Row(a).Metric(metric), g.Row(b).Metric(metric)
	if x == nil || y == nil || len(x.Samples) == 0 || len(x.Samples) != len(y.Samples) {
		return nil
	}
	return floats.SubTo(make([]float64, len(x.Samples)), x.Samples, y.Samples)
}

// A Row is what was measured of one candidate.
type Row struct {
	Name    string   `json:"name"`
	Absent  string   `json:"absent,omitempty"` // why nothing was measured
	Metrics []Metric `json:"metrics,omitempty"`
}

// Metric returns the metric of that name, or nil, also for a nil row.
func (r *Row) Metric(name string) *Metric {
	if r == nil {
		return nil
	}
	for i := range r.Metrics {
		if r.Metrics[i].Name == name {
			return &r.Metrics[i]
		}
	}
	return nil
}

// A Metric is one quantity in all rounds.
type Metric struct {
	Name    string         `json:"name"`
	Unit    string         `json:"unit"`
	Value   stats.Summary  `json:"value"`
	Ratio   *stats.Summary `json:"ratio,omitempty"` // to the group's base, round by round
	Samples []float64      `json:"samples"`
}

// NewMetric summarises samples, which may be none.
func NewMetric(name, unit string, samples []float64) Metric {
	m := Metric{Name: name, Unit: unit, Samples: make([]float64, len(samples))}
	for i, s := range samples {
		m.Samples[i] = Round(s)
	}
	if len(samples) > 0 {
		m.Value = stats.Summarize(m.Samples)
	}
	return m
}

// Round keeps five significant digits, which is more than is known.
func Round(x float64) float64 {
	if x == 0 || math.IsInf(x, 0) || math.IsNaN(x) {
		return x
	}
	scale := math.Pow(10, 4-math.Floor(math.Log10(math.Abs(x))))
	return math.Round(x*scale) / scale
}

// Relate sets the ratios of all rows to the base.
func (g *Group) Relate() {
	for i := range g.Rows {
		for j := range g.Rows[i].Metrics {
			m := &g.Rows[i].Metrics[j]
			if r, ok := g.Ratios(m.Name, g.Rows[i].Name, g.Base); ok {
				s := stats.Summarize(r)
				m.Ratio = &s
			}
		}
	}
}

// A Table is text for a reader.
type Table struct {
	Title  string     `json:"title,omitempty"`
	Head   []string   `json:"head"`
	Rows   [][]string `json:"rows"`
	Folded bool       `json:"folded,omitempty"` // long, and of interest to few
}
