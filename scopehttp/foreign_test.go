package scopehttp_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/internal/testenv"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scopehttp"
)

// fill fills memory with words that name the request.
func fill(p []byte, id uint64) {
	for i := 0; i+8 <= len(p); i += 8 {
		binary.LittleEndian.PutUint64(p[i:], id)
	}
}

// foreign counts the bytes of p in words that do not name the request.
func foreign(p []byte, id uint64) (n int) {
	for i := 0; i+8 <= len(p); i += 8 {
		if binary.LittleEndian.Uint64(p[i:]) != id {
			n += 8
		}
	}
	return n
}

// TestNoForeignBytes: under load, with cancelled requests and panics, by HTTP/1.1 and HTTP/2,
// no answer has a byte of another request; in safe mode also with handlers that time out and
// write on. With Fast, and http.TimeoutHandler out of sight, there are some: the test can
// tell.
func TestNoForeignBytes(t *testing.T) {
	requests := 3000
	if testing.Short() {
		requests = 500
	}
	late := func(h http.Handler) http.Handler { return below(http.TimeoutHandler(h, 2*time.Millisecond, "")) }
	ours := func(h http.Handler) http.Handler { return scopehttp.Timeout(h, 2*time.Millisecond, "") }
	none := func(h http.Handler) http.Handler { return h }
	for _, tt := range []struct {
		name    string
		mw      func(http.Handler) http.Handler
		timeout func(http.Handler) http.Handler
		late    bool
	}{
		{"safe", scopehttp.Middleware(), late, true},
		{"fast", scopehttp.Middleware(scopehttp.Fast()), none, false},
		{"fast, Timeout", scopehttp.Middleware(scopehttp.Fast()), ours, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			versions(t, func(t *testing.T, h2 bool) {
				require.Zero(t, storm(t, tt.mw(tt.timeout(fillAnswer(tt.late))), h2, requests))
			})
		})
	}
	t.Run("control", func(t *testing.T) {
		if testenv.Slow() {
			t.Skip("what it shows is a data race, and a fault in guard mode")
		}
		require.Positive(t, storm(t, scopehttp.Middleware(scopehttp.Fast())(late(fillAnswer(true))), false, requests))
	})
}

// fillAnswer returns a handler that answers with words that name the request. If late, some
// run past their timeout and fill their memory again and again.
func fillAnswer(late bool) http.Handler {
	return handler(func(w http.ResponseWriter, r *http.Request) {
		id, err := strconv.ParseUint(r.URL.Query().Get("id"), 10, 64)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		size, _ := strconv.Atoi(r.URL.Query().Get("size"))
		p := scope.Make[byte](r.Context(), size)
		fill(p, id)
		switch {
		case id%50 == 7:
			panic(http.ErrAbortHandler)
		case late && id%10 == 3:
			<-r.Context().Done()
			for range 20 {
				fill(p, id)
				time.Sleep(100 * time.Microsecond)
			}
		case id%5 == 0:
			time.Sleep(time.Duration(id%7) * 100 * time.Microsecond) // so that others run meanwhile
		}
		_, _ = w.Write(p[:size/2])
		_, _ = w.Write(p[size/2:])
	})
}

// storm sends requests from eight clients, cancels some, and counts foreign bytes.
func storm(t *testing.T, h http.Handler, h2 bool, requests int) int {
	s := server(t, h, h2)
	var bad, good atomic.Int64
	var wg sync.WaitGroup
	for client := range 8 {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(client), 1))
			for i := range requests / 8 {
				id := uint64(client)<<32 + uint64(i) + 1
				size := 8 << rng.IntN(15)
				bad.Add(int64(exchange(s.Client(), s.URL, id, size, rng.IntN(20) == 0, &good)))
			}
		})
	}
	wg.Wait()
	require.Greater(t, good.Load(), int64(requests/2))
	return int(bad.Load())
}

// exchange sends one request and counts the foreign bytes that it reads, of a cancelled one
// too.
func exchange(c *http.Client, url string, id uint64, size int, cancelled bool, good *atomic.Int64) int {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet,
		url+"/?id="+strconv.FormatUint(id, 10)+"&size="+strconv.Itoa(size), nil)
	if err != nil {
		return 0
	}
	if cancelled {
		time.AfterFunc(time.Duration(id%1000)*time.Microsecond, cancel)
	}
	resp, err := c.Do(req)
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	var body bytes.Buffer
	_, err = io.Copy(&body, resp.Body)
	if resp.StatusCode != http.StatusOK {
		return 0
	}
	if err == nil && body.Len() == size {
		good.Add(1)
	}
	return foreign(body.Bytes(), id)
}
