package record_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bench/internal/record"
)

func group() record.Group {
	row := func(name string, ns ...float64) record.Row {
		return record.Row{Name: name, Metrics: []record.Metric{record.NewMetric("time", "ns/op", ns)}}
	}
	g := record.Group{Base: "ours", Rows: []record.Row{
		row("ours", 10, 20, 10), row("theirs", 20, 30, 40), {Name: "gone", Absent: "not here"}, row("zero", 0, 0, 0), row("short", 1),
	}}
	g.Relate()
	return g
}

func TestRelateDividesRoundByRound(t *testing.T) {
	g := group()
	m := g.Row("theirs").Metric("time")
	require.Equal(t, 2.0, m.Ratio.Median, "the median of 2, 1.5 and 4, not the ratio of the medians")
	require.Equal(t, 1.0, g.Row("ours").Metric("time").Ratio.Median)
	require.Nil(t, g.Row("short").Metric("time").Ratio, "another number of rounds")
}

func TestRatios(t *testing.T) {
	g := group()
	r, ok := g.Ratios("time", "theirs", "ours")
	require.True(t, ok)
	require.Equal(t, []float64{2, 1.5, 4}, r)
	for _, other := range []string{"gone", "nobody", "zero"} {
		_, ok = g.Ratios("time", "ours", other)
		require.False(t, ok, other)
	}
}

func TestDifferences(t *testing.T) {
	g := group()
	require.Equal(t, []float64{10, 10, 30}, g.Differences("time", "theirs", "ours"))
	require.Equal(t, []float64{-10, -20, -10}, g.Differences("time", "zero", "ours"))
	for _, other := range []string{"gone", "nobody", "short"} {
		require.Nil(t, g.Differences("time", "ours", other), other)
	}
}

func TestRound(t *testing.T) {
	require.Equal(t, 1.2346, record.Round(1.23456789))
	require.Equal(t, 123460.0, record.Round(123456.789))
	require.Equal(t, 0.0, record.Round(0))
}

func TestBars(t *testing.T) {
	require.Equal(t, "met", record.AtLeast("b", 1, []float64{0.5, 1, 3}, "").Verdict())
	require.Equal(t, "missed", record.AtLeast("b", 1.1, []float64{0.5, 1, 3}, "").Verdict())
	require.Equal(t, "met", record.AtMost("b", 1, []float64{1}, "").Verdict())
	require.Equal(t, "missed", record.Below("b", 1, []float64{1}, "").Verdict())
	require.Equal(t, "within noise", record.Below("b", 1, []float64{0.8, 1.1, 1.2}, "").OrNoise().Verdict())
	require.Equal(t, "within noise", record.AtLeast("b", 1, []float64{0.8, 1.1, 1.2}, "").OrNoise().Verdict())
	require.Equal(t, "missed", record.Below("b", 1, []float64{1.1, 1.2, 1.3}, "").OrNoise().Verdict())
	require.Equal(t, "met", record.AtMost("b", 1, []float64{1, 1, 1}, "").OrNoise().Verdict(), "no spread, no noise")
	b := record.AtMost("b", 1, nil, "gone").OrNoise()
	require.Equal(t, "not measured", b.Verdict())
	require.Equal(t, "gone", b.Missing)
}
