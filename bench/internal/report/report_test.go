package report_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bench/internal/record"
	"github.com/allocarrays/allocarrays-go/bench/internal/report"
	"github.com/allocarrays/allocarrays-go/bench/internal/stats"
)

var update = flag.Bool("update", false, "write the golden files anew")

// results has one of everything that a report can contain.
func results() record.Results {
	point := record.Point{Y: stats.Summary{Median: 2, Low: 1, High: 3}}
	return record.Results{
		Machine: record.Machine{Go: "go1.26.8", System: "linux/amd64", CPU: "A | B", Cores: 2, Kernel: "avx2"},
		Command: "go run ./cmd/compare -fetch",
		Started: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Seconds: 61.7, Rounds: 15,
		Peers: []record.Peer{{Name: "one", Info: "v1"}, {Name: "two", Absent: "not on this machine"}},
		Cases: []record.Case{{
			Name: "first", Title: "The first case", Text: "What is done.",
			Bars: []record.Bar{
				record.AtLeast("fast", 1, []float64{1.5, 2, 4}, ""),
				record.AtMost("allocations", 0, []float64{2}, ""),
				record.AtLeast("unknown", 1, nil, "two is absent"),
			},
			Tables: []record.Table{
				{Title: "Times", Head: []string{"", "a"}, Rows: [][]string{{"ours", "1.00"}, {"µ", "2.00 (1.90–2.10)"}}},
				{Title: "All of it", Head: []string{"", "a"}, Rows: [][]string{{"ours", "1.00"}}, Folded: true},
			},
			Charts: []record.Chart{{File: "performance-first.svg", Title: "First", Labels: []string{"x"},
				Series: []record.Series{{Name: "ours", Points: []record.Point{point}}}}},
			Groups: []record.Group{{Name: "g", Rows: []record.Row{{Name: "ours", Metrics: []record.Metric{record.NewMetric("time", "ns/op", []float64{1, 2})}}}}},
			Notes:  []string{"two is absent: not on this machine", "another note"},
		}},
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

func TestMarkdown(t *testing.T) { golden(t, "performance.md", report.Markdown(results())) }

func TestText(t *testing.T) {
	var b bytes.Buffer
	report.Text(&b, results().Cases[0])
	golden(t, "terminal.txt", b.String())
}

func TestMarkdownOfAnInterruptedRun(t *testing.T) {
	r := results()
	r.Interrupted = true
	require.Contains(t, report.Markdown(r), "The run was interrupted")
}

func TestFiles(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, report.WriteDocs(dir, results()))
	require.FileExists(t, filepath.Join(dir, "performance.md"))
	require.FileExists(t, filepath.Join(dir, "performance-first.svg"))

	path := filepath.Join(dir, "results.json")
	require.NoError(t, report.WriteResults(path, results()))
	r, err := report.ReadResults(path)
	require.NoError(t, err)
	require.Equal(t, results(), r)
	require.Equal(t, report.Markdown(results()), report.Markdown(r))
}

func TestReadResultsErrors(t *testing.T) {
	_, err := report.ReadResults(filepath.Join(t.TempDir(), "none.json"))
	require.ErrorIs(t, err, os.ErrNotExist)
	path := filepath.Join(t.TempDir(), "bad.json")
	require.NoError(t, os.WriteFile(path, []byte("{"), 0o644))
	_, err = report.ReadResults(path)
	require.ErrorContains(t, err, "report: ")
}
