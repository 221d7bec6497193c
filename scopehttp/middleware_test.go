package scopehttp_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scopehttp"
)

type handler = http.HandlerFunc

// TestScopePerRequest: what a request allocates lives until its handler returns.
func TestScopePerRequest(t *testing.T) {
	shared := locked.Share(bumper.NewSlabBuffer())
	var stamp scope.Stamp
	mw := scopehttp.Middleware(scopehttp.Buffer(shared), scopehttp.Fast())
	h := mw(handler(func(w http.ResponseWriter, r *http.Request) {
		x := allocarray.New[float64](r.Context(), 3, 4)
		b, err := scope.AllocatorFrom(r.Context()).Alloc(8, 8)
		require.NoError(t, err)
		stamp = b.Stamp
		require.True(t, stamp.Live() && x.Live())
		require.Equal(t, 1, shared.Stats().Open)
		w.WriteHeader(http.StatusTeapot)
	}))
	require.Equal(t, http.StatusTeapot, record(h).Code)
	require.False(t, stamp.Live())
	require.Zero(t, shared.Stats().Open)
	require.Contains(t, stamp.End(), "scopehttp")
}

// TestNothingAllocatedOpensNoRegion: a health check costs the buffer nothing.
func TestNothingAllocatedOpensNoRegion(t *testing.T) {
	shared := locked.Share(bumper.NewSlabBuffer(bumper.Isolating()))
	h := scopehttp.Middleware(scopehttp.Buffer(shared))(handler(func(http.ResponseWriter, *http.Request) {}))
	record(h)
	require.Zero(t, shared.Stats().Regions)
}

// TestScopeEndsHowever: by a panic, which passes unchanged, ErrAbortHandler too, and by
// Goexit.
func TestScopeEndsHowever(t *testing.T) {
	boom := errors.New("boom")
	ends := map[string]struct {
		end func()
		v   any
		s   scopehttp.Stats
	}{
		"return":  {func() {}, nil, scopehttp.Stats{Done: 1}},
		"abort":   {func() { panic(http.ErrAbortHandler) }, http.ErrAbortHandler, scopehttp.Stats{Aborted: 1}},
		"error":   {func() { panic(boom) }, boom, scopehttp.Stats{Panicked: 1}},
		"string":  {func() { panic("boom") }, "boom", scopehttp.Stats{Panicked: 1}},
		"goexit":  {runtime.Goexit, nil, scopehttp.Stats{Aborted: 1}},
		"nothing": {func() { panic(nil) }, new(runtime.PanicNilError), scopehttp.Stats{Panicked: 1}}, //nolint:all
	}
	for name, tt := range ends {
		t.Run(name, func(t *testing.T) {
			shared := locked.Share(bumper.NewSlabBuffer(bumper.Isolating()))
			var c scopehttp.Counters
			h := scopehttp.Middleware(scopehttp.Buffer(shared), scopehttp.Count(&c))(handler(func(_ http.ResponseWriter, r *http.Request) {
				scope.Make[byte](r.Context(), 1000)
				tt.end()
			}))
			over := make(chan any)
			go func() {
				defer func() { over <- recover() }()
				record(h)
			}()
			v := <-over
			if name == "nothing" {
				require.IsType(t, tt.v, v)
			} else {
				require.Equal(t, tt.v, v)
			}
			require.Zero(t, shared.Stats().Open)
			s := c.Stats()
			require.Equal(t, uint64(1), s.Done+s.Refused+s.Aborted+s.Panicked+s.Overran)
			s.Buffer, s.Stale = nil, 0
			require.Equal(t, tt.s, s)
		})
	}
}

// TestContextIsTheRequests: values, deadline and cancellation come through, and what is
// allocated late comes from the heap.
func TestContextIsTheRequests(t *testing.T) {
	type key struct{}
	shared := locked.Share(bumper.NewSlabBuffer(bumper.Isolating()))
	var kept context.Context
	h := scopehttp.Middleware(scopehttp.Buffer(shared))(handler(func(_ http.ResponseWriter, r *http.Request) {
		require.Equal(t, "value", r.Context().Value(key{}))
		require.ErrorIs(t, r.Context().Err(), context.Canceled)
		found, ok := locked.From(r.Context())
		require.True(t, ok)
		require.Same(t, shared, found)
		kept = r.Context()
	}))
	ctx, cancel := context.WithCancel(context.WithValue(t.Context(), key{}, "value"))
	cancel()
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil))
	require.Len(t, scope.Make[byte](kept, 100), 100)
	require.Equal(t, uint64(1), shared.Stats().Late)
}

// TestNestedMiddlewares: the inner one's scope is its own.
func TestNestedMiddlewares(t *testing.T) {
	var outer, inner scopehttp.Counters
	h := scopehttp.Middleware(scopehttp.Count(&outer))(scopehttp.Middleware(scopehttp.Count(&inner))(
		handler(func(_ http.ResponseWriter, r *http.Request) { scope.Make[byte](r.Context(), 10) })))
	record(h)
	require.Zero(t, outer.Stats().Buffer[0].Regions)
	require.Equal(t, uint64(1), inner.Stats().Buffer[0].Regions)
	require.Equal(t, uint64(1), outer.Stats().Done)
}

// TestMistakesPanic: where the program is put together, with the fix.
func TestMistakesPanic(t *testing.T) {
	plain := locked.Share(bumper.NewSlabBuffer())
	h := handler(func(http.ResponseWriter, *http.Request) {})
	tests := []struct {
		name, want string
		make       func()
	}{
		{"timeout", "scopehttp.Timeout(", func() { scopehttp.Middleware()(http.TimeoutHandler(h, time.Second, "")) }},
		{"timeout, fast", "scopehttp.Timeout(", func() {
			scopehttp.Middleware(scopehttp.Fast())(http.TimeoutHandler(h, time.Second, ""))
		}},
		{"not isolating", "say Fast()", func() { scopehttp.Middleware(scopehttp.Buffer(plain)) }},
		{"not shared", "locked.Share(", func() {
			scopehttp.Middleware(scopehttp.Buffer(bumper.NewSlabBuffer(bumper.Isolating())))
		}},
		{"not shared, fast", "locked.Share(", func() {
			scopehttp.Middleware(scopehttp.Buffer(bumper.NewSlabBuffer()), scopehttp.Fast())
		}},
		{"nil buffer", "nil Allocator", func() { scopehttp.Buffer(nil) }},
		{"nil handler", "nil Handler", func() { scopehttp.Middleware()(nil) }},
		{"nil handler", "nil Handler", func() { scopehttp.Timeout(nil, time.Second, "") }},
		{"nil counters", "nil Counters", func() { scopehttp.Count(nil) }},
		{"nil refusal", "nil function", func() { scopehttp.Refusal(nil) }},
		{"no limit", "Limit(0)", func() { scopehttp.Limit(0) }},
		{"nil tenant", "nil function", func() { scopehttp.Tenant(nil) }},
		{"nil process", "nil Limit", func() { scopehttp.Within(nil) }},
		{"nil reserve", "Reserve(", func() { scopehttp.Reserve(nil, time.Second) }},
		{"negative", "RetryAfter(-1s)", func() { scopehttp.RetryAfter(-time.Second) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			defer func() {
				v, _ := recover().(string)
				require.Contains(t, v, "scopehttp: ")
				require.Contains(t, v, tt.want)
			}()
			tt.make()
			t.Fatal("no panic")
		})
	}
}

// TestBuffersThatAreSafe: an isolating buffer, the heap, and wrappers around them.
func TestBuffersThatAreSafe(t *testing.T) {
	for _, a := range []scope.Allocator{
		locked.Share(bumper.NewSlabBuffer(bumper.Isolating())),
		scope.Heap(),
	} {
		h := scopehttp.Middleware(scopehttp.Buffer(a))(handler(func(w http.ResponseWriter, r *http.Request) {
			_, _ = w.Write(append(scope.Make[byte](r.Context(), 0), "fine"...))
		}))
		require.Equal(t, "fine", record(h).Body.String())
	}
	scopehttp.Middleware(scopehttp.Fast(), scopehttp.Buffer(locked.Share(bumper.NewAllocBuffer(1000))))
}

// TestImportRegistersNothing: nothing that the package needs registers handlers with
// http.DefaultServeMux, as expvar and net/http/pprof do when they are imported.
func TestImportRegistersNothing(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	require.NoError(t, err)
	deps := strings.Fields(string(out))
	require.Contains(t, deps, "net/http")
	require.NotContains(t, deps, "expvar")
	require.NotContains(t, deps, "net/http/pprof")
}
