package check_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/util/annotations"
	"github.com/stretchr/testify/require"
)

// database holds series, with a sample each minute, for the engine of Prometheus.
type database struct{ series []*storage.SeriesEntry }

// parse makes a database of series in the notation of promtool.
func parse(t *testing.T, descriptions []string) *database {
	t.Helper()
	var db database
	for _, text := range descriptions {
		name, values, err := parser.ParseSeriesDesc(text)
		require.NoError(t, err, text)
		var samples []chunks.Sample
		for minute, v := range values {
			if !v.Omitted {
				samples = append(samples, sample{int64(minute) * time.Minute.Milliseconds(), v.Value})
			}
		}
		db.series = append(db.series, storage.NewListSeries(name, samples))
	}
	return &db
}

// holds reports whether the expression has a result at that minute.
func (db *database) holds(t *testing.T, expr string, minute int) bool {
	t.Helper()
	engine := promql.NewEngine(promql.EngineOpts{MaxSamples: 1e6, Timeout: time.Minute})
	defer engine.Close()
	queryable := &storage.MockQueryable{MockQuerier: &storage.MockQuerier{SelectMockFunction: db.find}}
	q, err := engine.NewInstantQuery(context.Background(), queryable, nil, expr, time.Unix(int64(minute)*60, 0))
	require.NoError(t, err, expr)
	defer q.Close()
	result := q.Exec(context.Background())
	require.NoError(t, result.Err, expr)
	require.Empty(t, result.Warnings, expr) // such as that a rate is taken of a gauge
	vector, err := result.Vector()
	require.NoError(t, err, expr)
	return len(vector) > 0
}

func (db *database) find(_ bool, _ *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
	var found []storage.Series
	for _, s := range db.series {
		if !slices.ContainsFunc(matchers, func(m *labels.Matcher) bool { return !m.Matches(s.Lset.Get(m.Name)) }) {
			found = append(found, s)
		}
	}
	return &set{series: found, at: -1}
}

// set is a storage.SeriesSet.
type set struct {
	series []storage.Series
	at     int
}

func (s *set) Next() bool                      { s.at++; return s.at < len(s.series) }
func (s *set) At() storage.Series              { return s.series[s.at] }
func (*set) Err() error                        { return nil }
func (*set) Warnings() annotations.Annotations { return nil }

// sample is a chunks.Sample.
type sample struct {
	milliseconds int64
	value        float64
}

func (s sample) T() int64                    { return s.milliseconds }
func (s sample) F() float64                  { return s.value }
func (sample) H() *histogram.Histogram       { return nil }
func (sample) FH() *histogram.FloatHistogram { return nil }
func (sample) Type() chunkenc.ValueType      { return chunkenc.ValFloat }
func (s sample) Copy() chunks.Sample         { return s }
