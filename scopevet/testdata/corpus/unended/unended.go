package unended

import (
	"context"
	"errors"

	"corpus.example/lib"

	"github.com/allocarrays/allocarrays-go/scope"
)

func badNever(ctx context.Context) float64 {
	ctx, s := scope.Open(ctx)
	_ = s.Late()
	return lib.Smooth(ctx, []float64{1})
}

func badDiscarded(ctx context.Context) float64 {
	ctx, _ = scope.Open(ctx)
	return lib.Smooth(ctx, []float64{1})
}

func badEarlyReturn(ctx context.Context, load func() error) error {
	ctx, s := scope.Open(ctx)
	if err := load(); err != nil {
		return err
	}
	println(lib.Smooth(ctx, []float64{1}))
	return s.End()
}

func badConditional(ctx context.Context, ok bool) {
	ctx, s := scope.Open(ctx)
	println(lib.Smooth(ctx, []float64{1}))
	if ok {
		_ = s.End()
	}
}

func badLoop(ctx context.Context, xs [][]float64) error {
	for _, x := range xs {
		c, s := scope.Open(ctx)
		if lib.Smooth(c, x) > 1 {
			return errors.New("large")
		}
		_ = s.End()
	}
	return nil
}

func badContinue(ctx context.Context, xs [][]float64) {
	for _, x := range xs {
		c, s := scope.Open(ctx)
		if lib.Smooth(c, x) > 1 {
			continue
		}
		_ = s.End()
	}
}

func badSwitch(ctx context.Context, n int) error {
	_, s := scope.Open(ctx)
	switch {
	case n > 3:
		return s.End()
	case n < 0:
		return errors.New("negative")
	default:
		return s.End()
	}
}

func badDeferredTooLate(ctx context.Context, load func() error) error {
	_, s := scope.Open(ctx)
	if err := load(); err != nil {
		return err
	}
	defer s.End()
	return load()
}

func badClosure(ctx context.Context) func() float64 {
	return func() float64 {
		c, s := scope.Open(ctx)
		println(s.Late())
		return lib.Smooth(c, []float64{1})
	}
}

func goodDefer(ctx context.Context) float64 {
	ctx, s := scope.Open(ctx)
	defer s.End()
	return lib.Smooth(ctx, []float64{1})
}

func goodDeferClosure(ctx context.Context) (v float64, err error) {
	ctx, s := scope.Open(ctx)
	defer func() { err = errors.Join(err, s.End()) }()
	return lib.Smooth(ctx, []float64{1}), nil
}

func goodEveryPath(ctx context.Context, load func() error) error {
	_, s := scope.Open(ctx)
	if err := load(); err != nil {
		_ = s.End()
		return err
	}
	return s.End()
}

func goodReturned(ctx context.Context) (context.Context, *scope.Scope) { return scope.Open(ctx) }

type rpc struct {
	ctx context.Context
	s   *scope.Scope
}

func (r *rpc) goodBegin(ctx context.Context) { r.ctx, r.s = scope.Open(ctx) }
func (r *rpc) goodEnd() error                { return r.s.End() }

func goodMade(ctx context.Context) *rpc {
	ctx, s := scope.Open(ctx)
	return &rpc{ctx, s}
}

func goodStop(ctx context.Context) (context.Context, func() error) {
	ctx, s := scope.Open(ctx)
	return ctx, s.End
}

func goodMap(ctx context.Context, open map[int]*scope.Scope) {
	_, s := scope.Open(ctx)
	open[1] = s
}

func goodChannel(ctx context.Context, ended chan<- *scope.Scope) {
	_, s := scope.Open(ctx)
	ended <- s
}

func goodGoroutine(ctx context.Context, done <-chan bool) {
	_, s := scope.Open(ctx)
	go func() {
		<-done
		_ = s.End()
	}()
}

func goodHelper(ctx context.Context) {
	ctx, s := scope.Open(ctx)
	defer finish(s)
	println(lib.Smooth(ctx, []float64{1}))
}

func finish(s *scope.Scope) { _ = s.End() }

func goodCallback(ctx context.Context, onEnd func(func())) {
	_, s := scope.Open(ctx)
	onEnd(func() { _ = s.End() })
}

func goodLoop(ctx context.Context, xs [][]float64) {
	for _, x := range xs {
		c, s := scope.Open(ctx)
		println(lib.Smooth(c, x))
		_ = s.End()
	}
}

func goodInterface(ctx context.Context, register func(interface{ End() error })) {
	_, s := scope.Open(ctx)
	register(s)
}
