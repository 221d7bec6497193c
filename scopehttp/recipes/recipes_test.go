package recipes_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scopehttp"
)

// filled returns n bytes of memory of the scope, all of whose words are id.
func filled(ctx context.Context, id, n string) ([]byte, error) {
	size, err := strconv.Atoi(n)
	if err != nil {
		return nil, err
	}
	word, err := strconv.ParseUint(id, 10, 64)
	if err != nil {
		return nil, err
	}
	p, _, err := scope.Alloc[byte](ctx, size)
	if err != nil {
		return nil, fmt.Errorf("fill: %w", err)
	}
	for i := 0; i+8 <= size; i += 8 {
		binary.LittleEndian.PutUint64(p[i:], word)
	}
	return p, nil
}

// others counts the bytes of p in words that are not id.
func others(p []byte, id int) (n int) {
	for i := 0; i+8 <= len(p); i += 8 {
		if binary.LittleEndian.Uint64(p[i:]) != uint64(id) {
			n += 8
		}
	}
	return n
}

// fill answers with filled, and panics if memory is exhausted, as scope.Make does.
func fill(w http.ResponseWriter, r *http.Request) {
	if err := fillError(r.Context(), w, r); errors.Is(err, scope.ErrExhausted) {
		panic(err)
	}
}

func fillError(ctx context.Context, w http.ResponseWriter, r *http.Request) error {
	answer, err := filled(ctx, r.URL.Query().Get("id"), r.URL.Query().Get("n"))
	if err != nil {
		return err
	}
	_, err = w.Write(answer)
	return err
}

// serve tests a server of a framework: right answers under load, and the middleware's refusal
// when memory is exhausted.
func serve(t *testing.T, framework func(...scopehttp.Option) http.Handler) {
	shared := locked.Share(bumper.NewSlabBuffer(bumper.Limit(8 << 20)))
	var c scopehttp.Counters
	s := httptest.NewServer(framework(scopehttp.Buffer(shared), scopehttp.Fast(), scopehttp.Count(&c)))
	defer s.Close()
	require.Zero(t, storm(t, s.Client(), s.URL+"/fill"))
	before := c.Stats()
	require.Positive(t, shared.Stats().Regions)

	resp, err := s.Client().Get(s.URL + "/fill?id=1&n=10000000")
	require.NoError(t, err)
	_ = resp.Body.Close()
	require.Equal(t, http.StatusServiceUnavailable, resp.StatusCode)
	require.Equal(t, "1", resp.Header.Get("Retry-After"))
	s.Close() // waits for the handlers
	require.Equal(t, before.Refused+1, c.Stats().Refused)
	require.Zero(t, shared.Stats().Open)
}
