package cases_test

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bench/internal/cases"
	"github.com/allocarrays/allocarrays-go/bench/internal/peer"
	"github.com/allocarrays/allocarrays-go/bench/internal/record"
)

// env has peers that cannot be built, as on a machine without them.
func env(t *testing.T) *cases.Env {
	specs := cases.Specs(t.TempDir())
	for i := range specs {
		specs[i].Package = "./nowhere"
	}
	set := peer.NewSet(t.TempDir(), t.TempDir(), specs)
	t.Cleanup(set.Close)
	return &cases.Env{Rounds: 1, Peers: set}
}

func find(t *testing.T, name string) cases.Case {
	for _, c := range cases.All() {
		if c.Name == name {
			return c
		}
	}
	t.Fatalf("no case %q", name)
	return cases.Case{}
}

// TestCases runs cases with one short round each: that candidates compute what they
// should is part of them. Figures of one round mean nothing and are not looked at.
func TestCases(t *testing.T) {
	for _, name := range []string{"mlp", "cnn", "layers", "cores", "array", "demo", "thread"} {
		t.Run(name, func(t *testing.T) {
			c, err := find(t, name).Run(t.Context(), env(t))
			require.NoError(t, err)
			require.Equal(t, name, c.Name)
			require.NotEmpty(t, c.Tables)
			for _, table := range c.Tables {
				for _, row := range table.Rows {
					require.Len(t, row, len(table.Head), table.Title)
				}
			}
			for _, g := range c.Groups {
				for _, r := range g.Rows {
					checkRow(t, r)
				}
			}
		})
	}
}

// checkRow requires that what runs in this process was measured, and that the others
// are absent with a reason.
func checkRow(t *testing.T, r record.Row) {
	t.Helper()
	for _, child := range []string{"onnxruntime", "OpenBLAS", "gorgonia", "gomlx", "arenas", "ours, heap, own process", "ours, heap, runtimefreegc"} {
		if strings.HasPrefix(r.Name, child) {
			require.Contains(t, r.Absent, "could not be built", r.Name)
			return
		}
	}
	require.Empty(t, r.Absent, r.Name)
	require.Len(t, r.Metric("time").Samples, 1, r.Name)
	require.Positive(t, r.Metric("time").Samples[0], r.Name)
}

func TestAbsentPeersStayInTheReport(t *testing.T) {
	c, err := find(t, "mlp").Run(t.Context(), env(t))
	require.NoError(t, err)
	require.Contains(t, strings.Join(c.Notes, "\n"), "onnxruntime is absent: could not be built")
	require.Contains(t, c.Charts[0].Absent, "onnxruntime")
	missing := 0
	for _, b := range c.Bars {
		if b.Verdict() == "not measured" {
			missing++
		}
	}
	require.Equal(t, 3, missing, "the bars against onnxruntime")
}

// TestServerThatCannotBeBuilt: all that is left are the reasons.
func TestServerThatCannotBeBuilt(t *testing.T) {
	c, err := find(t, "server").Run(t.Context(), env(t))
	require.NoError(t, err)
	require.Len(t, c.Groups, 3, "two settings, and the handler alone")
	for _, g := range c.Groups {
		require.Len(t, g.Rows, 5, g.Name)
		for _, r := range g.Rows {
			require.Contains(t, r.Absent, "could not be built", r.Name)
		}
	}
	for _, table := range c.Tables {
		for _, row := range table.Rows {
			require.Len(t, row, len(table.Head), table.Title)
		}
	}
	for _, b := range c.Bars {
		require.Equal(t, "not measured", b.Verdict(), b.Name)
	}
}

func TestInterruptedCaseReturnsWhatItHas(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	e := env(t)
	e.Report = func(group string) {
		if group == "batch 32" {
			cancel()
		}
	}
	c, err := find(t, "mlp").Run(ctx, e)
	require.ErrorIs(t, err, context.Canceled)
	require.Len(t, c.Groups, 2)
	require.NotEmpty(t, c.Groups[0].Row("ours").Metric("time").Samples)
}

// TestWrongResultsAreNotReported: neither of a candidate that is wrong from the start,
// nor of one that becomes wrong while it is measured.
func TestWrongResultsAreNotReported(t *testing.T) {
	for name, tt := range map[string]struct {
		wrongFrom int // operations
		absent    string
	}{
		"right":             {math.MaxInt, ""},
		"from the start":    {1, "result 0 is 2, want 1"},
		"while it measured": {2, "wrong after it was measured: result 0 is 2, want 1"},
	} {
		t.Run(name, func(t *testing.T) {
			done, y := 0, []float32{0}
			fn := func(n int) {
				for range n {
					if done++; done >= tt.wrongFrom {
						y[0] = 2
					} else {
						y[0] = 1
					}
				}
			}
			row, err := cases.Checked(t.Context(), env(t), fn, []float32{1}, func() []float32 { return y })
			require.NoError(t, err)
			require.Equal(t, tt.absent, row.Absent)
			require.Equal(t, tt.absent == "", row.Metric("time") != nil)
		})
	}
}
