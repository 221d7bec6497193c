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
	Limit    float64        `json:"limit"`              // the number in Want
	Met      bool           `json:"met"`
	Noise    bool           `json:"noise,omitempty"`   // the rounds do not tell which side of the limit
	Missing  string         `json:"missing,omitempty"` // why it could not be measured
}

// AtLeast returns the bar that the median of the measured ratios is at least least.
// Without ratios it is not measured, because of missing.
func AtLeast(name string, least float64, ratios []float64, missing string) Bar {
	return newBar(name, "≥", least, ratios, missing, func(m float64) bool { return m >= least })
}

// AtMost returns the bar that the median of the measured ratios is at most most.
func AtMost(name string, most float64, ratios []float64, missing string) Bar {
	return newBar(name, "≤", most, ratios, missing, func(m float64) bool { return m <= most })
}

// Below returns the bar that the median of the measured ratios is less than limit.
func Below(name string, limit float64, ratios []float64, missing string) Bar {
	return newBar(name, "<", limit, ratios, missing, func(m float64) bool { return m < limit })
}

// OrNoise returns the bar of a figure that mostly measures other things: it is neither
// met nor missed if its quartiles lie on both sides of the limit.
func (b Bar) OrNoise() Bar {
	if m := b.Measured; m != nil && m.Low < m.High {
		b.Noise = m.Low <= b.Limit && m.High >= b.Limit
	}
	return b
}

func newBar(name, relation string, limit float64, ratios []float64, missing string, met func(float64) bool) Bar {
	b := Bar{Name: name, Want: fmt.Sprintf("%s %.4g", relation, limit), Limit: limit}
	if len(ratios) == 0 {
		b.Missing = missing
		return b
	}
	s := stats.Summarize(ratios)
	b.Measured, b.Met = &s, met(s.Median)
	return b
}

// Verdict returns "met", "missed", "within noise" or "not measured".
func (b Bar) Verdict() string {
	switch {
	case b.Measured == nil:
		return "not measured"
	case b.Noise:
		return "within noise"
	case b.Met:
		return "met"
	}
	return "missed"
}
