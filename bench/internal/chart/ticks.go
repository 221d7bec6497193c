package chart

import (
	"fmt"
	"slices"

	"gonum.org/v1/plot"

	"github.com/allocarrays/allocarrays-go/bench/internal/record"
)

// ticker returns the ticks of an axis, with units: those of package plot, those
// between them where they are few, and on a logarithmic axis of few powers of ten 2 and 5.
func ticker(a record.Axis) plot.Ticker {
	return plot.TickerFunc(func(low, high float64) (ticks []plot.Tick) {
		var all plot.Ticker = plot.DefaultTicks{}
		if a.Log {
			all = plot.LogTicks{}
		}
		marks := all.Ticks(low, high)
		few := len(marks) <= 12
		for _, t := range marks {
			leading := fmt.Sprintf("%e", t.Value)[0]
			between := few || a.Log && high/low < 200 && (leading == '2' || leading == '5')
			if t.Value >= low && t.Value <= high && (t.Label != "" || between) {
				t.Label = label(a, t.Value)
				ticks = append(ticks, t)
			}
		}
		return ticks
	})
}

// measured returns a tick for each place, and a label where there is room for one.
func measured(places []float64, a record.Axis, on plot.Axis) (ticks plot.ConstantTicks) {
	last := -1.0
	for _, x := range slices.Compact(slices.Sorted(slices.Values(places))) {
		t := plot.Tick{Value: x}
		if at := on.Norm(x); last < 0 || at-last > 0.09 {
			t.Label, last = label(a, x), at
		}
		ticks = append(ticks, t)
	}
	return ticks
}

// label writes a value of an axis.
func label(a record.Axis, v float64) string {
	switch {
	case a.Time && v >= 1e6:
		return fmt.Sprintf("%.4g ms", v/1e6)
	case a.Time && v >= 1e3:
		return fmt.Sprintf("%.4g µs", v/1e3)
	case a.Time:
		return fmt.Sprintf("%.4g ns", v)
	case !a.Bytes:
		return fmt.Sprintf("%.4g", v)
	case v >= 1<<20:
		return fmt.Sprintf("%.4g MiB", v/(1<<20))
	case v >= 1<<10:
		return fmt.Sprintf("%.4g KiB", v/(1<<10))
	}
	return fmt.Sprintf("%.4g B", v)
}
