package record

import (
	"fmt"

	"github.com/allocarrays/allocarrays-go/bench/internal/stats"
)

// A Bar is what was promised and what was measured.
type Bar struct {
	Name     string         `json:"name"`
	Want     string         `json:"want"`               // as in "≥ 1.0"
	Measured *stats.Summary `json:"measured,omitempty"` // nil if it could not be
	Met      bool           `json:"met"`
	Missing  string         `json:"missing,omitempty"` // why it could not be measured
}

// AtLeast returns the bar that the median of the measured ratios is at least least.
// Without ratios it is not measured, because of missing.
func AtLeast(name string, least float64, ratios []float64, missing string) Bar {
	return newBar(name, fmt.Sprintf("≥ %.4g", least), ratios, missing, func(m float64) bool { return m >= least })
}

// AtMost returns the bar that the median of the measured ratios is at most most.
func AtMost(name string, most float64, ratios []float64, missing string) Bar {
	return newBar(name, fmt.Sprintf("≤ %.4g", most), ratios, missing, func(m float64) bool { return m <= most })
}

// Below returns the bar that the median of the measured ratios is less than limit.
func Below(name string, limit float64, ratios []float64, missing string) Bar {
	return newBar(name, fmt.Sprintf("< %.4g", limit), ratios, missing, func(m float64) bool { return m < limit })
}

func newBar(name, want string, ratios []float64, missing string, met func(float64) bool) Bar {
	b := Bar{Name: name, Want: want}
	if len(ratios) == 0 {
		b.Missing = missing
		return b
	}
	s := stats.Summarize(ratios)
	b.Measured, b.Met = &s, met(s.Median)
	return b
}

// Verdict returns "met", "missed" or "not measured".
func (b Bar) Verdict() string {
	switch {
	case b.Measured == nil:
		return "not measured"
	case b.Met:
		return "met"
	}
	return "missed"
}
