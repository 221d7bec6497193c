package scopehttp_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/meter"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scopehttp"
)

// TestTimeoutInTimeout: each keeps the scope, which ends once.
func TestTimeoutInTimeout(t *testing.T) {
	shared := locked.Share(bumper.NewSlabBuffer())
	var c scopehttp.Counters
	goOn, over := make(chan bool), make(chan bool)
	inner := scopehttp.Timeout(handler(func(_ http.ResponseWriter, r *http.Request) {
		defer close(over)
		x := allocarray.New[int](r.Context(), 10)
		<-goOn
		x.Set(1, 1)
	}), time.Hour, "inner")
	h := scopehttp.Middleware(scopehttp.Buffer(shared), scopehttp.Fast(), scopehttp.Count(&c))(scopehttp.Timeout(inner, short, "outer"))
	require.Equal(t, "outer", record(h).Body.String())
	require.Equal(t, 1, shared.Stats().Open)
	close(goOn)
	<-over
	require.Eventually(t, func() bool { return c.Stats().Open == 0 }, time.Minute, time.Millisecond)
	require.Equal(t, uint64(1), c.Stats().Overran)
	require.Zero(t, shared.Stats().Open)
}

// TestRefusalPanics: the panic passes, and the request is counted once.
func TestRefusalPanics(t *testing.T) {
	var c scopehttp.Counters
	h := scopehttp.Middleware(scopehttp.Count(&c), scopehttp.Refusal(
		func(http.ResponseWriter, *http.Request, int, error) { panic("in the refusal") }))(
		handler(func(http.ResponseWriter, *http.Request) { exhaust() }))
	require.PanicsWithValue(t, "in the refusal", func() { record(h) })
	s := c.Stats()
	require.Zero(t, s.Open)
	require.Equal(t, uint64(1), s.Refused)
}

// TestFunctionsOfTheUserPanic: nothing stays open.
func TestFunctionsOfTheUserPanic(t *testing.T) {
	for name, opt := range map[string]scopehttp.Option{
		"tenant":  scopehttp.Tenant(func(*http.Request) *meter.Limit { panic("user") }),
		"reserve": scopehttp.Reserve(func(*http.Request) int { panic("user") }, time.Second),
	} {
		t.Run(name, func(t *testing.T) {
			var c scopehttp.Counters
			h := scopehttp.Middleware(scopehttp.Count(&c), opt)(handler(taking))
			require.PanicsWithValue(t, "user", func() { record(h) })
			require.Zero(t, c.Stats().Open)
			require.Zero(t, c.Stats().Buffer[0].Open)
		})
	}
}

// TestGoroutinesOfARequest share its scope while it lasts; one that goes on gets the heap's
// memory, and is counted.
func TestGoroutinesOfARequest(t *testing.T) {
	shared := locked.Share(bumper.NewSlabBuffer(bumper.Isolating()))
	goOn := make(chan bool)
	var late sync.WaitGroup
	h := scopehttp.Middleware(scopehttp.Buffer(shared))(handler(func(w http.ResponseWriter, r *http.Request) {
		var wg sync.WaitGroup
		parts := make([][]byte, 4)
		for i := range parts {
			wg.Go(func() {
				for range 100 {
					parts[i] = scope.Make[byte](r.Context(), 64)
				}
				fill(parts[i], uint64(i))
			})
		}
		wg.Wait()
		for i, p := range parts {
			require.Zero(t, foreign(p, uint64(i)))
		}
		ctx := r.Context()
		late.Go(func() {
			<-goOn
			fill(scope.Make[byte](ctx, 64), 7)
		})
	}))
	require.Equal(t, 200, record(h).Code)
	close(goOn)
	late.Wait()
	require.Equal(t, uint64(1), shared.Stats().Late)
	require.Zero(t, shared.Stats().Open)
}

// TestReservationOfACancelledRequest: it is refused at once, though nobody may read that.
func TestReservationOfACancelledRequest(t *testing.T) {
	var c scopehttp.Counters
	process := meter.NewLimit(nil, "process", 1<<20)
	h := scopehttp.Middleware(scopehttp.Within(process), scopehttp.Fast(), scopehttp.Count(&c),
		scopehttp.Reserve(func(*http.Request) int { return 600_000 }, time.Hour))(handler(taking))
	release := hold(t, scope.WithAllocator(t.Context(), meter.New(scope.Heap(), meter.Within(process))), 600_000)
	defer release()
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("the client has gone"))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil))
	require.Equal(t, http.StatusServiceUnavailable, w.Code)
	require.Zero(t, c.Stats().Open)
}

// TestExhaustedWhileReading: the rest of a long body does not confuse the next request on the
// connection.
func TestExhaustedWhileReading(t *testing.T) {
	s := server(t, scopehttp.Middleware(scopehttp.Limit(100_000))(handler(func(_ http.ResponseWriter, r *http.Request) {
		b := scope.NewBuilder[byte](r.Context(), 0)
		if _, err := scope.ReadFrom(b, r.Body, 1<<30); err != nil {
			panic(err)
		}
	})), false)
	for _, size := range []int{200_000, 250_000, 10} {
		resp, err := s.Client().Post(s.URL, "text/plain", strings.NewReader(strings.Repeat("x", size)))
		require.NoError(t, err)
		_, err = io.Copy(io.Discard, resp.Body)
		require.NoError(t, err)
		resp.Body.Close()
		require.Equal(t, map[bool]int{true: 413, false: 200}[size > 100_000], resp.StatusCode)
	}
}

// TestHead: an answer without a body.
func TestHead(t *testing.T) {
	versions(t, func(t *testing.T, h2 bool) {
		s := server(t, scopehttp.Middleware()(handler(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/exhausted" {
				exhaust()
			}
			_, _ = w.Write(scope.Make[byte](r.Context(), 100))
		})), h2)
		for path, status := range map[string]int{"/": 200, "/exhausted": 503} {
			resp, err := s.Client().Head(s.URL + path)
			require.NoError(t, err)
			resp.Body.Close()
			require.Equal(t, status, resp.StatusCode)
		}
	})
}
