package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/internal/testenv"
)

func classifier(t *testing.T) *Classifier {
	t.Helper()
	dir := filepath.Join(testenv.Data(t, "onnx"), "models")
	c, err := Load(filepath.Join(dir, "magika_v3_3.onnx"), filepath.Join(dir, "magika_v3_3-config.json"), func() {})
	require.NoError(t, err)
	return c
}

type example struct {
	Content    []byte `json:"content_base64"`
	Mode       string `json:"prediction_mode"`
	Prediction struct {
		Label  string  `json:"dl"`
		Output string  `json:"output"`
		Score  float64 `json:"score"`
		Reason string  `json:"overwrite_reason"`
	} `json:"prediction"`
}

func examples(t *testing.T) (all []example) {
	t.Helper()
	f, err := os.Open(filepath.Join(testenv.Data(t, "onnx"), "models", "magika_v3_3-examples.json.gz"))
	require.NoError(t, err)
	defer f.Close()
	z, err := gzip.NewReader(f)
	require.NoError(t, err)
	require.NoError(t, json.NewDecoder(z).Decode(&all))
	return all
}

func ask(t *testing.T, url string, content []byte) Type {
	t.Helper()
	r, err := http.Post(url+"/type", "application/octet-stream", bytes.NewReader(content))
	require.NoError(t, err)
	defer r.Body.Close()
	require.Equal(t, http.StatusOK, r.StatusCode)
	var got Type
	require.NoError(t, json.NewDecoder(r.Body).Decode(&got))
	return got
}

// TestExamples: what Magika says of its own examples, asked by several clients at once.
func TestExamples(t *testing.T) {
	server := httptest.NewServer(handler(classifier(t)))
	defer server.Close()
	all := examples(t)
	require.Len(t, all, 141)
	var wg sync.WaitGroup
	for k := range 4 {
		wg.Go(func() {
			for i := k; i < len(all); i += 4 {
				e := all[i]
				got := ask(t, server.URL, e.Content)
				want := e.Prediction.Label
				if want == "undefined" { // too small for the network
					want = e.Prediction.Output
				}
				if got.Type != want || max(got.Score-float32(e.Prediction.Score), float32(e.Prediction.Score)-got.Score) > 1e-4 {
					t.Errorf("example %d: %+v, want %+v", i, got, e.Prediction)
				}
				// Magika answers txt where it doubts what kind of text it is, and so does not doubt txt.
				if low := e.Prediction.Reason == "low_confidence"; e.Mode == "high_confidence" && want != "txt" && got.Confident == low {
					t.Errorf("example %d: %+v, want %+v", i, got, e.Prediction)
				}
			}
		})
	}
	wg.Wait()
}

// TestExcerpt: the first and the last block, whatever the reader hands out at once.
func TestExcerpt(t *testing.T) {
	const block = 8
	text := "0123456789abcdefghijklmnopqrstuvwxyz"
	for n := range len(text) {
		for _, r := range []io.Reader{strings.NewReader(text[:n]), iotest.OneByteReader(strings.NewReader(text[:n])), iotest.DataErrReader(strings.NewReader(text[:n]))} {
			got, err := excerpt(r, make([]byte, 3*block), block)
			require.NoError(t, err)
			require.Equal(t, text[:min(n, block)], string(got.Begin), "%d bytes", n)
			require.Equal(t, text[max(0, n-block):n], string(got.End), "%d bytes", n)
		}
		_, err := excerpt(io.MultiReader(strings.NewReader(text[:n]), iotest.ErrReader(io.ErrClosedPipe)), make([]byte, 3*block), block)
		require.ErrorIs(t, err, io.ErrClosedPipe)
	}
}

func TestServer(t *testing.T) {
	server := httptest.NewServer(handler(classifier(t)))
	defer server.Close()
	require.Equal(t, Type{"empty", 1, true}, ask(t, server.URL, nil))
	require.Equal(t, Type{"txt", 1, true}, ask(t, server.URL, []byte("hi")))
	require.Equal(t, Type{"unknown", 1, true}, ask(t, server.URL, []byte{0xff, 0xfe, 0}))
	big := append(bytes.Repeat([]byte("package main\n\nfunc f() int { return 1 }\n"), 500_000), "// end\n"...) // 20 MB
	require.Equal(t, "go", ask(t, server.URL, big).Type)
	r, err := http.Get(server.URL + "/type")
	require.NoError(t, err)
	r.Body.Close()
	require.Equal(t, http.StatusMethodNotAllowed, r.StatusCode)
}

func TestLoadErrors(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"nothing.json": "{}", "broken.json": "{", "middle.json": `{"beg_size":1,"mid_size":1,"end_size":1,"block_size":2,"target_labels_space":["a"]}`,
		"huge.json": `{"beg_size":99999999999,"end_size":1,"block_size":99999999999,"target_labels_space":["a"]}`,
		"good.json": `{"beg_size":1,"end_size":1,"block_size":2,"target_labels_space":["a"]}`,
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	for name, want := range map[string]string{
		"none.json": "none.json", "nothing.json": "not the configuration", "broken.json": "broken.json",
		"middle.json": "from the middle", "huge.json": "not the configuration", "good.json": "filetype_test.go",
	} {
		_, err := Load("filetype_test.go", filepath.Join(dir, name), func() {})
		require.ErrorContains(t, err, want, name)
	}
}

func TestUsage(t *testing.T) {
	require.ErrorContains(t, run(t.Context(), []string{"file"}, io.Discard), `"file"`)
	require.ErrorContains(t, run(t.Context(), []string{"-config", "nothere"}, io.Discard), "nothere: no such file or directory; README.md says how to get it")
	require.ErrorContains(t, run(t.Context(), []string{"-config", "/dev/null"}, io.Discard), "/dev/null: is a device")
	require.Error(t, run(t.Context(), []string{"-nonsense"}, io.Discard))
}

// TestEnd: the server ends when it is told to.
func TestEnd(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- serve(ctx, l, http.NotFoundHandler()) }()
	r, err := http.Get("http://" + l.Addr().String())
	require.NoError(t, err)
	r.Body.Close()
	cancel()
	require.NoError(t, <-done)
}
