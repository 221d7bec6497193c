package check_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/promql/parser"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// dashboard is what the test reads of Grafana's format.
type dashboard struct {
	Title, UID string
	Templating struct{ List []struct{ Name, Type string } }
	Panels     []struct {
		ID      int
		Type    string
		Title   string
		GridPos struct{ X, Y, W, H int }
		Targets []struct{ RefID, Expr, LegendFormat string }
	}
}

// TestDashboard: Prometheus can parse every query; panels have numbers of their own, and
// do not overlap.
func TestDashboard(t *testing.T) {
	text, err := os.ReadFile("../dashboard.json")
	require.NoError(t, err)
	var d dashboard
	require.NoError(t, json.Unmarshal(text, &d))
	assert.NotEmpty(t, d.UID)
	known := []string{"$__rate_interval"}
	for _, v := range d.Templating.List {
		known = append(known, "$"+v.Name)
	}
	ids, cells, queries := map[int]bool{}, map[[2]int]string{}, 0
	for _, p := range d.Panels {
		assert.False(t, ids[p.ID], p.Title)
		ids[p.ID] = true
		assert.LessOrEqual(t, p.GridPos.X+p.GridPos.W, 24, p.Title)
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
				assert.Empty(t, cells[[2]int{x, y}], p.Title)
				cells[[2]int{x, y}] = p.Title
			}
		}
		assert.Equal(t, p.Type == "row", len(p.Targets) == 0, p.Title)
		for _, q := range p.Targets {
			queries++
			expr := q.Expr
			for _, v := range known {
				expr = strings.ReplaceAll(expr, v, "5m")
			}
			assert.NotContains(t, expr, "$", q.Expr)
			_, err := parser.ParseExpr(expr)
			assert.NoError(t, err, q.Expr)
			assert.NotEmpty(t, q.LegendFormat, q.Expr)
		}
	}
	assert.Greater(t, queries, 15)
}
