package scopehttp_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/scopehttp"
)

// TestPatternForLoggers: a middleware outside sees which route served the request, also when
// the handler has panicked.
func TestPatternForLoggers(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /items/{id}", func(http.ResponseWriter, *http.Request) { exhaust() })
	r := httptest.NewRequest(http.MethodGet, "/items/7", nil)
	scopehttp.Middleware()(mux).ServeHTTP(httptest.NewRecorder(), r)
	require.Equal(t, "GET /items/{id}", r.Pattern)
}

// TestTemporaryFilesAreRemoved: those of an upload, by the server, which knows the request that
// the middleware got and not its copy; and by Timeout, which has a copy of its own.
func TestTemporaryFilesAreRemoved(t *testing.T) {
	upload := handler(func(w http.ResponseWriter, r *http.Request) {
		require.NoError(t, r.ParseMultipartForm(1))
		files, err := os.ReadDir(os.TempDir())
		require.NoError(t, err)
		require.Len(t, files, 1)
		w.WriteHeader(http.StatusNoContent)
	})
	for name, h := range map[string]http.Handler{
		"middleware": upload, "timeout": scopehttp.Timeout(upload, time.Hour, ""),
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("TMPDIR", t.TempDir())
			t.Setenv("TMP", os.Getenv("TMPDIR"))
			var body bytes.Buffer
			form := multipart.NewWriter(&body)
			part, err := form.CreateFormFile("file", "large")
			require.NoError(t, err)
			_, err = part.Write(make([]byte, 11<<20)) // 10 MiB may stay in memory
			require.NoError(t, err)
			require.NoError(t, form.Close())
			s := server(t, scopehttp.Middleware()(h), false)
			resp, err := s.Client().Post(s.URL, form.FormDataContentType(), &body)
			require.NoError(t, err)
			resp.Body.Close()
			require.Equal(t, http.StatusNoContent, resp.StatusCode)
			require.Eventually(t, func() bool {
				files, err := os.ReadDir(os.TempDir())
				return err == nil && len(files) == 0
			}, time.Minute, time.Millisecond)
		})
	}
}
