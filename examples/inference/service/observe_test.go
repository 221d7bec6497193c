package service_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/examples/inference/service"
	"github.com/allocarrays/allocarrays-go/examples/internal/mlp"
)

// stats is the JSON object of /v1/stats as the page uses it.
type stats struct {
	Interval int    `json:"interval_ms"`
	Next     uint64 `json:"next"`
	Samples  []struct {
		Seq       uint64 `json:"seq"`
		Requests  uint64 `json:"requests"`
		Images    uint64 `json:"images"`
		Live      uint64 `json:"heap_live_bytes"`
		Allocated uint64 `json:"heap_alloc_bytes"`
		Cycles    uint64 `json:"gc_cycles"`
		Scopes    uint64 `json:"scope_bytes"`
	} `json:"samples"`
	Requests uint64 `json:"requests"`
	Refused  uint64 `json:"refused"`
	Images   uint64 `json:"images"`
	Heap     struct {
		Live      uint64 `json:"live_bytes"`
		Allocated uint64 `json:"allocated_bytes"`
		Objects   uint64 `json:"allocated_objects"`
		Cycles    uint64 `json:"gc_cycles"`
	} `json:"heap"`
	Scopes struct {
		Used     int    `json:"used_bytes"`
		Capacity int    `json:"capacity_bytes"`
		Limit    int    `json:"limit_bytes"`
		Opened   uint64 `json:"opened"`
		Late     uint64 `json:"late"`
	} `json:"scopes"`
}

func (s *server) stats(query string) (v stats) {
	s.t.Helper()
	resp, body := s.get("/v1/stats" + query)
	require.Equal(s.t, 200, resp.StatusCode)
	d := json.NewDecoder(strings.NewReader(body))
	d.DisallowUnknownFields()
	require.NoError(s.t, d.Decode(&v))
	return v
}

// TestStats: the samples add up to what was asked.
func TestStats(t *testing.T) {
	limits := service.DefaultLimits()
	s := serve(t, limits)
	for i := range 5 {
		s.post("", asRaw, bytes.NewReader(make([]byte, (i+1)*mlp.Pixels)))
		s.post("", asRaw, strings.NewReader("x"))
	}
	var all stats
	requests, images, peak := uint64(0), uint64(0), uint64(0)
	require.Eventually(t, func() bool { // until the sample after the last request
		all = s.stats("")
		requests, images, peak = 0, 0, 0
		for _, v := range all.Samples {
			requests, images, peak = requests+v.Requests, images+v.Images, max(peak, v.Scopes)
		}
		return requests == 5
	}, 20*time.Second, 50*time.Millisecond)
	require.EqualValues(t, 15, images)
	require.Greater(t, peak, uint64(5*mlp.Pixels*4), "the array of the last request")
	require.Less(t, peak, uint64(1<<20))
	require.EqualValues(t, 5, all.Requests)
	require.EqualValues(t, 5, all.Refused)
	require.EqualValues(t, 15, all.Images)
	require.Equal(t, 250, all.Interval)
	require.EqualValues(t, 10, all.Scopes.Opened)
	require.Equal(t, limits.Memory, all.Scopes.Limit)
	require.Zero(t, all.Scopes.Used)
	require.Zero(t, all.Scopes.Late)
	require.Positive(t, all.Heap.Live)
	for i, v := range all.Samples {
		require.EqualValues(t, i, v.Seq)
	}
	later := s.stats(fmt.Sprintf("?since=%d", all.Next))
	for _, v := range later.Samples {
		require.GreaterOrEqual(t, v.Seq, all.Next)
	}
	require.NotNil(t, s.stats("?since=9007199254740991").Samples, "an empty list")
	resp, body := s.get("/v1/stats?since=-1")
	require.Equal(t, 400, resp.StatusCode)
	require.JSONEq(t, `{"error":"since is \"-1\", not a number"}`, body)
}

// TestMetrics reads the text as Prometheus does, and finds what happened.
func TestMetrics(t *testing.T) {
	s := serve(t, service.DefaultLimits())
	s.post("", asRaw, bytes.NewReader(make([]byte, 3*mlp.Pixels)))
	s.post("", asJSON, strings.NewReader("{"))
	resp, text := s.get("/metrics")
	require.Equal(t, "text/plain; version=0.0.4; charset=utf-8", resp.Header.Get("Content-Type"))
	line := regexp.MustCompile(`^([a-z_]+)(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? [0-9.e+-]+$`)
	values, types := map[string]string{}, map[string]bool{}
	for l := range strings.Lines(text) {
		l = strings.TrimSuffix(l, "\n")
		if name, ok := strings.CutPrefix(l, "# TYPE "); ok {
			types[strings.Fields(name)[0]] = true
		}
		if strings.HasPrefix(l, "#") {
			continue
		}
		m := line.FindStringSubmatch(l)
		require.NotNil(t, m, l)
		family := regexp.MustCompile(`_(bucket|sum|count)$`).ReplaceAllString(m[1], "")
		require.True(t, types[m[1]] || types[family], l)
		key, value, _ := strings.Cut(l, " ")
		require.NotContains(t, values, key, "twice")
		values[key] = value
	}
	for key, want := range map[string]string{
		`inference_requests_total{code="200"}`: "1", `inference_requests_total{code="400"}`: "1", `inference_requests_total{code="503"}`: "0",
		"inference_images_total": "3", "inference_request_duration_seconds_count": "2",
		`inference_request_duration_seconds_bucket{le="+Inf"}`:          "2",
		`allocarrays_buffer_regions_total{owner="inference"}`:           "2",
		`allocarrays_buffer_used_bytes{owner="inference"}`:              "0",
		`allocarrays_buffer_limit_bytes{owner="inference"}`:             fmt.Sprint(128 << 20),
		`allocarrays_exhausted_total{owner="inference",level="buffer"}`: "0",
		`allocarrays_scopes_open{owner="inference"}`:                    "0",
		`allocarrays_scopes_total{owner="inference",outcome="ok"}`:      "2",
		`allocarrays_scopes_total{owner="inference",outcome="panic"}`:   "0",
		`allocarrays_scope_peak_bytes_count{owner="inference"}`:         "2",
		"allocarrays_stale_uses_total":                                  "0",
		`allocarrays_late_allocations_total{owner="inference"}`:         "0",
	} {
		require.Equal(t, want, values[key], key)
	}
	_, health := s.get("/healthz")
	require.Equal(t, "ok\n", health)
}

// TestPage: the page and its parts are there, ask nobody else for anything, and are not
// sent twice.
func TestPage(t *testing.T) {
	s := serve(t, service.DefaultLimits())
	_, page := s.get("/")
	parts := map[string]bool{"/": true}
	for _, m := range regexp.MustCompile(`(?:src|href)="(/[a-z]+\.[a-z]+)"`).FindAllStringSubmatch(page, -1) {
		parts[m[1]] = true
	}
	require.Len(t, parts, 6)
	for path := range parts {
		resp, body := s.get(path)
		require.Equal(t, 200, resp.StatusCode, path)
		require.Contains(t, resp.Header.Get("Content-Security-Policy"), "default-src 'none'; script-src 'self'")
		require.Equal(t, "nosniff", resp.Header.Get("X-Content-Type-Options"))
		for _, u := range regexp.MustCompile(`(https?:)?//[a-z0-9.]+[^\s"'<]*`).FindAllString(body, -1) {
			require.Contains(t, []string{"http://www.w3.org/2000/svg", "http://localhost:8080"}, u, path)
		}
		req, err := http.NewRequestWithContext(t.Context(), "GET", "http://"+s.address+path, nil)
		require.NoError(t, err)
		req.Header.Set("If-None-Match", resp.Header.Get("ETag"))
		resp, err = s.client.Do(req)
		require.NoError(t, err)
		resp.Body.Close()
		require.Equal(t, 304, resp.StatusCode, path)
	}
}

// TestOtherSites: a page of another site cannot use the service of its visitor.
func TestOtherSites(t *testing.T) {
	s := serve(t, service.DefaultLimits())
	for site, status := range map[string]int{"cross-site": 403, "same-site": 403, "same-origin": 200, "none": 200} {
		req, err := http.NewRequestWithContext(t.Context(), "POST", "http://"+s.address+"/v1/predict", bytes.NewReader(make([]byte, 784)))
		require.NoError(t, err)
		req.Header.Set("Content-Type", asRaw)
		req.Header.Set("Sec-Fetch-Site", site)
		resp, err := s.client.Do(req)
		require.NoError(t, err)
		resp.Body.Close()
		require.Equal(t, status, resp.StatusCode, site)
	}
}
