package scopehttp

import (
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/allocarrays/allocarrays-go/scope"
)

// Refuse answers a request for which memory is exhausted, as the middleware answers one
// whose handler panicked with err: for handlers that have the error in their hands, and for
// middlewares that recover panics. It returns false, and does nothing, if err does not match
// scope.ErrExhausted.
//
// If the answer has begun, Refuse panics with http.ErrAbortHandler, which aborts the
// connection.
func Refuse(w http.ResponseWriter, r *http.Request, err error) bool {
	if !errors.Is(err, scope.ErrExhausted) {
		return false
	}
	q := requestOf(r.Context())
	if q == nil {
		defaults.answer(w, r, process, err)
		return true
	}
	q.settle(err)
	q.refuse(w, r, err)
	return true
}

// settle notes what becomes of a request for which memory is exhausted.
func (q *request) settle(err error) {
	q.count(err)
	if q.writer.begun.Load() {
		q.note(aborted)
	} else {
		q.note(refused)
	}
}

// count counts the request as exhausted, once.
func (q *request) count(err error) {
	if q.counted.CompareAndSwap(false, true) {
		q.middleware.counters.exhausted[q.level(err)].Add(1)
	}
}

// refuse answers, or aborts the connection if an answer has begun.
func (q *request) refuse(w http.ResponseWriter, r *http.Request, err error) {
	if q.writer.begun.Load() {
		if conn := q.writer.hijacked.Load(); conn != nil {
			_ = (*conn).Close() // which the server has nothing to do with any more
		}
		panic(http.ErrAbortHandler)
	}
	header := w.Header()
	for _, name := range representation {
		if old, ok := q.header[name]; ok {
			header[name] = old
		} else {
			delete(header, name)
		}
	}
	q.middleware.answer(w, r, q.level(err), err)
}

// representation are the headers that describe the answer that will not come. What the
// handler has set of them goes; what stood there before, as that of a middleware outside,
// stays.
var representation = []string{
	"Accept-Ranges", "Cache-Control", "Content-Disposition", "Content-Encoding", "Content-Language",
	"Content-Length", "Content-Location", "Content-Range", "Etag", "Expires", "Last-Modified", "Trailer",
}

// A level is whose limit refused.
type level int

const (
	own level = iota
	tenant
	process
	levels
)

// status of the answer.
func (l level) status() int {
	return [...]int{http.StatusRequestEntityTooLarge, http.StatusTooManyRequests, http.StatusServiceUnavailable}[l]
}

// answer writes the refusal.
func (m *middleware) answer(w http.ResponseWriter, r *http.Request, l level, err error) {
	if l != own { // which the same request would exhaust again
		w.Header().Set("Retry-After", m.retryAfter)
	}
	m.refusal(w, r, l.status(), err)
}

// plainRefusal is the default of Refusal. It tells the client no numbers.
func plainRefusal(w http.ResponseWriter, _ *http.Request, status int, _ error) {
	text := "out of memory; try again later"
	if status == http.StatusRequestEntityTooLarge {
		text = "the request needs more memory than a request may have"
	}
	http.Error(w, text, status)
}

// seconds is d as a Retry-After header has it.
func seconds(d time.Duration) string { return strconv.Itoa(int(math.Ceil(d.Seconds()))) }
