package scopehttp_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/scopehttp"
)

type (
	base     struct{ *httptest.ResponseRecorder }
	plain    struct{ b *base }
	flush    struct{ b *base }
	hijack   struct{ b *base }
	readFrom struct{ b *base }
	push     struct{ b *base }
	notify   struct{ b *base }
)

func (p plain) Header() http.Header         { return p.b.ResponseRecorder.Header() }
func (p plain) WriteHeader(status int)      { p.b.ResponseRecorder.WriteHeader(status) }
func (p plain) Write(b []byte) (int, error) { return p.b.ResponseRecorder.Write(b) }
func (f flush) Flush()                      { f.b.ResponseRecorder.Flush() }
func (hijack) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return nil, nil, errors.New("hijack of the inner writer")
}
func (f readFrom) ReadFrom(r io.Reader) (int64, error) { return io.Copy(f.b.Body, r) }
func (push) Push(string, *http.PushOptions) error      { return errors.New("push of the inner writer") }
func (notify) CloseNotify() <-chan bool                { return nil }

// TestWriterHasTheAbilitiesOfTheInner: all combinations, no more and no less.
func TestWriterHasTheAbilitiesOfTheInner(t *testing.T) {
	b := &base{httptest.NewRecorder()}
	p, f, h, r, u, n := plain{b}, flush{b}, hijack{b}, readFrom{b}, push{b}, notify{b}
	writers := []http.ResponseWriter{
		p,
		struct {
			plain
			flush
		}{p, f},
		struct {
			plain
			hijack
		}{p, h},
		struct {
			plain
			readFrom
		}{p, r},
		struct {
			plain
			push
		}{p, u},
		struct {
			plain
			notify
		}{p, n},
		struct {
			plain
			flush
			hijack
			readFrom
			notify
		}{p, f, h, r, n},
		struct {
			plain
			flush
			push
			notify
		}{p, f, u, n},
		struct {
			plain
			flush
			hijack
			readFrom
			push
			notify
		}{p, f, h, r, u, n},
	}
	for _, inner := range writers {
		var outer http.ResponseWriter
		scopehttp.Middleware()(handler(func(w http.ResponseWriter, _ *http.Request) { outer = w })).
			ServeHTTP(inner, httptest.NewRequest(http.MethodGet, "/", nil))
		require.Equal(t, can(inner), can(outer), "%T", inner)
	}
}

// TestEveryCombination: each set of abilities has a type of its own in the table.
func TestEveryCombination(t *testing.T) {
	seen := map[string]bool{}
	for all := range 1 << 5 {
		w := scopehttp.WriterWith(all)
		var want []string
		for i, name := range []string{"Flush", "Hijack", "ReadFrom", "Push", "CloseNotify"} {
			if all>>i&1 == 1 {
				want = append(want, name)
			}
		}
		got := strings.Join(can(w), " ")
		require.Equal(t, strings.Join(want, " "), got)
		seen[got] = true
	}
	require.Len(t, seen, 32)
}

// can lists the abilities of a writer that code looks for.
func can(w http.ResponseWriter) (all []string) {
	if _, ok := w.(http.Flusher); ok {
		all = append(all, "Flush")
	}
	if _, ok := w.(http.Hijacker); ok {
		all = append(all, "Hijack")
	}
	if _, ok := w.(io.ReaderFrom); ok {
		all = append(all, "ReadFrom")
	}
	if _, ok := w.(http.Pusher); ok {
		all = append(all, "Push")
	}
	if _, ok := w.(interface{ CloseNotify() <-chan bool }); ok {
		all = append(all, "CloseNotify")
	}
	return all
}

// answers asks a server's writer everything, and returns what it says.
func answers(t *testing.T, h2 bool, mw func(http.Handler) http.Handler) (all []string) {
	over := make(chan bool)
	s := server(t, mw(handler(func(w http.ResponseWriter, _ *http.Request) {
		defer close(over)
		say := func(what string, err error) {
			text := "ok"
			if errors.Is(err, http.ErrNotSupported) {
				text = "not supported"
			} else if err != nil {
				text = err.Error()
			}
			all = append(all, what+": "+text)
		}
		c := http.NewResponseController(w)
		all = append(all, can(w)...)
		say("full duplex", c.EnableFullDuplex())
		say("read deadline", c.SetReadDeadline(time.Now().Add(time.Hour)))
		say("write deadline", c.SetWriteDeadline(time.Now().Add(time.Hour)))
		_, err := io.WriteString(w, "text ")
		say("write string", err)
		_, err = io.Copy(w, strings.NewReader("copied"))
		say("copy", err)
		say("flush", c.Flush())
		if !h2 {
			conn, rw, err := c.Hijack()
			say("hijack", err)
			_, err = rw.WriteString("0\r\n\r\n")
			say("write", err)
			say("flush", rw.Flush())
			say("close", conn.Close())
			_, err = w.Write([]byte("x"))
			say("write after", err)
		} else {
			_, _, err = c.Hijack()
			say("hijack", err)
		}
	})), h2)
	_, body := get(t, s, "/")
	<-over
	return append(all, body)
}

// TestWriterAnswersAsWithout: to everything that one may ask a server's writer.
func TestWriterAnswersAsWithout(t *testing.T) {
	versions(t, func(t *testing.T, h2 bool) {
		without := answers(t, h2, func(h http.Handler) http.Handler { return h })
		require.Equal(t, without, answers(t, h2, scopehttp.Middleware()))
		require.Contains(t, without, "text copied")
	})
}

// unwrapping is a middleware's writer that has Unwrap and nothing else, as it should.
type unwrapping struct{ http.ResponseWriter }

func (w unwrapping) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// TestControllerReachesThroughOthers: also if the writer inside has abilities only behind
// Unwrap; and what begins the answer that way is noticed.
func TestControllerReachesThroughOthers(t *testing.T) {
	var c scopehttp.Counters
	mw := scopehttp.Middleware(scopehttp.Count(&c))
	inner := mw(handler(func(w http.ResponseWriter, _ *http.Request) {
		_, ok := w.(http.Flusher)
		require.False(t, ok)
		require.NoError(t, http.NewResponseController(w).SetWriteDeadline(time.Now().Add(time.Hour)))
		require.NoError(t, http.NewResponseController(w).Flush())
		exhaust()
	}))
	s := server(t, handler(func(w http.ResponseWriter, r *http.Request) { inner.ServeHTTP(unwrapping{w}, r) }), false)
	resp, err := s.Client().Get(s.URL)
	require.NoError(t, err)
	defer resp.Body.Close()
	require.Equal(t, http.StatusOK, resp.StatusCode)
	_, err = io.ReadAll(resp.Body)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.Eventually(t, func() bool { return c.Stats().Aborted == 1 }, time.Minute, time.Millisecond)
}

// TestFlushNotSupported: the answer is that of the writer inside, and does not count as begun.
func TestFlushNotSupported(t *testing.T) {
	b := &base{httptest.NewRecorder()}
	scopehttp.Middleware()(handler(func(w http.ResponseWriter, _ *http.Request) {
		require.ErrorIs(t, http.NewResponseController(w).Flush(), http.ErrNotSupported)
		exhaust()
	})).ServeHTTP(plain{b}, httptest.NewRequest(http.MethodGet, "/", nil))
	require.Equal(t, http.StatusServiceUnavailable, b.Code)
}
