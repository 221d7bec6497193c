package scopehttp

import (
	"errors"
	"net/http"
	"reflect"

	"github.com/allocarrays/allocarrays-go/scope"
)

// Middleware returns what puts a handler's requests into scopes: each request has one of its
// own, in its context, which ends when the handler has returned, by return, panic or
// runtime.Goexit; or, below [Timeout], when the handler that ran past its timeout has.
//
// Without options it makes an isolating buffer that all requests share, which has no limit.
// It panics if the options make no sense, and what it returns panics if the handler is that of
// http.TimeoutHandler itself, which would end the scope under a handler that still runs.
func Middleware(opts ...Option) func(http.Handler) http.Handler {
	m := newMiddleware(opts)
	return func(next http.Handler) http.Handler {
		if next == nil {
			panic("scopehttp: Middleware around a nil Handler")
		}
		if reflect.TypeOf(next) == timeoutHandler {
			panic("scopehttp: Middleware around an http.TimeoutHandler: the scope would end at the timeout, " +
				"while the handler runs on; write scopehttp.Timeout(handler, d, message) in its place")
		}
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { m.serve(next, w, r) })
	}
}

var timeoutHandler = reflect.TypeOf(http.TimeoutHandler(nil, 0, ""))

// serve calls next in a scope.
func (m *middleware) serve(next http.Handler, w http.ResponseWriter, r *http.Request) {
	q := m.newRequest(w, r)
	ctx, s := scope.Open(scope.WithAllocator(q, q.allocator))
	q.scope = s
	inner := r.WithContext(ctx)
	returned := false
	defer func() {
		v := recover()
		handBack(r, inner)
		switch err, _ := v.(error); {
		case errors.Is(err, scope.ErrExhausted):
			q.settle(err)
			q.leave() // before a slow client is written to
			q.refuse(w, r, err)
		case v != nil:
			q.notePanic(v)
			q.leave()
			panic(explained(v))
		case !returned: // runtime.Goexit
			q.note(aborted)
			q.leave()
		default:
			q.leave()
		}
	}()
	if err := q.reserve(ctx, r); err != nil {
		panic(err)
	}
	next.ServeHTTP(q.writer.as(abilities(w)), inner)
	returned = true
}

// handBack gives r what the handler has set in its copy for those outside: the pattern, which
// loggers want, and the form whose temporary files the server removes.
func handBack(r, inner *http.Request) {
	if inner.Pattern != r.Pattern {
		r.Pattern = inner.Pattern
	}
	if inner.MultipartForm != nil && r.MultipartForm == nil {
		r.MultipartForm = inner.MultipartForm
	}
}

// explained returns the recovered value v, a fault at memory that guard mode has taken away
// as the error that tells what it was.
func explained(v any) any {
	if _, ok := v.(interface{ Addr() uintptr }); ok {
		return scope.Explain(v)
	}
	return v
}
