package scopehttp

import (
	"context"
	"maps"
	"net/http"
	"sync/atomic"

	"github.com/allocarrays/allocarrays-go/meter"
	"github.com/allocarrays/allocarrays-go/scope"
)

// request is one request in the middleware, and a context from which it can be found.
type request struct {
	context.Context
	middleware *middleware
	allocator  scope.Allocator // of its scope
	own        *meter.Limit    // nil if there are no limits
	tenant     *meter.Limit    // or nil
	scope      *scope.Scope
	writer     writer
	header     http.Header // as it was before the handler changed it

	holders atomic.Int32 // serve, and handlers that may run longer than it
	outcome atomic.Int32
	counted atomic.Bool // as exhausted
}

type requestKey struct{}

// Value makes the request the value of its key.
func (q *request) Value(key any) any {
	if key == (requestKey{}) {
		return q
	}
	return q.Context.Value(key)
}

// requestOf returns the request whose context ctx is or is derived from, or nil.
func requestOf(ctx context.Context) *request {
	q, _ := ctx.Value(requestKey{}).(*request)
	return q
}

func (m *middleware) newRequest(w http.ResponseWriter, r *http.Request) *request {
	q := &request{Context: r.Context(), middleware: m}
	q.limits(r)
	q.writer.inner = w
	if h := w.Header(); len(h) > 0 {
		q.header = maps.Clone(h)
	}
	q.holders.Store(1)
	m.counters.open.Add(1)
	return q
}

// hold keeps the scope open until one more release.
func (q *request) hold() { q.holders.Add(1) }

// release ends the scope if nobody else holds it.
func (q *request) release() {
	if q.holders.Add(-1) == 0 {
		_ = q.scope.End() // which fails on unlocked buffers only
		q.middleware.counters.end(q)
	}
}

// leave is the release of serve. Who still holds the scope runs past its timeout.
func (q *request) leave() {
	if q.holders.Load() > 1 {
		q.note(overran)
	}
	q.release()
}

// Outcomes of a request. One that has several has the last of them in this list.
const (
	done = iota
	overran
	refused
	aborted
	panicked
)

func (q *request) note(outcome int32) {
	for {
		old := q.outcome.Load()
		if old >= outcome || q.outcome.CompareAndSwap(old, outcome) {
			return
		}
	}
}

func (q *request) notePanic(v any) {
	if v == http.ErrAbortHandler {
		q.note(aborted)
	} else {
		q.note(panicked)
	}
}
