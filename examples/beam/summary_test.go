package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestQuantile: quantiles are too long by a fifth at most, never too short, however the
// accumulators were merged.
func TestQuantile(t *testing.T) {
	var parts [3]Summary
	sum := &summarise{}
	for i := 1; i <= 1000; i++ {
		parts[i%3] = sum.AddInput(parts[i%3], factOfTiming(Timing{1, int64(i) * 1000}))
	}
	all := sum.MergeAccumulators(sum.MergeAccumulators(Summary{}, parts[2]), sum.MergeAccumulators(parts[0], parts[1]))
	require.Equal(t, 1000, all.Batches)
	for _, q := range []float64{0.001, 0.5, 0.99, 1} {
		exact := time.Duration(q * 1e6)
		require.GreaterOrEqual(t, all.Quantile(q), exact)
		require.LessOrEqual(t, float64(all.Quantile(q)), 1.2*float64(exact))
	}
	require.Zero(t, Summary{}.Quantile(0.5))
}

func TestSummary(t *testing.T) {
	var s Summary
	sum := &summarise{}
	for _, f := range []Fact{
		factOfResult(Result{Label: 3, Digit: 3}), factOfResult(Result{Label: 3, Digit: 5}), factOfResult(Result{Label: -1}),
		factOfProblem(Problem{}), factOfTiming(Timing{3, 1000}),
	} {
		s = sum.AddInput(s, f)
	}
	require.Equal(t, "images    3\naccuracy  50.00 % of the 2 with a label\na batch   1µs on average, half in 1µs, 99 % in 1µs, 1 of them\nproblems  1", s.String())
	require.Equal(t, "images    0\nproblems  0", Summary{}.String())
}
