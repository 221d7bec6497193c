package scopehttp

import (
	"errors"
	"net/http"
	"time"

	"github.com/allocarrays/allocarrays-go/scope"
)

// Timeout is http.TimeoutHandler for handlers below [Middleware]: it answers 503, with body
// as http.TimeoutHandler has it, when next takes longer than d, but the scope of the request
// stays open until next has returned. So what a late handler still uses remains its own,
// also in a buffer that reuses memory at once.
//
// It may stand anywhere below Middleware; outside it, or without one, it is
// http.TimeoutHandler. As that it buffers the answer, and supports neither Hijack nor Flush:
// leave out streams and websockets. It panics if next is nil.
func Timeout(next http.Handler, d time.Duration, body string) http.Handler {
	if next == nil {
		panic("scopehttp: Timeout around a nil Handler")
	}
	limited := http.TimeoutHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if q := requestOf(r.Context()); q != nil {
			q.late(next, w, r)
		} else {
			next.ServeHTTP(w, r)
		}
	}), d, body)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if q := requestOf(r.Context()); q != nil {
			q.hold() // until late returns, which http.TimeoutHandler always calls
		}
		limited.ServeHTTP(w, r)
	})
}

// late calls next, in a goroutine of its own and perhaps for longer than the request lasts,
// and releases the request. If the timeout has passed, nobody reads its panics.
func (q *request) late(next http.Handler, w http.ResponseWriter, r *http.Request) {
	defer q.release()
	defer func() {
		if r.MultipartForm != nil { // of a copy that the server does not know
			_ = r.MultipartForm.RemoveAll()
		}
	}()
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		if err, ok := v.(error); ok && errors.Is(err, scope.ErrExhausted) {
			q.count(err)
		} else {
			q.notePanic(v)
		}
		panic(v)
	}()
	if err := scope.Try(func() error { next.ServeHTTP(w, r); return nil }); err != nil {
		panic(err)
	}
}
