package check_test

import (
	"os"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// alerts are the rules by their names.
func alerts(t *testing.T) map[string]rulefmt.Rule {
	t.Helper()
	text, err := os.ReadFile("../alerts.yml")
	require.NoError(t, err)
	groups, errs := rulefmt.Parse(text, false, model.LegacyValidation) // which parses expressions and templates
	require.Empty(t, errs)
	rules := map[string]rulefmt.Rule{}
	for _, g := range groups.Groups {
		for _, r := range g.Rules {
			assert.Contains(t, []string{"info", "warning"}, r.Labels["severity"], r.Alert)
			assert.NotEmpty(t, r.Annotations["summary"], r.Alert)
			assert.NotEmpty(t, r.Annotations["description"], r.Alert)
			rules[r.Alert] = r
		}
	}
	return rules
}

// TestAlerts: each rule fires when what it is about has lasted long enough, no earlier, and
// not when all is well. A sample is a minute; the notation is that of promtool.
func TestAlerts(t *testing.T) {
	const labels = `{job="j",instance="i",owner="inference"`
	cases := map[string]struct {
		good, bad []string
		fires     int // the minute from which on the bad series fire
	}{
		"AllocarraysMemoryRefused": {
			good:  []string{`allocarrays_exhausted_total` + labels + `,level="buffer"} 7x120`},
			bad:   []string{`allocarrays_exhausted_total` + labels + `,level="buffer"} 0x60 10+10x60`},
			fires: 61 + 5,
		},
		"AllocarraysBufferNearLimit": {
			good:  []string{`allocarrays_buffer_used_bytes` + labels + `} 89x120`, `allocarrays_buffer_limit_bytes` + labels + `} 100x120`},
			bad:   []string{`allocarrays_buffer_used_bytes` + labels + `} 50x60 95x60`, `allocarrays_buffer_limit_bytes` + labels + `} 100x120`},
			fires: 61 + 10,
		},
		"AllocarraysOutsideGrows": {
			good:  []string{`allocarrays_buffer_outside_bytes` + labels + `} 0x10 1000000000x110`},
			bad:   []string{`allocarrays_buffer_outside_bytes` + labels + `} 0+1000000x120`},
			fires: 60 + 15,
		},
		"AllocarraysLateAllocations": {
			good:  []string{`allocarrays_late_allocations_total` + labels + `} 3x120`},
			bad:   []string{`allocarrays_late_allocations_total` + labels + `} 3x60 4x60`},
			fires: 61,
		},
		"AllocarraysLimitReached": {
			good:  []string{`allocarrays_limit_used_bytes` + labels + `} 89x120`, `allocarrays_limit_bytes` + labels + `} 100x120`},
			bad:   []string{`allocarrays_limit_used_bytes` + labels + `} 50x60 95x60`, `allocarrays_limit_bytes` + labels + `} 100x120`},
			fires: 61 + 10,
		},
		"AllocarraysStaleUses": {
			good:  []string{`allocarrays_stale_uses_total{job="j",instance="i"} 1x120`},
			bad:   []string{`allocarrays_stale_uses_total{job="j",instance="i"} 1x60 2x60`},
			fires: 61,
		},
		"AllocarraysScopesLeaked": {
			good:  []string{`allocarrays_leaked_scopes_total{job="j",instance="i"} 1x120`},
			bad:   []string{`allocarrays_leaked_scopes_total{job="j",instance="i"} 1x60 2x60`},
			fires: 61,
		},
		"AllocarraysFallback": {
			good:  []string{`allocarrays_fallback_bytes_total` + labels + `} 5x120`},
			bad:   []string{`allocarrays_fallback_bytes_total` + labels + `} 5x60 100+100x60`},
			fires: 61 + 10,
		},
		"AllocarraysPanics": {
			good:  []string{`allocarrays_scopes_total` + labels + `,outcome="ok"} 0+9x120`, `allocarrays_scopes_total` + labels + `,outcome="panic"} 2x120`},
			bad:   []string{`allocarrays_scopes_total` + labels + `,outcome="panic"} 2x60 3x60`},
			fires: 61,
		},
	}
	rules := alerts(t)
	for name := range rules {
		assert.Contains(t, cases, name, "an alert without a case")
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			require.Contains(t, rules, name)
			assert.Equal(t, -1, firstFiring(t, rules[name], c.good))
			assert.Equal(t, c.fires, firstFiring(t, rules[name], c.bad))
		})
	}
}

// firstFiring returns the first minute of 120 in which the rule fires, or -1.
func firstFiring(t *testing.T, rule rulefmt.Rule, series []string) int {
	t.Helper()
	data := parse(t, series)
	held := -1 // the minute since which the expression holds
	for minute := range 121 {
		if !data.holds(t, rule.Expr, minute) {
			held = -1
			continue
		}
		if held < 0 {
			held = minute
		}
		if time.Duration(minute-held)*time.Minute >= time.Duration(rule.For) {
			return minute
		}
	}
	return -1
}

// TestFiringCanFail: the evaluation above tells rules apart.
func TestFiringCanFail(t *testing.T) {
	for expr, want := range map[string]int{"x > 0": 3, "x > 5": -1, "y > 0": -1, "x >= 0": 0} {
		assert.Equal(t, want, firstFiring(t, rulefmt.Rule{Expr: expr}, []string{"x 0x2 1x100"}), expr)
	}
	assert.Equal(t, 5, firstFiring(t, rulefmt.Rule{Expr: "x > 0", For: model.Duration(2 * time.Minute)}, []string{"x 0x2 1x100"}))
	assert.Equal(t, -1, firstFiring(t, rulefmt.Rule{Expr: "x > 0", For: model.Duration(3 * time.Hour)}, []string{"x 1x120"}))
}
