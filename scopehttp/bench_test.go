package scopehttp_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scopehttp"
)

// discard is a writer that keeps nothing.
type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) Write(p []byte) (int, error) { return len(p), nil }
func (d discard) WriteHeader(int)             {}
func (d discard) Flush()                      {}

// BenchmarkMiddleware is what the middleware adds to a request that allocates 1 KiB, and what
// the least that one can write by hand does.
func BenchmarkMiddleware(b *testing.B) {
	h := handler(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write(scope.Make[byte](r.Context(), 1024))
	})
	shared := locked.Share(bumper.NewSlabBuffer())
	for _, by := range []struct {
		name string
		h    http.Handler
	}{
		{"heap", h},
		{"hand", handler(func(w http.ResponseWriter, r *http.Request) {
			_ = scope.NoEscape(scope.WithAllocator(r.Context(), shared), func(ctx context.Context) error {
				h(w, r.WithContext(ctx))
				return nil
			})
		})},
		{"fast", scopehttp.Middleware(scopehttp.Fast())(h)},
		{"safe", scopehttp.Middleware()(h)},
		{"limits", scopehttp.Middleware(scopehttp.Fast(), scopehttp.Limit(1<<20))(h)},
	} {
		b.Run("by="+by.name, func(b *testing.B) {
			b.ReportAllocs()
			w, r := discard{http.Header{}}, httptest.NewRequest(http.MethodGet, "/", nil)
			for b.Loop() {
				by.h.ServeHTTP(w, r)
			}
		})
	}
}
