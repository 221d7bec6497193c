package timeout

import (
	"context"
	"net/http"
	"time"

	"github.com/allocarrays/allocarrays-go/scope"
)

func scoped(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = scope.NoEscape(r.Context(), func(ctx context.Context) error {
			next.ServeHTTP(w, r.WithContext(ctx))
			return nil
		})
	})
}

func opened(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, s := scope.Open(r.Context())
		defer s.End()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

type middleware struct{ limit int }

func (m *middleware) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = scope.NoEscape(r.Context(), func(ctx context.Context) error {
			next.ServeHTTP(w, r.WithContext(ctx))
			return nil
		})
	})
}

func logged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		println(r.URL.Path)
		next.ServeHTTP(w, r)
	})
}

func badDirect(h http.Handler) http.Handler { return scoped(http.TimeoutHandler(h, time.Second, "")) }

func badVariable(h http.Handler) http.Handler {
	h = http.TimeoutHandler(h, time.Second, "")
	return scoped(h)
}

func badOpened(h http.Handler) http.Handler { return opened(http.TimeoutHandler(h, time.Second, "")) }

func badMethod(m *middleware, h http.Handler) http.Handler {
	return m.wrap(http.TimeoutHandler(h, time.Second, ""))
}

func badMux(h http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", http.TimeoutHandler(h, time.Second, ""))
	return scoped(mux)
}

func badInside(w http.ResponseWriter, r *http.Request, h http.Handler) {
	slow := http.TimeoutHandler(h, time.Second, "")
	_ = scope.NoEscape(r.Context(), func(ctx context.Context) error {
		slow.ServeHTTP(w, r.WithContext(ctx))
		return nil
	})
}

func badInHandler(h http.Handler) http.Handler {
	slow := http.TimeoutHandler(h, time.Second, "")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, s := scope.Open(r.Context())
		defer s.End()
		slow.ServeHTTP(w, r.WithContext(ctx))
	})
}

func badLogged(h http.Handler) http.Handler {
	return scoped(logged(http.TimeoutHandler(h, time.Second, "")))
}

func goodOutside(h http.Handler) http.Handler { return http.TimeoutHandler(scoped(h), time.Second, "") }

func goodOpened(h http.Handler) http.Handler { return http.TimeoutHandler(opened(h), time.Second, "") }

func goodPlain(h http.Handler) http.Handler { return scoped(h) }

func goodNoScope(h http.Handler) http.Handler { return logged(http.TimeoutHandler(h, time.Second, "")) }

func goodMux(h http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", scoped(h))
	return http.TimeoutHandler(mux, time.Second, "")
}

func goodServe(w http.ResponseWriter, r *http.Request, h http.Handler) {
	http.TimeoutHandler(h, time.Second, "").ServeHTTP(w, r)
}
