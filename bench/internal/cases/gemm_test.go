package cases_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bench/internal/cases"
	"github.com/allocarrays/allocarrays-go/bench/internal/record"
)

// TestLimitIsNeverExceeded: a limit that a product beats was not measured.
func TestLimitIsNeverExceeded(t *testing.T) {
	row := func(name string, ns ...float64) record.Row {
		return record.Row{Name: name, Metrics: []record.Metric{record.NewMetric("time", "ns/op", ns)}}
	}
	ours, gone := row("ours", 130, 110, 300), record.Row{Name: "gone", Absent: "not here"}
	tests := []struct {
		name  string
		limit record.Row
		want  float64
	}{
		{"in a busy round", row("multiply-adds alone", 100, 250, 101), 100},
		{"in busy rounds only", row("multiply-adds alone", 200, 250, 201), 0},
		{"without the instructions", gone, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			limit, ok := cases.LimitOf(record.Group{Rows: []record.Row{ours, gone, tt.limit}})
			require.Equal(t, tt.want, limit)
			require.Equal(t, tt.want > 0, ok)
		})
	}
}
