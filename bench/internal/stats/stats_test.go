package stats_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bench/internal/stats"
)

func TestSummarize(t *testing.T) {
	tests := []struct {
		name string
		xs   []float64
		want stats.Summary
	}{
		{"one", []float64{7}, stats.Summary{Median: 7, Low: 7, High: 7}},
		{"two", []float64{1, 2}, stats.Summary{Median: 1.5, Low: 1.25, High: 1.75}},
		{"odd, unsorted", []float64{5, 1, 3, 2, 4}, stats.Summary{Median: 3, Low: 2, High: 4}},
		{"even", []float64{4, 3, 2, 1}, stats.Summary{Median: 2.5, Low: 1.75, High: 3.25}},
		{"outlier", []float64{1, 1, 1, 1, 1000}, stats.Summary{Median: 1, Low: 1, High: 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { require.Equal(t, tt.want, stats.Summarize(tt.xs)) })
	}
	require.True(t, math.IsNaN(stats.Summarize(nil).Median))
}

func TestSummarizeDoesNotSortItsArgument(t *testing.T) {
	xs := []float64{3, 1, 2}
	stats.Summarize(xs)
	require.Equal(t, []float64{3, 1, 2}, xs)
}

func TestRatios(t *testing.T) {
	require.Equal(t, []float64{2, 0.5}, stats.Ratios([]float64{4, 1}, []float64{2, 2}))
	require.PanicsWithValue(t, "stats: Ratios: 2 rounds of one, 1 of the other", func() {
		stats.Ratios([]float64{1, 2}, []float64{1})
	})
}

func TestGeoMeans(t *testing.T) {
	got := stats.GeoMeans([][]float64{{1, 2}, {4, 8}})
	require.InDeltaSlice(t, []float64{2, 4}, got, 1e-12)
	require.Nil(t, stats.GeoMeans(nil))
}

func TestMedians(t *testing.T) {
	require.Equal(t, []float64{2, 5}, stats.Medians([][]float64{{1, 5}, {2, 600}, {30, 4}}))
	require.Nil(t, stats.Medians(nil))
}

func TestSag(t *testing.T) {
	x := []float64{1, 2, 3, 4, 5}
	tests := []struct {
		name string
		ys   []float64
		want float64
	}{
		{"flat", []float64{3, 3, 3, 3, 3}, 0},
		{"line", []float64{1, 2, 3, 4, 5}, 0},
		{"flattening", []float64{1, 4, 5, 5, 5}, 0},
		{"square", []float64{1, 4, 9, 16, 25}, 3.0 / 7},
		{"jump at the end", []float64{10, 10, 10, 10, 30}, 0.6},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { require.InDelta(t, tt.want, stats.Sag(x, tt.ys), 0.03) })
	}
}
