package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/scopehttp"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "serve" { // as a child of its own tests
		exit(serve(os.Args[2]))
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// TestStorms: short ones pass in both modes.
func TestStorms(t *testing.T) {
	if testing.Short() {
		t.Skip("waits until buffers give their storage back")
	}
	for _, mode := range []string{"safe", "fast", "grpc-safe", "grpc-fast"} {
		t.Run(mode, func(t *testing.T) {
			var out bytes.Buffer
			o := options{duration: time.Second, requests: 3000, clients: 4}
			require.NoError(t, o.runStorm(t.Context(), &out, mode), "%v", &out)
			require.Contains(t, out.String(), "0 bytes of other requests")
			t.Log(out.String())
		})
	}
}

// TestStormsCanTell: late handlers that http.TimeoutHandler gives up, with memory that is
// reused at once, are seen.
func TestStormsCanTell(t *testing.T) {
	s := httptest.NewServer(stormHandler("control", new(scopehttp.Counters)))
	defer s.Close()
	o := options{}
	var n tally
	newWorker := func(number int, t *tally) worker {
		return newClient(strings.TrimPrefix(s.URL, "http://"), number, t)
	}
	for begin := time.Now(); n.foreign.Load() == 0 && time.Since(begin) < time.Minute; {
		o.drive(t.Context(), newWorker, 0, 8, &n, time.Now(), n.answers.Load()+2000)
	}
	require.Positive(t, n.foreign.Load())
	require.ErrorContains(t, n.verdict(0), "bytes of other requests")
}

func TestUnknownStorm(t *testing.T) {
	require.ErrorContains(t, options{}.runStorm(t.Context(), io.Discard, "none"), `"none"`)
	_, err := handlerOf("none", nil)
	require.ErrorContains(t, err, `"none"`)
}

// TestComparison: all variants answer alike, and each has its line.
func TestComparison(t *testing.T) {
	var out bytes.Buffer
	o := options{clients: 2, rounds: 1, slice: 50 * time.Millisecond}
	require.NoError(t, o.runComparison(t.Context(), &out))
	for _, variant := range variants {
		require.Contains(t, out.String(), variant)
	}
	require.Contains(t, out.String(), "(1.00)")
}

// TestPrice: each size has its line.
func TestPrice(t *testing.T) {
	var out bytes.Buffer
	o := options{clients: 2, rounds: 1, slice: 20 * time.Millisecond}
	require.NoError(t, o.runPrice(t.Context(), &out))
	require.Equal(t, 2+len(priceSizes), strings.Count(out.String(), "\n"))
}

// TestClientComplains: about each kind of answer that it must not get.
func TestClientComplains(t *testing.T) {
	answer := ""
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			fmt.Fprint(conn, answer)
			conn.Close()
		}
	}))
	defer s.Close()
	head := func(status, length int) string {
		return fmt.Sprintf("HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n", status, length)
	}
	fill := func(c *client) { c.fill(1, 16) }
	proof := `{"Requested":100,"Available":64}`
	for _, tt := range []struct {
		name, answer, want string
		do                 func(*client)
	}{
		{"status", head(500, 0), "status 500", fill},
		{"short", head(200, 16) + "12345678", "8 bytes early", fill},
		{"length", head(200, 8) + "12345678", "answer of 8 bytes, want 16", fill},
		{"nothing", "", "EOF", fill},
		{"no head", "hello\r\n", "status line", fill},
		{"no length", "HTTP/1.1 200 X\r\n\r\n", "unknown length", fill},
		{"own limit", head(413, len(proof)) + proof, "status 413", fill},
		{"no proof", head(503, 2) + "{}", "without proof", fill},
		{"enough", head(503, 33) + `{"Requested":100,"Available":100}`, "without proof", fill},
		{"no panic", head(200, 0), "panic: <nil>", func(c *client) { c.panic(1) }},
		{"not late", head(200, 0), "late: status 200", func(c *client) { c.late(1, 16) }},
		{"upload", head(200, 7), "status 200 for an upload", func(c *client) { c.upload(1, 16) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			answer = tt.answer
			n := new(tally)
			c := newClient(strings.TrimPrefix(s.URL, "http://"), 1, n)
			tt.do(c)
			c.drop()
			require.ErrorContains(t, n.verdict(0), tt.want)
		})
	}
	answer = head(200, 16) + strings.Repeat("x", 16)
	n := new(tally)
	fill(newClient(strings.TrimPrefix(s.URL, "http://"), 1, n))
	require.ErrorContains(t, n.verdict(0), "16 bytes of other requests")
	require.ErrorContains(t, new(tally).verdict(1), "0 answers, want 1")
}
