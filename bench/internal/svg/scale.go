package svg

import (
	"fmt"
	"math"

	"github.com/allocarrays/allocarrays-go/bench/internal/record"
)

// scale maps values to pixels.
type scale struct {
	axis     record.Axis
	min, max float64
	from, to float64 // pixels
}

// newScale returns a scale that shows all values; a linear one shows zero too.
func newScale(a record.Axis, values []float64, from, to float64) scale {
	s := scale{axis: a, min: math.Inf(1), from: from, to: to}
	for _, v := range values {
		if !math.IsNaN(v) && !math.IsInf(v, 0) && (v > 0 || !a.Log) {
			s.min, s.max = min(s.min, v), max(s.max, v)
		}
	}
	switch {
	case a.Log && s.max == 0:
		s.min, s.max = 1, 10
	case a.Log:
		s.min, s.max = s.min/1.2, s.max*1.35
	default:
		s.min, s.max = 0, max(s.max*1.08, 1e-9)
	}
	return s
}

// tight makes the scale end at its outermost values, as along the x axis.
func (s scale) tight(lo, hi float64) scale {
	s.min, s.max = lo, hi
	if lo == hi {
		s.max = lo + 1
	}
	return s
}

// at returns the pixel of v, within the scale.
func (s scale) at(v float64) float64 {
	v = min(max(v, s.min), s.max)
	part := (v - s.min) / (s.max - s.min)
	if s.axis.Log {
		part = math.Log(v/s.min) / math.Log(s.max/s.min)
	}
	return s.from + part*(s.to-s.from)
}

// ticks returns the values to be marked.
func (s scale) ticks() (ticks []float64) {
	if s.axis.Log {
		return s.logTicks()
	}
	step := math.Pow(10, math.Floor(math.Log10(s.max-s.min)))
	for _, part := range []float64{1, 0.5, 0.25, 0.2, 0.1} {
		if (s.max-s.min)/(step*part) >= 4 {
			step *= part
			break
		}
	}
	for i := math.Ceil(s.min / step); i*step <= s.max; i++ {
		ticks = append(ticks, i*step)
	}
	return ticks
}

// logTicks marks the powers of ten, and between them 2 and 5 where these are few.
func (s scale) logTicks() (ticks []float64) {
	parts := []float64{1}
	if s.max/s.min < 2000 {
		parts = []float64{1, 2, 5}
	}
	for e := math.Floor(math.Log10(s.min)); math.Pow(10, e) <= s.max; e++ {
		for _, p := range parts {
			if v := p * math.Pow(10, e); v >= s.min*0.999 && v <= s.max*1.001 {
				ticks = append(ticks, v)
			}
		}
	}
	return ticks
}

// label writes a tick.
func (s scale) label(v float64) string {
	switch {
	case s.axis.Time && v >= 1e6:
		return fmt.Sprintf("%.4g ms", v/1e6)
	case s.axis.Time && v >= 1e3:
		return fmt.Sprintf("%.4g µs", v/1e3)
	case s.axis.Time:
		return fmt.Sprintf("%.4g ns", v)
	case !s.axis.Bytes:
		return fmt.Sprintf("%.4g", v)
	case v >= 1<<20:
		return fmt.Sprintf("%.4g MiB", v/(1<<20))
	case v >= 1<<10:
		return fmt.Sprintf("%.4g KiB", v/(1<<10))
	}
	return fmt.Sprintf("%.4g B", v)
}
