// Package stats has the few statistics that the comparison reports: medians and
// quartiles, and the ratio of two things that were measured in the same rounds.
package stats

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"
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
	if len(xs) == 0 || floats.HasNaN(xs) {
		return Summary{math.NaN(), math.NaN(), math.NaN()}
	}
	sorted := slices.Sorted(slices.Values(xs))
	quantile := func(q float64) float64 {
		// Package stat has type 4, of which the median of two numbers is the lower one;
		// type 7 is the same at another place.
		n := float64(len(sorted))
		return stat.Quantile((q*(n-1)+1)/n, stat.LinInterp, sorted, nil)
	}
	return Summary{quantile(0.5), quantile(0.25), quantile(0.75)}
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
	return across(series, func(x []float64) float64 { return stat.GeometricMean(x, nil) })
}

// Medians returns, for each round, the median over several series.
func Medians(series [][]float64) []float64 {
	return across(series, func(x []float64) float64 { return Summarize(x).Median })
}

// across returns what f returns for the numbers of each round; nil if there are no series.
func across(series [][]float64, f func([]float64) float64) []float64 {
	if len(series) == 0 {
		return nil
	}
	results, column := make([]float64, len(series[0])), make([]float64, len(series))
	for i := range results {
		for j, s := range series {
			column[j] = s[i]
		}
		results[i] = f(column)
	}
	return results
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
