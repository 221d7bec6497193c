package scopehttp_test

import (
	"bytes"
	"errors"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/testenv"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scopehttp"
)

// short is a timeout that the late handlers of these tests always run past, as they wait.
const short = 20 * time.Millisecond

// below puts h below a mux, where no middleware can see what it is.
func below(h http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", h)
	return mux
}

// TestLateWriters: what a handler that runs past its timeout writes to raw slices reaches no
// other request: with Timeout in any buffer; with http.TimeoutHandler if the buffer isolates.
// That it would in a Fast one shows that the test can tell.
func TestLateWriters(t *testing.T) {
	std := func(h http.Handler) http.Handler { return http.TimeoutHandler(h, short, "late") }
	ours := func(h http.Handler) http.Handler { return scopehttp.Timeout(h, short, "late") }
	tests := []struct {
		name    string
		mw      func(http.Handler) http.Handler
		timeout func(http.Handler) http.Handler
		foreign bool
	}{
		{"safe, http.TimeoutHandler below a mux", scopehttp.Middleware(), func(h http.Handler) http.Handler { return below(std(h)) }, false},
		{"safe, Timeout", scopehttp.Middleware(), ours, false},
		{"fast, Timeout", scopehttp.Middleware(scopehttp.Fast()), ours, false},
		{"fast, Timeout below a mux", scopehttp.Middleware(scopehttp.Fast()), func(h http.Handler) http.Handler { return below(ours(h)) }, false},
		{"fast, http.TimeoutHandler below a mux", scopehttp.Middleware(scopehttp.Fast()), func(h http.Handler) http.Handler { return below(std(h)) }, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.foreign && testenv.Slow() {
				t.Skip("what it shows is a data race, and a fault in guard mode")
			}
			require.Equal(t, tt.foreign, lateWriter(t, func(h http.Handler) http.Handler { return tt.mw(tt.timeout(h)) }))
		})
	}
}

// lateWriter runs a handler past its timeout, lets another request fill memory meanwhile, lets
// the late handler write to its raw slice, and reports whether the other sees that.
func lateWriter(t *testing.T, wrap func(http.Handler) http.Handler) (foreign bool) {
	t.Helper()
	const size = 4096
	filled, write, wrote, checked := make(chan bool), make(chan bool), make(chan bool), make(chan bool)
	h := wrap(handler(func(_ http.ResponseWriter, r *http.Request) {
		raw := scope.Make[byte](r.Context(), size)
		if r.Header.Get("X") == "" { // the first request
			<-write
			copy(raw, bytes.Repeat([]byte("late"), size/4))
			close(wrote)
			return
		}
		close(filled)
		<-wrote
		foreign = bytes.Contains(raw, []byte("late"))
		close(checked)
	}))
	s := server(t, h, false)
	resp, body := get(t, s, "/")
	require.Equal(t, http.StatusServiceUnavailable, resp.StatusCode)
	require.Equal(t, "late", body)
	req, err := http.NewRequest(http.MethodGet, s.URL, nil)
	require.NoError(t, err)
	req.Header.Set("X", "second")
	go func() {
		<-filled
		close(write)
	}()
	resp, err = s.Client().Do(req)
	require.NoError(t, err)
	resp.Body.Close()
	<-checked
	return foreign
}

// TestTimeoutKeepsTheScope: until the handler has returned.
func TestTimeoutKeepsTheScope(t *testing.T) {
	versions(t, func(t *testing.T, h2 bool) {
		shared := locked.Share(bumper.NewSlabBuffer())
		var c scopehttp.Counters
		goOn, over := make(chan bool), make(chan bool)
		mw := scopehttp.Middleware(scopehttp.Buffer(shared), scopehttp.Fast(), scopehttp.Count(&c))
		s := server(t, mw(scopehttp.Timeout(handler(func(_ http.ResponseWriter, r *http.Request) {
			defer close(over)
			x := allocarray.New[float64](r.Context(), 10)
			<-goOn
			x.Set(1, 3) // does not panic
			allocarray.New[float64](r.Context(), 10)
		}), short, "sorry")), h2)
		resp, body := get(t, s, "/")
		require.Equal(t, http.StatusServiceUnavailable, resp.StatusCode)
		require.Equal(t, "sorry", body)
		require.Equal(t, 1, shared.Stats().Open)
		require.Equal(t, 1, c.Stats().Open)
		close(goOn)
		<-over
		require.Eventually(t, func() bool { return c.Stats().Open == 0 }, time.Minute, time.Millisecond)
		require.Equal(t, uint64(1), c.Stats().Overran)
		require.Zero(t, shared.Stats().Open)
		require.Zero(t, shared.Stats().Late)
	})
}

// TestTimeoutInTime: nothing else changes.
func TestTimeoutInTime(t *testing.T) {
	boom := errors.New("boom")
	var c scopehttp.Counters
	h := func(f http.HandlerFunc) http.Handler {
		return scopehttp.Middleware(scopehttp.Count(&c))(scopehttp.Timeout(f, time.Hour, ""))
	}
	w := record(h(func(w http.ResponseWriter, r *http.Request) {
		scope.Make[byte](r.Context(), 10)
		_, _ = w.Write([]byte("in time"))
	}))
	require.Equal(t, "in time", w.Body.String())
	require.PanicsWithError(t, "boom", func() { record(h(func(http.ResponseWriter, *http.Request) { panic(boom) })) })
	require.PanicsWithValue(t, http.ErrAbortHandler, func() {
		record(h(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	})
	w = record(h(func(http.ResponseWriter, *http.Request) { exhaust() }))
	require.Equal(t, http.StatusServiceUnavailable, w.Code)
	require.Equal(t, "1", w.Header().Get("Retry-After"))
	s := c.Stats()
	require.Equal(t, [...]uint64{1, 1, 1, 1, 0, 1}, [...]uint64{s.Done, s.Panicked, s.Aborted, s.Refused, s.Overran, s.Process})
	require.Zero(t, s.Open)
}

// TestTimeoutWithoutMiddleware, and outside it, is http.TimeoutHandler.
func TestTimeoutWithoutMiddleware(t *testing.T) {
	answer := handler(func(w http.ResponseWriter, r *http.Request) {
		scope.Make[byte](r.Context(), 10)
		_, _ = w.Write([]byte("fine"))
	})
	require.Equal(t, "fine", record(scopehttp.Timeout(answer, time.Hour, "")).Body.String())
	require.Equal(t, "fine", record(scopehttp.Timeout(scopehttp.Middleware()(answer), time.Hour, "")).Body.String())
	over := make(chan bool)
	w := record(scopehttp.Timeout(handler(func(_ http.ResponseWriter, r *http.Request) { <-over }), short, "sorry"))
	close(over)
	require.Equal(t, http.StatusServiceUnavailable, w.Code)
}

// TestWhatIsSwallowedIsCounted: panics of a handler that ran past its timeout, which nobody
// reads: a stale use, exhausted memory, and any other.
func TestWhatIsSwallowedIsCounted(t *testing.T) {
	late := func(timeout func(http.Handler) http.Handler, end func(x allocarray.AllocArray[int])) (scopehttp.Stats, uint64) {
		var c scopehttp.Counters
		before := scope.StaleUses()
		goOn, over := make(chan bool), make(chan bool)
		h := scopehttp.Middleware(scopehttp.Count(&c))(below(timeout(handler(func(_ http.ResponseWriter, r *http.Request) {
			defer close(over)
			x := allocarray.New[int](r.Context(), 10)
			<-goOn
			end(x)
		}))))
		require.Equal(t, http.StatusServiceUnavailable, record(h).Code)
		close(goOn)
		<-over
		require.Eventually(t, func() bool { return c.Stats().Open == 0 }, time.Minute, time.Millisecond)
		return c.Stats(), scope.StaleUses() - before
	}
	ours := func(h http.Handler) http.Handler { return scopehttp.Timeout(h, short, "") }
	s, stale := late(func(h http.Handler) http.Handler { return http.TimeoutHandler(h, short, "") },
		func(x allocarray.AllocArray[int]) { x.At(1) })
	require.Equal(t, uint64(1), stale)
	require.Equal(t, uint64(1), s.Done)

	s, stale = late(ours, func(x allocarray.AllocArray[int]) { x.At(1) })
	require.Zero(t, stale)
	require.Equal(t, uint64(1), s.Overran)

	s, _ = late(ours, func(allocarray.AllocArray[int]) { exhaust() })
	require.Equal(t, uint64(1), s.Overran)
	require.Equal(t, uint64(1), s.Process)

	s, _ = late(ours, func(allocarray.AllocArray[int]) { panic("boom") })
	require.Equal(t, uint64(1), s.Panicked)
}

// TestTimeoutsRace: handlers that end at about the time of their timeout end their scope
// once.
func TestTimeoutsRace(t *testing.T) {
	var c scopehttp.Counters
	shared := locked.Share(bumper.NewSlabBuffer())
	h := scopehttp.Middleware(scopehttp.Buffer(shared), scopehttp.Fast(), scopehttp.Count(&c))(
		scopehttp.Timeout(handler(func(w http.ResponseWriter, r *http.Request) {
			x := allocarray.New[int](r.Context(), 100)
			<-r.Context().Done()
			x.Set(1, 1)
			_, _ = w.Write([]byte("x"))
		}), time.Millisecond, ""))
	const n = 50
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() { record(h) })
	}
	wg.Wait()
	require.Eventually(t, func() bool { return c.Stats().Open == 0 }, time.Minute, time.Millisecond)
	s := c.Stats()
	require.Equal(t, uint64(n), s.Done+s.Overran)
	require.Zero(t, shared.Stats().Open)
}
