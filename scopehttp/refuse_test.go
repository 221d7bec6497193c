package scopehttp_test

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scopehttp"
)

// exhaust panics as an allocation does for which there is no memory.
func exhaust() {
	panic(&scope.ExhaustedError{Allocator: "test", Requested: 64, Available: 32, Idle: 48})
}

// TestExhaustedIs503: with Retry-After, and without what the handler had set for its answer.
func TestExhaustedIs503(t *testing.T) {
	versions(t, func(t *testing.T, h2 bool) {
		var c scopehttp.Counters
		shared := locked.Share(bumper.NewSlabBuffer(bumper.Isolating(), bumper.Limit(1<<20)))
		mw := scopehttp.Middleware(scopehttp.Buffer(shared), scopehttp.Count(&c), scopehttp.RetryAfter(1500*time.Millisecond))
		h := mw(handler(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Length", "1000")
			w.Header().Set("Cache-Control", "max-age=100")
			w.Header().Set("Content-Encoding", "gzip")
			w.Header().Set("Access-Control-Allow-Origin", "*")
			scope.Make[byte](r.Context(), 2<<20)
		}))
		s := server(t, handler(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Etag", "outside")
			w.Header().Set("X-Request-Id", "7")
			h.ServeHTTP(w, r)
		}), h2)
		for range 3 {
			resp, body := get(t, s, "/")
			require.Equal(t, http.StatusServiceUnavailable, resp.StatusCode)
			require.Equal(t, "2", resp.Header.Get("Retry-After"))
			require.Equal(t, "out of memory; try again later\n", body)
			require.Empty(t, resp.Header.Get("Cache-Control")+resp.Header.Get("Content-Encoding"))
			require.Equal(t, "outside", resp.Header.Get("Etag"))
			require.Equal(t, "7", resp.Header.Get("X-Request-Id"))
			require.Equal(t, "*", resp.Header.Get("Access-Control-Allow-Origin"))
			require.Equal(t, "text/plain; charset=utf-8", resp.Header.Get("Content-Type"))
		}
		require.Eventually(t, func() bool { return c.Stats().Refused == 3 }, time.Minute, time.Millisecond)
		require.Equal(t, uint64(3), c.Stats().Process)
		require.Equal(t, uint64(3), shared.Stats().Refused)
	})
}

// TestExhaustedInTheAnswer: the client sees that the answer is not whole.
func TestExhaustedInTheAnswer(t *testing.T) {
	begin := map[string]func(http.ResponseWriter){
		"header":     func(w http.ResponseWriter) { w.WriteHeader(http.StatusOK) },
		"write":      func(w http.ResponseWriter) { _, _ = w.Write([]byte("half of ")) },
		"string":     func(w http.ResponseWriter) { _, _ = io.WriteString(w, "half of ") },
		"flush":      func(w http.ResponseWriter) { w.(http.Flusher).Flush() },
		"controller": func(w http.ResponseWriter) { _ = http.NewResponseController(w).Flush() },
		"copy": func(w http.ResponseWriter) {
			_, _ = io.Copy(w, io.LimitReader(zeros{}, 100_000))
		},
	}
	versions(t, func(t *testing.T, h2 bool) {
		for name, begin := range begin {
			t.Run(name, func(t *testing.T) {
				var c scopehttp.Counters
				s := server(t, scopehttp.Middleware(scopehttp.Count(&c))(handler(func(w http.ResponseWriter, _ *http.Request) {
					begin(w)
					exhaust()
				})), h2)
				resp, err := s.Client().Get(s.URL)
				if err == nil {
					_, err = io.ReadAll(resp.Body)
					resp.Body.Close()
				}
				require.Error(t, err)
				require.Eventually(t, func() bool { return c.Stats().Aborted == 1 }, time.Minute, time.Millisecond)
				require.Equal(t, uint64(1), c.Stats().Process)
			})
		}
	})
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// TestEarlyHintsAreNoAnswer: after 103 the refusal can still be sent.
func TestEarlyHintsAreNoAnswer(t *testing.T) {
	versions(t, func(t *testing.T, h2 bool) {
		s := server(t, scopehttp.Middleware()(handler(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusEarlyHints)
			exhaust()
		})), h2)
		resp, _ := get(t, s, "/")
		require.Equal(t, http.StatusServiceUnavailable, resp.StatusCode)
	})
}

// TestInnerCompression: a middleware inside that ends its stream while the panic passes has
// begun the answer.
func TestInnerCompression(t *testing.T) {
	s := server(t, scopehttp.Middleware()(handler(func(w http.ResponseWriter, _ *http.Request) {
		z := gzip.NewWriter(w)
		defer z.Close()
		w.Header().Set("Content-Encoding", "gzip")
		exhaust()
	})), false)
	_, err := s.Client().Get(s.URL)
	require.Error(t, err)
}

// TestRefuse: for handlers that have the error, and middlewares that recover panics.
func TestRefuse(t *testing.T) {
	var c scopehttp.Counters
	mw := scopehttp.Middleware(scopehttp.Count(&c), scopehttp.RetryAfter(7*time.Second))
	w := record(mw(handler(func(w http.ResponseWriter, r *http.Request) {
		require.False(t, scopehttp.Refuse(w, r, errors.New("other")))
		require.False(t, scopehttp.Refuse(w, r, nil))
		err := scope.NoEscape(r.Context(), func(context.Context) error { exhaust(); return nil })
		require.True(t, scopehttp.Refuse(w, r, fmt.Errorf("predict: %w", err)))
	})))
	require.Equal(t, http.StatusServiceUnavailable, w.Code)
	require.Equal(t, "7", w.Header().Get("Retry-After"))
	require.Equal(t, uint64(1), c.Stats().Refused)
	require.Equal(t, uint64(1), c.Stats().Process)

	w = record(handler(func(w http.ResponseWriter, r *http.Request) { // without the middleware
		require.True(t, scopehttp.Refuse(w, r, scope.ErrExhausted))
	}))
	require.Equal(t, http.StatusServiceUnavailable, w.Code)
	require.Equal(t, "1", w.Header().Get("Retry-After"))

	require.PanicsWithValue(t, http.ErrAbortHandler, func() {
		record(mw(handler(func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusOK)
			scopehttp.Refuse(w, r, scope.ErrExhausted)
		})))
	})
	require.Equal(t, uint64(1), c.Stats().Aborted)
}

// TestRefusal: the answer can be written in the service's own way. The scope has ended.
func TestRefusal(t *testing.T) {
	shared := locked.Share(bumper.NewSlabBuffer(bumper.Isolating(), bumper.Limit(1<<20)))
	w := record(scopehttp.Middleware(scopehttp.Buffer(shared), scopehttp.Refusal(
		func(w http.ResponseWriter, r *http.Request, status int, err error) {
			require.Zero(t, shared.Stats().Open)
			e, ok := errors.AsType[*scope.ExhaustedError](err)
			require.True(t, ok)
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			fmt.Fprintf(w, `{"requested":%d}`, e.Requested)
		}))(handler(func(_ http.ResponseWriter, r *http.Request) {
		scope.Make[byte](r.Context(), 1000)
		scope.Make[byte](r.Context(), 2<<20)
	})))
	require.Equal(t, http.StatusServiceUnavailable, w.Code)
	require.Equal(t, `{"requested":2097152}`, w.Body.String())
	require.Equal(t, "1", w.Header().Get("Retry-After"))
}

// TestHijackedAndExhausted: the connection is closed, since the server will not.
func TestHijackedAndExhausted(t *testing.T) {
	s := server(t, scopehttp.Middleware()(handler(func(w http.ResponseWriter, _ *http.Request) {
		_, _, err := w.(http.Hijacker).Hijack()
		require.NoError(t, err)
		exhaust()
	})), false)
	_, err := s.Client().Get(s.URL)
	require.ErrorIs(t, err, io.EOF)
}

// TestRecoverersOutside see only panics that are none of the middleware's.
func TestRecoverersOutside(t *testing.T) {
	seen := 0
	h := scopehttp.Middleware()(handler(func(http.ResponseWriter, *http.Request) { exhaust() }))
	w := record(handler(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if recover() != nil {
				seen++
			}
		}()
		h.ServeHTTP(w, r)
	}))
	require.Equal(t, http.StatusServiceUnavailable, w.Code)
	require.Zero(t, seen)
}
