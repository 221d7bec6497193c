package scopeprom_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	scopeprom "github.com/allocarrays/allocarrays-go/contrib/prometheus"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scopehttp"
)

// served are counters that have counted three requests: one that was served, one that
// needed too much, and one that panicked. Each has waited for memory.
func served(t testing.TB) *scopehttp.Counters {
	c := new(scopehttp.Counters)
	h := scopehttp.Middleware(scopehttp.Count(c), scopehttp.Limit(4<<20),
		scopehttp.Reserve(func(*http.Request) int { return 100 }, time.Second))(
		http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/small":
				scope.Make[byte](r.Context(), 10_000)
			case "/large":
				scope.Make[byte](r.Context(), 8<<20)
			default:
				panic(r.URL.Path)
			}
		}))
	for path, code := range map[string]int{"/small": 200, "/large": 413} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		require.Equal(t, code, w.Code)
	}
	assert.Panics(t, func() { h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/panic", nil)) })
	return c
}

// TestHTTP: what is exported is what scopehttp counts.
func TestHTTP(t *testing.T) {
	c := served(t)
	n := c.Stats()
	registry := prometheus.NewPedanticRegistry()
	require.NoError(t, registry.Register(scopeprom.New(scopeprom.HTTP("web", c))))
	all := gather(t, registry)
	require.Greater(t, n.Waited, 0.0)
	require.Greater(t, n.Peaks.Sum, uint64(10_000))
	assert.Equal(t, map[string]float64{
		`allocarrays_scopes_open{owner="web"}`:                      0,
		`allocarrays_scopes_total{outcome="ok",owner="web"}`:        1,
		`allocarrays_scopes_total{outcome="overran",owner="web"}`:   0,
		`allocarrays_scopes_total{outcome="exhausted",owner="web"}`: 1,
		`allocarrays_scopes_total{outcome="aborted",owner="web"}`:   0,
		`allocarrays_scopes_total{outcome="panic",owner="web"}`:     1,
		`allocarrays_exhausted_total{level="own",owner="web"}`:      1,
		`allocarrays_exhausted_total{level="tenant",owner="web"}`:   0,
		`allocarrays_exhausted_total{level="process",owner="web"}`:  0,
		`allocarrays_scope_peak_bytes_count{owner="web"}`:           3,
		`allocarrays_scope_peak_bytes_sum{owner="web"}`:             float64(n.Peaks.Sum),
		`allocarrays_reserve_wait_seconds_count{owner="web"}`:       3,
		`allocarrays_reserve_wait_seconds_sum{owner="web"}`:         n.Waited,
	}, all)
	metrics := make(chan prometheus.Metric, 100)
	scopeprom.New(scopeprom.HTTP("web", c)).Collect(metrics)
	atMost, count, _ := histogram(t, metrics)
	assert.Equal(t, uint64(3), count)
	assert.Len(t, atMost, 11)
	assert.Equal(t, uint64(0), atMost[1<<12], "each had reserved that much")
	assert.Equal(t, uint64(3), atMost[1<<16])
	assert.Equal(t, uint64(3), atMost[1<<30])
}

func TestHTTPMisuse(t *testing.T) {
	assert.PanicsWithValue(t, `scopeprom: HTTP("b", nil)`, func() { scopeprom.HTTP("b", nil) })
	assert.PanicsWithValue(t, `scopeprom: Scopes "b" was given twice`, func() {
		scopeprom.New(scopeprom.Scopes("b", server{}), scopeprom.HTTP("b", served(t)))
	})
}
