package keptctx

import (
	"context"
	"net/http"

	"corpus.example/lib"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
)

type array = allocarray.AllocArray[float64]

var globalCtx context.Context

type server struct {
	ctx  context.Context
	jobs chan context.Context
	m    map[string]context.Context
	req  *http.Request
	fn   func() []float64
}

func badGlobal(ctx context.Context) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		globalCtx = ctx
		return nil
	})
}

func (s *server) badField(ctx context.Context) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		s.ctx = ctx
		return nil
	})
}

func (s *server) badDerived(ctx context.Context) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		s.ctx = context.WithValue(ctx, server{}, 1)
		return nil
	})
}

func (s *server) badChannel(ctx context.Context) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		s.jobs <- ctx
		return nil
	})
}

func (s *server) badMap(ctx context.Context) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		s.m["a"] = ctx
		return nil
	})
}

func (s *server) badRequest(ctx context.Context, r *http.Request) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		s.req = r.WithContext(ctx)
		return nil
	})
}

func (s *server) badClosure(ctx context.Context) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		s.fn = func() []float64 { return scope.Make[float64](ctx, 3) }
		return nil
	})
}

func badCaptured(ctx context.Context) float64 {
	var kept context.Context
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		kept = ctx
		return nil
	})
	return lib.Sum(scope.Make[float64](kept, 3))
}

func badAssigned(ctx context.Context, x array) array {
	_ = scope.NoEscape(ctx, func(inner context.Context) error {
		ctx = inner
		return nil
	})
	return allocarray.Abs(ctx, x)
}

func badOpen(ctx context.Context, x array) float64 {
	inner, s := scope.Open(ctx)
	_ = s.End()
	return allocarray.Sum(allocarray.Abs(inner, x))
}

func badOpenHelper(ctx context.Context) float64 {
	ctx, s := scope.Open(ctx)
	_ = s.End()
	return lib.Smooth(ctx, []float64{1})
}

func badOpenReturned(ctx context.Context) context.Context {
	ctx, s := scope.Open(ctx)
	defer s.End()
	return ctx
}

func (s *server) badOpenField(ctx context.Context) {
	ctx, sc := scope.Open(ctx)
	defer sc.End()
	s.ctx = ctx
}

func badScoped(ctx context.Context) float64 {
	c, err := lib.Scoped(ctx, func(ctx context.Context) (context.Context, error) { return ctx, nil })
	if err != nil {
		return 0
	}
	return lib.Sum(scope.Make[float64](c, 3))
}

func badWorker(ctx context.Context) float64 {
	var kept context.Context
	g := locked.NewGroup(ctx)
	g.Go(func(ctx context.Context) error { kept = ctx; return nil })
	_ = g.Wait()
	return lib.Sum(scope.Make[float64](kept, 3))
}

func keep(ctx context.Context) { globalCtx = ctx }

func badHelper(ctx context.Context) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		keep(ctx)
		return nil
	})
}

type job struct {
	ctx context.Context
	n   int
}

func badJob(ctx context.Context, jobs *[]job) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		*jobs = append(*jobs, job{ctx, 3})
		return nil
	})
}
