package recipes_test

import (
	"net/http"
	"testing"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"

	"github.com/allocarrays/allocarrays-go/scopehttp"
)

func chiServer(opts ...scopehttp.Option) http.Handler {
	r := chi.NewRouter()
	r.Use(middleware.Recoverer) // outside: sees no panic about exhausted memory
	r.Use(scopehttp.Middleware(opts...))
	r.Get("/fill", fill)
	return r
}

func TestChi(t *testing.T) { serve(t, chiServer) }
