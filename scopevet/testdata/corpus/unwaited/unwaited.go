package unwaited

import (
	"context"
	"errors"

	"corpus.example/lib"

	"github.com/allocarrays/allocarrays-go/locked"
)

func work(ctx context.Context) error { println(lib.Smooth(ctx, []float64{1})); return nil }

func badNever(ctx context.Context) {
	g := locked.NewGroup(ctx)
	g.Go(work)
}

func badEmpty(ctx context.Context) { locked.NewGroup(ctx) }

func badEarlyReturn(ctx context.Context, load func() error) error {
	g := locked.NewGroup(ctx)
	g.Go(work)
	if err := load(); err != nil {
		return err
	}
	return g.Wait()
}

func badConditional(ctx context.Context, n int) {
	g := locked.NewGroup(ctx)
	for range n {
		g.Go(work)
	}
	if n > 0 {
		_ = g.Wait()
	}
}

func badTry(ctx context.Context) error {
	g := locked.NewGroup(ctx)
	g.SetLimit(1)
	if !g.TryGo(work) {
		return errors.New("busy")
	}
	return g.Wait()
}

func badSelect(ctx context.Context, stop <-chan bool) error {
	g := locked.NewGroup(ctx)
	g.Go(work)
	select {
	case <-stop:
		return nil
	case <-ctx.Done():
		return g.Wait()
	}
}

func goodWait(ctx context.Context) error {
	g := locked.NewGroup(ctx)
	g.Go(work)
	return g.Wait()
}

func goodDefer(ctx context.Context, load func() error) (err error) {
	g := locked.NewGroup(ctx)
	defer func() { err = errors.Join(err, g.Wait()) }()
	g.Go(work)
	return load()
}

func goodReturned(ctx context.Context) *locked.Group {
	g := locked.NewGroup(ctx)
	g.Go(work)
	return g
}

type pipeline struct{ g *locked.Group }

func (p *pipeline) goodStart(ctx context.Context) { p.g = locked.NewGroup(ctx) }
func (p *pipeline) goodStop() error               { return p.g.Wait() }

func start(g *locked.Group) { g.Go(work) }

func goodHelper(ctx context.Context) error {
	g := locked.NewGroup(ctx)
	start(g)
	return finish(g)
}

func finish(g *locked.Group) error { return g.Wait() }

func goodLimit(ctx context.Context, n int) error {
	g := locked.NewGroup(ctx)
	g.SetLimit(4)
	for range n {
		g.Go(work)
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return nil
}

func goodStop(ctx context.Context) func() error {
	g := locked.NewGroup(ctx)
	g.Go(work)
	return g.Wait
}
