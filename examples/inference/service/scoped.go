package service

import (
	"net/http"
	"time"

	"github.com/allocarrays/allocarrays-go/meter"
	"github.com/allocarrays/allocarrays-go/scopehttp"
)

// A handler answers a request, with memory from its context. It writes its answer last:
// after an error, nothing is written.
type handler func(w http.ResponseWriter, r *http.Request) error

// scoped returns h in a scope for each request, on the shared buffer, or on the Go heap if
// the request asks for that, to compare. It answers h's errors and counts all answers.
//
// The buffer reuses memory as soon as a scope has ended, which [scopehttp.Fast] asks to be
// promised: h starts no goroutine, and nothing that it allocates outlives its answer.
func (s *Service) scoped(h handler) http.Handler {
	answer := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := h(w, r); err != nil && !scopehttp.Refuse(w, r, err) {
			writeError(w, err)
		}
	})
	inScope := scopehttp.Middleware(
		scopehttp.Buffer(s.buffer), scopehttp.Fast(), scopehttp.Limit(s.limits.Request),
		scopehttp.Within(meter.NewLimit(nil, "process", s.limits.Memory)),
		scopehttp.Count(&s.scopes), scopehttp.Refusal(refuse),
	)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() { s.counts.held(s.buffer.Stats().Used) }() // before the scope gives it back
		answer(w, r)
	}))
	return s.counted(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch name := r.URL.Query().Get("memory"); name {
		case "", "shared":
			inScope.ServeHTTP(w, r)
		case "heap":
			answer(w, r) // a context without an allocator means the heap
		default:
			writeError(w, bad("memory is %.40q, not shared or heap", name))
		}
	}))
}

// counted returns next with its answers counted.
func (s *Service) counted(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begin, a := time.Now(), &answered{ResponseWriter: w}
		defer func() { s.counts.add(a.status, time.Since(begin)) }()
		next.ServeHTTP(a, r)
	})
}

// An answered is a writer that knows the status; 0 if nothing was written.
type answered struct {
	http.ResponseWriter
	status int
}

func (a *answered) WriteHeader(status int) {
	a.status = status
	a.ResponseWriter.WriteHeader(status)
}

func (a *answered) Write(p []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	return a.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController find what the server's writer can do.
func (a *answered) Unwrap() http.ResponseWriter { return a.ResponseWriter }
