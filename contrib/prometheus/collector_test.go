package scopeprom_test

import (
	"context"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	dto "github.com/prometheus/client_model/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/allocarrays/allocarrays-go/bumper"
	scopeprom "github.com/allocarrays/allocarrays-go/contrib/prometheus"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/meter"
	"github.com/allocarrays/allocarrays-go/scope"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// server is a Server.
type server map[string]uint64

func (s server) Open() int                    { return len(s) }
func (s server) Outcomes() map[string]uint64  { return s }
func (s server) Exhausted() map[string]uint64 { return map[string]uint64{"own": 7} }

func (s server) Peaks() (atMost map[float64]uint64, count uint64, sum float64) {
	return map[float64]uint64{1 << 10: 5, 1 << 12: 7, 1 << 30: 7}, 8, 1 << 40
}

// fallback is a meter that has fallen back to the heap.
func fallback(t testing.TB) *meter.Meter {
	m := meter.New(locked.Share(bumper.NewSlabBuffer(bumper.Limit(1))), meter.Fallback())
	for range 2 {
		_, err := m.Alloc(2048, 1)
		require.NoError(t, err)
	}
	return m
}

// limit is a limit to which something is charged, and that has refused something.
func limit(t testing.TB) *meter.Limit {
	l := meter.NewLimit(nil, "process", 1<<20)
	_, err := meter.Source(l, bumper.GoHeap()).Acquire(4096)
	require.NoError(t, err)
	_, err = meter.Source(l, bumper.GoHeap()).Acquire(2 << 20)
	require.ErrorIs(t, err, scope.ErrExhausted)
	return l
}

// used is a buffer that has been used in every way that it counts.
func used(t testing.TB) *locked.Buffer {
	b := locked.Share(bumper.NewSlabBuffer(bumper.Limit(1<<20), bumper.SlabSize(64<<10)))
	ctx := scope.WithAllocator(context.Background(), b)
	scope.Make[byte](ctx, 1000) // outside
	var kept context.Context
	require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
		kept = ctx
		scope.Make[byte](ctx, 20<<10)
		return nil
	}))
	scope.Make[byte](kept, 8)
	require.ErrorIs(t, scope.NoEscape(ctx, func(ctx context.Context) error { scope.Make[byte](ctx, 2<<20); return nil }), scope.ErrExhausted)
	open, s := scope.Open(ctx)
	scope.Make[byte](open, 8)
	t.Cleanup(func() { assert.NoError(t, s.End()) })
	return b
}

func everything(t testing.TB) *scopeprom.Collector {
	return scopeprom.New(
		scopeprom.Process(),
		scopeprom.Buffer("inference", used(t)),
		scopeprom.Scopes("rpc", server{"ok": 3, "error": 1}),
		scopeprom.HTTP("web", served(t)),
		scopeprom.Limit("process", limit(t)),
		scopeprom.Fallback("inference", fallback(t)),
	)
}

// TestValues: what is exported is what the sources tell.
func TestValues(t *testing.T) {
	b := used(t)
	n := b.Stats()
	for _, value := range []int{n.Used, n.Idle, n.LargestIdle, n.Capacity, n.Outside, n.Open, n.PeakRegion, int(n.Regions)} {
		require.NotZero(t, value, n)
	}
	registry := prometheus.NewPedanticRegistry()
	require.NoError(t, registry.Register(scopeprom.New(
		scopeprom.Process(),
		scopeprom.Buffer("inference", b),
		scopeprom.Scopes("rpc", server{"ok": 3, "error": 1}),
		scopeprom.Limit("process", limit(t)),
		scopeprom.Fallback("inference", fallback(t)),
	)))
	all := gather(t, registry)
	assert.Equal(t, map[string]float64{
		`allocarrays_buffer_used_bytes{owner="inference"}`:              float64(n.Used),
		`allocarrays_buffer_idle_bytes{owner="inference"}`:              float64(n.Idle),
		`allocarrays_buffer_largest_idle_bytes{owner="inference"}`:      float64(n.LargestIdle),
		`allocarrays_buffer_capacity_bytes{owner="inference"}`:          float64(n.Capacity),
		`allocarrays_buffer_limit_bytes{owner="inference"}`:             1 << 20,
		`allocarrays_buffer_outside_bytes{owner="inference"}`:           float64(n.Outside),
		`allocarrays_buffer_open_regions{owner="inference"}`:            float64(n.Open),
		`allocarrays_buffer_regions_total{owner="inference"}`:           float64(n.Regions),
		`allocarrays_buffer_peak_region_bytes{owner="inference"}`:       float64(n.PeakRegion),
		`allocarrays_late_allocations_total{owner="inference"}`:         1,
		`allocarrays_exhausted_total{level="buffer",owner="inference"}`: 1,
		`allocarrays_scopes_open{owner="rpc"}`:                          2,
		`allocarrays_scopes_total{outcome="ok",owner="rpc"}`:            3,
		`allocarrays_scopes_total{outcome="error",owner="rpc"}`:         1,
		`allocarrays_fallback_blocks_total{owner="inference"}`:          2,
		`allocarrays_fallback_bytes_total{owner="inference"}`:           4096,
		`allocarrays_leaked_scopes_total{}`:                             float64(scope.Leaks()),
		`allocarrays_stale_uses_total{}`:                                float64(scope.StaleUses()),
		`allocarrays_exhausted_total{level="own",owner="rpc"}`:          7,
		`allocarrays_scope_peak_bytes_count{owner="rpc"}`:               8,
		`allocarrays_scope_peak_bytes_sum{owner="rpc"}`:                 1 << 40,
		`allocarrays_limit_used_bytes{owner="process"}`:                 4096,
		`allocarrays_limit_bytes{owner="process"}`:                      1 << 20,
		`allocarrays_limit_refused_total{owner="process"}`:              1,
	}, all)
}

// gather returns every series of a registry.
func gather(t testing.TB, g prometheus.Gatherer) map[string]float64 {
	t.Helper()
	families, err := g.Gather()
	require.NoError(t, err)
	all := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			var labels []string
			for _, l := range m.GetLabel() {
				labels = append(labels, l.GetName()+`="`+l.GetValue()+`"`)
			}
			slices.Sort(labels)
			series := "{" + strings.Join(labels, ",") + "}"
			switch f.GetType() {
			case dto.MetricType_HISTOGRAM:
				all[f.GetName()+"_count"+series] = float64(m.GetHistogram().GetSampleCount())
				all[f.GetName()+"_sum"+series] = m.GetHistogram().GetSampleSum()
			case dto.MetricType_SUMMARY:
				all[f.GetName()+"_count"+series] = float64(m.GetSummary().GetSampleCount())
				all[f.GetName()+"_sum"+series] = m.GetSummary().GetSampleSum()
			default:
				all[f.GetName()+series] = m.GetGauge().GetValue() + m.GetCounter().GetValue()
			}
		}
	}
	return all
}

// TestLint: names, units and help are what Prometheus recommends.
func TestLint(t *testing.T) {
	problems, err := testutil.CollectAndLint(everything(t))
	require.NoError(t, err)
	assert.Empty(t, problems)
}

// TestHistogram: what is beyond the last bound is in no bucket.
func TestHistogram(t *testing.T) {
	metrics := make(chan prometheus.Metric, 100)
	scopeprom.New(scopeprom.Scopes("s", server{})).Collect(metrics)
	atMost, count, sum := histogram(t, metrics)
	assert.Equal(t, map[float64]uint64{1 << 10: 5, 1 << 12: 7, 1 << 30: 7}, atMost)
	assert.Equal(t, uint64(8), count)
	assert.Equal(t, float64(1<<40), sum)
}

// histogram returns the only histogram of what was collected.
func histogram(t *testing.T, metrics chan prometheus.Metric) (atMost map[float64]uint64, count uint64, sum float64) {
	t.Helper()
	close(metrics)
	for m := range metrics {
		var written dto.Metric
		require.NoError(t, m.Write(&written))
		if h := written.GetHistogram(); h != nil {
			atMost = map[float64]uint64{}
			for _, b := range h.GetBucket() {
				atMost[b.GetUpperBound()] = b.GetCumulativeCount()
			}
			return atMost, h.GetSampleCount(), h.GetSampleSum()
		}
	}
	t.Fatal("no histogram")
	return nil, 0, 0
}

// TestNoLimit: a buffer without a limit has no metric of it, which would be 0.
func TestNoLimit(t *testing.T) {
	c := scopeprom.New(scopeprom.Buffer("b", locked.Share(bumper.NewSlabBuffer())))
	assert.Zero(t, testutil.CollectAndCount(c, "allocarrays_buffer_limit_bytes"))
	assert.Equal(t, 10, testutil.CollectAndCount(c))
}

// TestRegistry: nothing is registered by an import; a registry takes several Collectors.
func TestRegistry(t *testing.T) {
	for name := range gather(t, prometheus.DefaultGatherer) {
		assert.NotContains(t, name, "allocarrays")
	}
	registry := prometheus.NewPedanticRegistry()
	b := locked.Share(bumper.NewSlabBuffer())
	require.NoError(t, registry.Register(scopeprom.New(scopeprom.Process(), scopeprom.Buffer("a", b))))
	require.NoError(t, registry.Register(scopeprom.New(scopeprom.Buffer("b", b))))
	assert.Len(t, gather(t, registry), 22)
	assert.Error(t, registry.Register(scopeprom.New(scopeprom.Buffer("b", b))))
}

func TestMisuse(t *testing.T) {
	b := locked.Share(bumper.NewSlabBuffer())
	l, m := meter.NewLimit(nil, "l", 0), meter.New(b)
	for want, f := range map[string]func(){
		`scopeprom: Buffer "b" was given twice`:   func() { scopeprom.New(scopeprom.Buffer("b", b), scopeprom.Buffer("b", b)) },
		`scopeprom: Process "" was given twice`:   func() { scopeprom.New(scopeprom.Process(), scopeprom.Process()) },
		`scopeprom: Buffer with an empty owner`:   func() { scopeprom.New(scopeprom.Buffer("", b)) },
		`scopeprom: Scopes with an empty owner`:   func() { scopeprom.New(scopeprom.Scopes("", server{})) },
		`scopeprom: Fallback with an empty owner`: func() { scopeprom.New(scopeprom.Fallback("", m)) },
		`scopeprom: Buffer("b", nil)`:             func() { scopeprom.Buffer("b", nil) },
		`scopeprom: Scopes("b", nil)`:             func() { scopeprom.Scopes("b", nil) },
		`scopeprom: Limit with an empty owner`:    func() { scopeprom.New(scopeprom.Limit("", l)) },
		`scopeprom: Limit("b", nil)`:              func() { scopeprom.Limit("b", nil) },
		`scopeprom: Scopes "b" was given twice`:   func() { scopeprom.New(scopeprom.Scopes("b", server{}), scopeprom.Scopes("b", server{})) },
		`scopeprom: Fallback("b", nil)`:           func() { scopeprom.Fallback("b", nil) },
	} {
		assert.PanicsWithValue(t, want, f)
	}
	assert.NotPanics(t, func() { scopeprom.New(scopeprom.Buffer("b", b), scopeprom.Fallback("b", m), scopeprom.Limit("b", l)) })
}

// TestOutcomes: the series of a server are bounded, whatever it returns.
func TestOutcomes(t *testing.T) {
	s := server{"other": 5}
	for i := range 26 {
		s[string(rune('a'+i))] = 1
	}
	registry := prometheus.NewPedanticRegistry()
	require.NoError(t, registry.Register(scopeprom.New(scopeprom.Scopes("s", s))))
	all := gather(t, registry)
	assert.Len(t, all, 20) // 15 names, "other", scopes_open, a level, and two of the histogram
	assert.Equal(t, 16.0, all[`allocarrays_scopes_total{outcome="other",owner="s"}`])
}

// TestConcurrently: numbers are read while the buffer is used.
func TestConcurrently(t *testing.T) {
	b := locked.Share(bumper.NewSlabBuffer())
	c := scopeprom.New(scopeprom.Buffer("b", b), scopeprom.Process())
	ctx := scope.WithAllocator(context.Background(), b)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 500 {
				_ = scope.NoEscape(ctx, func(ctx context.Context) error { scope.Make[byte](ctx, 5000); return nil })
			}
		})
		all.Go(func() {
			for range 50 {
				testutil.CollectAndCount(c)
			}
		})
	}
	all.Wait()
	assert.NoError(t, testutil.CollectAndCompare(c, strings.NewReader(`
# HELP allocarrays_buffer_regions_total Regions that were opened.
# TYPE allocarrays_buffer_regions_total counter
allocarrays_buffer_regions_total{owner="b"} 2000
`), "allocarrays_buffer_regions_total"))
}

// suffix is what Prometheus appends to histograms and summaries.
var suffix = regexp.MustCompile(`_(bytes|seconds)_(bucket|sum|count)`)

var metric = regexp.MustCompile(`allocarrays_[a-z_]+`)

// metrics are the names of all metrics.
func metrics(t testing.TB) []string {
	descs := make(chan *prometheus.Desc, 100)
	everything(t).Describe(descs)
	close(descs)
	var names []string
	for d := range descs {
		names = append(names, metric.FindString(d.String()))
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// TestFiles: the package's documentation lists every metric and no other; the dashboard and
// the alert rules use no other, and the dashboard every one.
func TestFiles(t *testing.T) {
	known := metrics(t)
	for file, complete := range map[string]bool{"doc.go": true, "dashboard.json": true, "alerts.yml": false} {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		text = []byte(suffix.ReplaceAllString(string(text), "_$1"))
		found := metric.FindAllString(string(text), -1)
		slices.Sort(found)
		found = slices.Compact(found)
		if complete {
			assert.Equal(t, known, found, file)
		} else {
			assert.Subset(t, known, found, file)
		}
	}
}
