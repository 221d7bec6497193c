package scopehttp

import (
	"fmt"
	"net/http"
	"time"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/meter"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// An Option configures [Middleware].
type Option func(*middleware)

// Buffer makes all requests allocate from a: usually what locked.Share returns, or a meter
// around it. Middleware panics if goroutines cannot share a; and if a reuses memory that may
// still be referred to, which bumper.Isolating prevents, unless [Fast] is given too. Buffer
// panics if a is nil.
func Buffer(a scope.Allocator) Option {
	if a == nil {
		panic("scopehttp: Buffer of a nil Allocator")
	}
	return func(m *middleware) { m.buffer = a }
}

// Fast lets the buffer reuse memory as soon as the scope of a request has ended, and makes
// one that does unless [Buffer] gives another. It is several times as fast where requests take
// much memory; docs/servers.md has the figures.
//
// The price is a promise: when a handler has returned, or a middleware below this one has,
// nothing uses raw slices from its scope any more. An http.TimeoutHandler below a mux or another
// middleware, where it cannot be seen, breaks it, as do frameworks' own timeouts that do not
// wait for the handler: use [Timeout]. So does a goroutine that nobody waits for. Arrays, but not raw slices,
// notice.
func Fast() Option { return func(m *middleware) { m.fast = true } }

// Limit bounds what one request may hold, in bytes: beyond it the answer is 413. A request
// holds what its scope takes from the buffer, up to 1.5 times what it allocates and 4 KiB
// more. Limit panics if bytes is not positive.
func Limit(bytes int) Option {
	if bytes <= 0 {
		panic(fmt.Sprintf("scopehttp: Limit(%d)", bytes))
	}
	return func(m *middleware) { m.limit = bytes }
}

// Tenant charges each request to the limit that f returns, which others may share: beyond it
// the answer is 429. For nil the request has no tenant. The limit must be below that of
// [Within], if there is one; a request for which it is not panics. Tenant panics if f is nil.
//
// Nobody should be able to make up tenants: f runs before the handler, so what tells who the
// client is stands outside the middleware.
func Tenant(f func(*http.Request) *meter.Limit) Option {
	if f == nil {
		panic("scopehttp: Tenant with a nil function")
	}
	return func(m *middleware) { m.tenant = f }
}

// Within charges all requests to l, for the process: beyond it, or beyond the limit of the
// buffer itself, the answer is 503. It panics if l is nil.
func Within(l *meter.Limit) Option {
	if l == nil {
		panic("scopehttp: Within a nil Limit")
	}
	return func(m *middleware) { m.within = l }
}

// Reserve makes each request wait, before its handler is called, until the bytes that f
// returns can be had, for no longer than wait; see scope.Reserve. After that it is refused. So a
// service that knows what a request takes, perhaps from its Content-Length, serves peaks one
// after another instead of refusing them. f may return 0, which does not wait; it panics in
// the request if f returns less. Reserve panics if f is nil or wait is not positive.
func Reserve(f func(*http.Request) int, wait time.Duration) Option {
	if f == nil || wait <= 0 {
		panic(fmt.Sprintf("scopehttp: Reserve(%p, %v)", f, wait))
	}
	return func(m *middleware) { m.reserve, m.wait = f, wait }
}

// RetryAfter sets what the header Retry-After says when a request is refused that may succeed
// later, rounded up to seconds; the default is one. It panics if d is negative.
func RetryAfter(d time.Duration) Option {
	if d < 0 {
		panic(fmt.Sprintf("scopehttp: RetryAfter(%v)", d))
	}
	return func(m *middleware) { m.retryAfter = seconds(d) }
}

// Refusal makes f write the answer to a request that is refused: with the status, which
// f may not change lightly, and err, which matches scope.ErrExhausted and whose numbers are
// not for every client. Retry-After is set already. The scope has ended; the request's
// context still works, but allocates from the heap. The default writes a line of text. It
// panics if f is nil.
func Refusal(f func(w http.ResponseWriter, r *http.Request, status int, err error)) Option {
	if f == nil {
		panic("scopehttp: Refusal with a nil function")
	}
	return func(m *middleware) { m.refusal = f }
}

// Count makes c count what the middleware does. It panics if c is nil.
func Count(c *Counters) Option {
	if c == nil {
		panic("scopehttp: Count with nil Counters")
	}
	return func(m *middleware) { m.counters = c }
}

// middleware is what the options say.
type middleware struct {
	buffer     scope.Allocator
	fast       bool
	limit      int // of a request; 0 means none
	tenant     func(*http.Request) *meter.Limit
	within     *meter.Limit
	meter      *meter.Meter // around buffer; nil if there are no limits
	reserve    func(*http.Request) int
	wait       time.Duration
	retryAfter string
	refusal    func(http.ResponseWriter, *http.Request, int, error)
	counters   *Counters
}

// defaults answer where there is no middleware.
var defaults = &middleware{retryAfter: seconds(time.Second), refusal: plainRefusal}

func newMiddleware(opts []Option) *middleware {
	m := new(middleware)
	*m = *defaults
	for _, o := range opts {
		o(m)
	}
	if m.counters == nil {
		m.counters = new(Counters)
	}
	switch {
	case m.buffer != nil:
		m.check()
	case m.fast:
		m.buffer = locked.Share(bumper.NewSlabBuffer())
	default:
		m.buffer = locked.Share(bumper.NewSlabBuffer(bumper.Isolating()))
	}
	m.counters.watch(m.buffer)
	m.makeMeter()
	return m
}

// check panics if requests cannot share the buffer.
func (m *middleware) check() {
	if _, ok := memory.As[memory.Checkpointer](m.buffer); ok {
		panic(fmt.Sprintf("scopehttp: Buffer(%T), which goroutines cannot share; write Buffer(locked.Share(buf))", m.buffer))
	}
	if !m.fast && !isolates(m.buffer) {
		panic(fmt.Sprintf("scopehttp: Buffer(%T) reuses memory as soon as a request is done, though a handler that ran into a "+
			"timeout may still write to it; share a bumper.NewSlabBuffer(bumper.Isolating()), or say Fast()", m.buffer))
	}
}

// isolates reports whether a hands out memory again only when nothing refers to it. The owner
// of its stamps says so; memory without an owner, such as the heap's, is never reused.
func isolates(a scope.Allocator) bool {
	for inner := memory.Unwrap(a); inner != nil; inner = memory.Unwrap(a) {
		a = inner
	}
	b, err := a.Alloc(0, 1)
	if err != nil {
		return false
	}
	if b.Stamp == (memory.Stamp{}) {
		return true
	}
	i, ok := b.Stamp.Owner().(memory.Isolator)
	return ok && i.Isolates()
}
