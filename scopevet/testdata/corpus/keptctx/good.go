package keptctx

import (
	"context"
	"net/http"

	"corpus.example/lib"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/scope"
)

func goodLocal(ctx context.Context) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		j := job{ctx, 3}
		println(lib.Sum(scope.Make[float64](j.ctx, j.n)))
		return nil
	})
}

func goodCallersStruct(ctx context.Context) *job { return &job{ctx, 3} }

func (s *server) goodCallersField(ctx context.Context) { s.ctx = ctx }

func (s *server) goodCleared(ctx context.Context) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		s.ctx = ctx
		defer func() { s.ctx = nil }()
		println(s.total())
		return nil
	})
}

func (s *server) total() float64 { return lib.Sum(scope.Make[float64](s.ctx, 3)) }

func (s *server) goodOuter(ctx context.Context) error {
	return scope.NoEscape(ctx, func(inner context.Context) error {
		s.ctx = ctx
		return inner.Err()
	})
}

func goodRequest(ctx context.Context, w http.ResponseWriter, r *http.Request, next http.Handler) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		next.ServeHTTP(w, r.WithContext(ctx))
		return nil
	})
}

func goodHeap(ctx context.Context) error {
	return scope.NoEscape(ctx, func(inner context.Context) error {
		globalCtx = scope.WithAllocator(context.Background(), scope.Heap())
		return inner.Err()
	})
}

func goodOpenKept(ctx context.Context, s *server) *scope.Scope {
	ctx, sc := scope.Open(ctx)
	s.ctx = ctx
	return sc
}

func goodOnlyErr(ctx context.Context) error {
	var kept context.Context
	_ = scope.NoEscape(ctx, func(ctx context.Context) error { kept = ctx; return nil })
	return kept.Err()
}

func goodRestored(ctx context.Context, x array) array {
	outer := ctx
	_ = scope.NoEscape(ctx, func(inner context.Context) error {
		ctx = inner
		allocarray.Abs(ctx, x).Fill(1)
		return nil
	})
	ctx = outer
	return allocarray.Abs(ctx, x)
}

func goodOpenReturned(ctx context.Context) (context.Context, func()) {
	ctx, s := scope.Open(ctx)
	return ctx, func() { _ = s.End() }
}

func goodChannelInside(ctx context.Context) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		ch := make(chan context.Context, 1)
		ch <- ctx
		println(lib.Sum(scope.Make[float64](<-ch, 2)))
		return nil
	})
}
