package scopehttp_test

import (
	"context"
	"encoding/binary"
	"errors"
	"expvar"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/meter"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scopehttp"
)

// mean answers with the mean of the numbers in the body, of which there may be a million.
func mean(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	body := scope.NewBuilder[byte](ctx, 4096)
	if _, err := scope.ReadFrom(body, r.Body, 8_000_000); err != nil {
		if !scopehttp.Refuse(w, r, err) {
			http.Error(w, err.Error(), http.StatusBadRequest)
		}
		return
	}
	x := allocarray.New[float64](ctx, body.Len()/8)
	for i := range x.Len() {
		x.Data()[i] = float64(binary.LittleEndian.Uint64(body.View()[8*i:]))
	}
	fmt.Fprintln(w, allocarray.Mean(x))
}

func Example() {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /mean", mean) // allocates with r.Context()
	server := httptest.NewServer(scopehttp.Middleware()(mux))
	defer server.Close()

	numbers := []byte{1, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0}
	resp, err := http.Post(server.URL+"/mean", "application/octet-stream", strings.NewReader(string(numbers)))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	_, _ = io.Copy(os.Stdout, resp.Body)
	// Output: 2.5
}

// limited bounds a request to 64 MiB, each tenant to 256 MiB and all of them to 1 GiB.
func limited(next http.Handler, tenantOf func(*http.Request) string) http.Handler {
	process := meter.NewLimit(nil, "process", 1<<30)
	tenants := map[string]*meter.Limit{
		"free": meter.NewLimit(process, "free", 256<<20),
		"paid": meter.NewLimit(process, "paid", 256<<20),
	}
	return scopehttp.Middleware(
		scopehttp.Limit(64<<20), // beyond it: 413
		scopehttp.Tenant(func(r *http.Request) *meter.Limit { return tenants[tenantOf(r)] }), // 429
		scopehttp.Within(process),           // 503
		scopehttp.RetryAfter(2*time.Second), // with 429 and 503
	)(next)
}

func ExampleLimit() {
	h := limited(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		allocarray.New[float64](r.Context(), 10_000, 1000)
	}), func(r *http.Request) string { return r.Header.Get("X-Tenant") })
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	fmt.Println(w.Code, strings.TrimSpace(w.Body.String()))
	// Output: 413 the request needs more memory than a request may have
}

// queued lets requests wait up to a second until twice their length can be had.
func queued(next http.Handler, process *meter.Limit) http.Handler {
	return scopehttp.Middleware(
		scopehttp.Within(process),
		scopehttp.Reserve(func(r *http.Request) int { return 2 * int(max(r.ContentLength, 0)) }, time.Second),
	)(next)
}

func ExampleReserve() {
	process := meter.NewLimit(nil, "process", 1<<20)
	h := queued(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		scope.Make[byte](r.Context(), 2*int(r.ContentLength))
	}), process)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/", strings.NewReader(strings.Repeat("x", 100_000))))
	fmt.Println(w.Code, process.Stats().Used)
	// Output: 200 0
}

// timed answers 503 after five seconds; streams have no timeout but that of the server.
func timed(predict, stream http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("POST /predict", scopehttp.Timeout(predict, 5*time.Second, "too slow"))
	mux.Handle("GET /stream", stream)
	return scopehttp.Middleware()(mux)
}

func ExampleTimeout() {
	h := timed(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, allocarray.Sum(allocarray.Full(r.Context(), 2.5, 4)))
	}), http.NotFoundHandler())
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/predict", nil))
	fmt.Println(w.Body)
	// Output: 10
}

// ticks streams parts; the memory of each is released when it has been sent.
func ticks(w http.ResponseWriter, r *http.Request) {
	for i := range 3 {
		err := scope.NoEscape(r.Context(), func(ctx context.Context) error {
			part := allocarray.Full(ctx, float64(i), 2)
			if _, err := fmt.Fprintln(w, part); err != nil {
				return err
			}
			return http.NewResponseController(w).Flush()
		})
		if err != nil {
			panic(err) // exhausted, or the client has gone: the connection is aborted
		}
	}
}

func ExampleMiddleware_streaming() {
	w := httptest.NewRecorder()
	scopehttp.Middleware()(http.HandlerFunc(ticks)).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	fmt.Print(w.Body)
	// Output:
	// [0 0]
	// [1 1]
	// [2 2]
}

// serviceConfig is what a service decides for itself.
type serviceConfig struct {
	memory   int // for all requests, in bytes
	counters *scopehttp.Counters
	log      func(error)
}

// newService puts all of it together. From the outside in: what bounds bodies, so that the
// server itself knows; what recovers and logs panics; the scopes; then the routes and their
// timeouts.
func newService(c serviceConfig, predict http.Handler) http.Handler {
	process := meter.NewLimit(nil, "process", c.memory)
	scopes := scopehttp.Middleware(
		scopehttp.Within(process),
		scopehttp.Limit(c.memory/4),
		scopehttp.Count(c.counters),
	)
	mux := http.NewServeMux()
	mux.Handle("POST /predict", scopes(scopehttp.Timeout(predict, 5*time.Second, "too slow")))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	return http.MaxBytesHandler(recovering(mux, c.log), 10<<20)
}

// recovering logs panics, but not http.ErrAbortHandler, which is none.
func recovering(next http.Handler, log func(error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if v := recover(); v != nil {
				if v != http.ErrAbortHandler {
					log(scope.Explain(v))
				}
				panic(http.ErrAbortHandler) // the answer may have begun
			}
		}()
		next.ServeHTTP(w, r)
	})
}

// run serves until ctx is done, and lets requests end.
func run(ctx context.Context, handler http.Handler, addr string) error {
	server := &http.Server{
		Addr: addr, Handler: handler,
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second,
		WriteTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute,
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	failed := make(chan error, 1)
	go func() { failed <- server.ListenAndServe() }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
	defer cancel()
	err := server.Shutdown(ending)
	if end := <-failed; !errors.Is(end, http.ErrServerClosed) {
		err = errors.Join(err, end)
	}
	return err
}

func Example_service() {
	var counters scopehttp.Counters
	h := newService(serviceConfig{memory: 256 << 20, counters: &counters, log: func(err error) { fmt.Println("panic:", err) }},
		http.HandlerFunc(mean))
	for _, path := range []string{"/predict", "/healthz"} {
		method := map[string]string{"/predict": http.MethodPost}[path]
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(method, path, strings.NewReader("12345678")))
		fmt.Println(w.Code)
	}
	fmt.Println(counters.Stats().Done)

	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	fmt.Println(run(ctx, h, "127.0.0.1:0"))
	// Output:
	// 200
	// 200
	// 1
	// <nil>
}

func ExampleCounters() {
	counters := new(scopehttp.Counters)
	expvar.Publish("allocarrays", counters)
	h := scopehttp.Middleware(scopehttp.Count(counters))(http.HandlerFunc(mean))
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/", strings.NewReader("12345678")))
	s := counters.Stats()
	fmt.Println(s.Done, s.Refused, s.Buffer[0].Late)
	// Output: 1 0 0
}

// shared makes the buffer oneself: so that other code can use it too, to bound it, or for
// memory that is reused at once.
func shared() func(http.Handler) http.Handler {
	buffer := locked.Share(bumper.NewSlabBuffer(bumper.Limit(512 << 20)))
	return scopehttp.Middleware(scopehttp.Buffer(buffer), scopehttp.Fast())
}

func ExampleFast() {
	w := httptest.NewRecorder()
	shared()(http.HandlerFunc(mean)).ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/", strings.NewReader("")))
	fmt.Println(w.Code)
	// Output: 200
}
