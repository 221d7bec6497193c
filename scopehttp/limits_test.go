package scopehttp_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/meter"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scopehttp"
)

// taking allocates as many bytes as the query says, in blocks of 1 KiB and then in one.
func taking(w http.ResponseWriter, r *http.Request) {
	n, _ := strconv.Atoi(r.URL.Query().Get("n"))
	for range min(n/2048, 100) {
		scope.Make[byte](r.Context(), 1024)
	}
	scope.Make[byte](r.Context(), n/2)
}

// TestLevels: whose limit refuses decides about the status; and everything is discharged.
func TestLevels(t *testing.T) {
	versions(t, func(t *testing.T, h2 bool) {
		process := meter.NewLimit(nil, "process", 8<<20)
		tenants := map[string]*meter.Limit{"7": meter.NewLimit(process, "tenant 7", 2<<20)}
		var c scopehttp.Counters
		shared := locked.Share(bumper.NewSlabBuffer(bumper.Isolating()))
		s := server(t, scopehttp.Middleware(
			scopehttp.Buffer(shared),
			scopehttp.Within(process),
			scopehttp.Tenant(func(r *http.Request) *meter.Limit { return tenants[r.URL.Query().Get("tenant")] }),
			scopehttp.Limit(4<<20),
			scopehttp.Count(&c),
		)(handler(taking)), h2)

		release := hold(t, scope.WithAllocator(t.Context(), meter.New(scope.Heap(), meter.Within(process))), 6<<20)
		for _, tt := range []struct {
			path   string
			status int
		}{
			{"/?n=1000", 200},
			{"/?tenant=7&n=1000000", 200},
			{"/?tenant=7&n=8000000", 429}, // more than the tenant has
			{"/?n=5000000", 503},          // more than the process has left
			{"/?n=9000000", 413},          // more than a request may have
			{"/?tenant=8&n=9000000", 413}, // a tenant without a limit
		} {
			resp, _ := get(t, s, tt.path)
			require.Equal(t, tt.status, resp.StatusCode, tt.path)
			require.Equal(t, tt.status == 429 || tt.status == 503, resp.Header.Get("Retry-After") != "", tt.path)
		}
		require.Eventually(t, func() bool { return c.Stats().Open == 0 }, time.Minute, time.Millisecond)
		release()
		require.Zero(t, process.Stats().Used)
		require.Zero(t, tenants["7"].Stats().Used)
		n := c.Stats()
		require.Equal(t, [...]uint64{2, 4, 2, 1, 1}, [...]uint64{n.Done, n.Refused, n.Own, n.Tenant, n.Process})
	})
}

// hold holds n bytes in a scope until release is called.
func hold(t *testing.T, ctx context.Context, n int) (release func()) {
	t.Helper()
	ctx, s := scope.Open(ctx)
	_, _, err := scope.Alloc[byte](ctx, n)
	require.NoError(t, err)
	return func() { require.NoError(t, s.End()) }
}

// TestOneLimitAlone: each limit decides about the status without the others, and that of the
// buffer, or of a meter around it, is the process's.
func TestOneLimitAlone(t *testing.T) {
	limit := meter.NewLimit(nil, "tenant", 1<<20)
	for name, tt := range map[string]struct {
		opt    scopehttp.Option
		status int
	}{
		"own":     {scopehttp.Limit(1 << 20), 413},
		"tenant":  {scopehttp.Tenant(func(*http.Request) *meter.Limit { return limit }), 429},
		"process": {scopehttp.Within(limit), 503},
		"none":    {scopehttp.Tenant(func(*http.Request) *meter.Limit { return nil }), 200},
		"buffer": {scopehttp.Buffer(locked.Share(bumper.NewSlabBuffer(bumper.Isolating(), bumper.Limit(1<<20)))),
			503},
		"meter": {scopehttp.Buffer(meter.New(locked.Share(bumper.NewSlabBuffer(bumper.Isolating())), meter.Within(limit))),
			503},
	} {
		t.Run(name, func(t *testing.T) {
			h := scopehttp.Middleware(tt.opt)(handler(taking))
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/?n=4000000", nil))
			require.Equal(t, tt.status, w.Code)
			w = httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/?n=40000", nil))
			require.Equal(t, 200, w.Code)
			require.Zero(t, limit.Stats().Used)
		})
	}
}

// TestTenantOutsideTheProcess panics, before anything is counted.
func TestTenantOutsideTheProcess(t *testing.T) {
	var c scopehttp.Counters
	h := scopehttp.Middleware(
		scopehttp.Within(meter.NewLimit(nil, "process", 1<<20)),
		scopehttp.Tenant(func(*http.Request) *meter.Limit { return meter.NewLimit(nil, "stray", 1<<20) }),
		scopehttp.Count(&c),
	)(handler(taking))
	require.Panics(t, func() { record(h) })
	require.Zero(t, c.Stats().Open)
}

// TestReserveWaits: a request waits for the memory it says it needs, and no longer than it
// may.
func TestReserveWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c scopehttp.Counters
		process := meter.NewLimit(nil, "process", 1<<20)
		h := scopehttp.Middleware(scopehttp.Within(process), scopehttp.Count(&c),
			scopehttp.Reserve(func(r *http.Request) int { return int(r.ContentLength) }, 3*time.Second),
			scopehttp.Fast(),
		)(handler(func(_ http.ResponseWriter, r *http.Request) {
			scope.Make[byte](r.Context(), int(r.ContentLength))
			time.Sleep(2 * time.Second)
		}))
		call := func(n int) (status int, took time.Duration) {
			begin := time.Now()
			r := httptest.NewRequest(http.MethodPost, "/", http.NoBody)
			r.ContentLength = int64(n)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			return w.Code, time.Since(begin)
		}
		type answer struct {
			status int
			took   time.Duration
		}
		answers := make(chan answer, 3)
		for range 3 {
			go func() {
				s, d := call(600_000)
				answers <- answer{s, d}
			}()
			synctest.Wait()
		}
		require.Equal(t, answer{200, 2 * time.Second}, <-answers)
		require.Equal(t, answer{503, 3 * time.Second}, <-answers) // the third: after two others
		require.Equal(t, answer{200, 4 * time.Second}, <-answers) // the second
		status, took := call(2 << 20)                             // never
		require.Equal(t, 503, status)
		require.Zero(t, took)
		status, _ = call(0)
		require.Equal(t, 200, status)
		s := c.Stats()
		require.Equal(t, uint64(4), s.Reserved)
		require.InDelta(t, 5, s.Waited, 1e-9)
		require.Zero(t, process.Stats().Used)
	})
}

// TestPeaks: the histogram has each scope once, in the right bucket.
func TestPeaks(t *testing.T) {
	var c scopehttp.Counters
	h := scopehttp.Middleware(scopehttp.Count(&c), scopehttp.Limit(1<<30))(handler(taking))
	sum := uint64(0)
	for _, n := range []int{0, 100, 1_000_000, 50_000_000} {
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/?n="+strconv.Itoa(n), nil))
	}
	p := c.Stats().Peaks
	var all uint64
	for i, n := range p.Count {
		all += n
		sum += n * uint64(scopehttp.PeakBound(i))
	}
	require.Equal(t, uint64(4), all)
	require.Equal(t, uint64(1), p.Count[0])            // nothing
	require.Equal(t, uint64(1), p.Count[1]+p.Count[2]) // what a region begins with
	require.Less(t, p.Sum, sum)
	require.Greater(t, p.Sum, sum/4)

	var exact scopehttp.Histogram
	for _, tt := range []struct{ bytes, bucket int }{
		{0, 0}, {1024, 0}, {1025, 1}, {4096, 1}, {4097, 2}, {16384, 2}, {1 << 30, 10}, {1<<30 + 1, 11}, {1<<31 - 1, 11},
	} {
		before := exact.Read().Count[tt.bucket]
		exact.Add(tt.bytes)
		require.Equal(t, before+1, exact.Read().Count[tt.bucket], tt.bytes)
	}
}

// TestCountersAreAnExpvar: String is JSON with all the numbers.
func TestCountersAreAnExpvar(t *testing.T) {
	var c scopehttp.Counters
	h := scopehttp.Middleware(scopehttp.Count(&c), scopehttp.Limit(1<<20))(handler(taking))
	record(h)
	scopehttp.Middleware(scopehttp.Count(&c), scopehttp.Buffer(scope.Heap()))
	var s scopehttp.Stats
	require.NoError(t, json.Unmarshal([]byte(c.String()), &s))
	require.Equal(t, c.Stats(), s)
	require.Equal(t, uint64(1), s.Done)
	require.Len(t, s.Buffer, 1)
	var all map[string]any
	require.NoError(t, json.Unmarshal([]byte(c.String()), &all))
	for _, name := range []string{"open", "done", "refused", "exhausted_tenant", "stale_uses", "scope_peak_bytes", "buffers"} {
		require.Contains(t, all, name)
	}
}

// TestSharedCounters: one buffer of several middlewares is listed once.
func TestSharedCounters(t *testing.T) {
	var c scopehttp.Counters
	shared := locked.Share(bumper.NewSlabBuffer(bumper.Isolating()))
	for range 2 {
		mw := scopehttp.Middleware(scopehttp.Count(&c), scopehttp.Buffer(meter.New(shared)))
		record(mw(handler(taking)))
	}
	require.Len(t, c.Stats().Buffer, 1)
	require.Equal(t, uint64(2), c.Stats().Done)
}

// TestErrorsOfLimits: the refusal's error has the numbers, and names the limit.
func TestErrorsOfLimits(t *testing.T) {
	var refused error
	h := scopehttp.Middleware(scopehttp.Limit(1<<20), scopehttp.Refusal(
		func(_ http.ResponseWriter, _ *http.Request, status int, err error) { refused = err }))(handler(taking))
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/?n=4000000", nil))
	e, ok := errors.AsType[*scope.ExhaustedError](refused)
	require.True(t, ok)
	require.Equal(t, uintptr(2_000_000), e.Requested)
	require.Less(t, e.Available, e.Requested)
	require.Equal(t, "request", meter.RefusedBy(refused).Name())
}
