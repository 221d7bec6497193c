package scopehttp

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"sync/atomic"
)

// writer is the ResponseWriter of a request. It notices whether the answer has begun, and
// otherwise does nothing. The types in combos.go add the abilities that the writer inside has.
type writer struct {
	inner http.ResponseWriter

	begun    atomic.Bool              // a header, other than 1xx, is on its way
	hijacked atomic.Pointer[net.Conn] // nil unless Hijack succeeded
}

func (w *writer) Header() http.Header { return w.inner.Header() }

func (w *writer) WriteHeader(status int) {
	if status >= 200 || status == http.StatusSwitchingProtocols {
		w.begun.Store(true)
	}
	w.inner.WriteHeader(status)
}

func (w *writer) Write(p []byte) (int, error) {
	w.begin()
	return w.inner.Write(p)
}

// WriteString makes no copy of s if the writer inside makes none.
func (w *writer) WriteString(s string) (int, error) {
	w.begin()
	return io.WriteString(w.inner, s)
}

// FlushError is for http.ResponseController, which prefers it to Flush and would not come
// back with an error otherwise.
func (w *writer) FlushError() error {
	err := http.NewResponseController(w.inner).Flush()
	if err == nil {
		w.begin()
	}
	return err
}

// Unwrap is for http.ResponseController, whose other methods begin no answer.
func (w *writer) Unwrap() http.ResponseWriter { return w.inner }

// begin stores only once, so that many writes do not share a cache line that is dirty.
func (w *writer) begin() {
	if !w.begun.Load() {
		w.begun.Store(true)
	}
}

type flusher struct{ w *writer }

func (a flusher) Flush() {
	a.w.begin()
	a.w.inner.(http.Flusher).Flush()
}

type hijacker struct{ w *writer }

func (a hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := a.w.inner.(http.Hijacker).Hijack()
	if err == nil {
		a.w.hijacked.Store(&conn)
		a.w.begin()
	}
	return conn, rw, err
}

type readerFrom struct{ w *writer }

func (a readerFrom) ReadFrom(r io.Reader) (int64, error) {
	a.w.begin()
	return a.w.inner.(io.ReaderFrom).ReadFrom(r)
}

type pusher struct{ w *writer }

func (a pusher) Push(target string, opts *http.PushOptions) error {
	return a.w.inner.(http.Pusher).Push(target, opts)
}

// A closeNotifier is an http.CloseNotifier, which is deprecated; but some frameworks panic
// on a writer that is none.
type closeNotifier interface{ CloseNotify() <-chan bool }

type notifier struct{ w *writer }

func (a notifier) CloseNotify() <-chan bool { return a.w.inner.(closeNotifier).CloseNotify() }
