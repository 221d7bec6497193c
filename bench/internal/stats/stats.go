// Package stats has the few statistics that the comparison reports: medians and
// quartiles, and the ratio of two things that were measured in the same rounds.
package stats

import (
	"fmt"
	"math"
	"slices"
)

// A Summary is the median of a sample with its quartiles.
type Summary struct {
	Median float64 `json:"median"`
	Low    float64 `json:"low"`  // the first quartile
	High   float64 `json:"high"` // the third quartile
}

// Summarize returns the median and the quartiles of xs, interpolated linearly
// between neighbours (type 7 of Hyndman and Fan, "Sample Quantiles in Statistical
// Packages", The American Statistician 50(4), 1996). Of no numbers all are NaN.
func Summarize(xs []float64) Summary {
	sorted := slices.Sorted(slices.Values(xs))
	return Summary{quantile(sorted, 0.5), quantile(sorted, 0.25), quantile(sorted, 0.75)}
}

// quantile returns the q-quantile of a sorted sample.
func quantile(sorted []float64, q float64) float64 {
	if len(sorted) == 0 {
		return math.NaN()
	}
	at := q * float64(len(sorted)-1)
	below := int(at)
	if below+1 == len(sorted) {
		return sorted[below]
	}
	part := at - float64(below)
	return sorted[below]*(1-part) + sorted[below+1]*part
}

// Ratios returns a[i]/b[i] for each round i. It panics if the rounds differ in
// number: a ratio of things that were not measured in turn means nothing.
func Ratios(a, b []float64) []float64 {
	if len(a) != len(b) {
		panic(fmt.Sprintf("stats: Ratios: %d rounds of one, %d of the other", len(a), len(b)))
	}
	r := make([]float64, len(a))
	for i := range a {
		r[i] = a[i] / b[i]
	}
	return r
}

// GeoMeans returns, for each round, the geometric mean over several series, each
// of which has one number for each round.
func GeoMeans(series [][]float64) []float64 {
	if len(series) == 0 {
		return nil
	}
	means := make([]float64, len(series[0]))
	for i := range means {
		var logs float64
		for _, s := range series {
			logs += math.Log(s[i])
		}
		means[i] = math.Exp(logs / float64(len(series)))
	}
	return means
}

// Sag returns how far a curve lies below the straight line between its first and
// last point, at its deepest and as a part of that line's height there: 0 for a
// straight or flattening curve, large for one that bends upwards. It is how the
// scaling curves are judged. The xs must increase.
func Sag(xs, ys []float64) float64 {
	var deepest float64
	last := len(xs) - 1
	for i := 1; i < last; i++ {
		chord := ys[0] + (ys[last]-ys[0])*(xs[i]-xs[0])/(xs[last]-xs[0])
		deepest = max(deepest, (chord-ys[i])/chord)
	}
	return deepest
}
