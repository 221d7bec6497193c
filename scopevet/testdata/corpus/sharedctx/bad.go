package sharedctx

import (
	"context"
	"sync"

	"corpus.example/lib"

	"golang.org/x/sync/errgroup"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/meter"
	"github.com/allocarrays/allocarrays-go/scope"
)

type array = allocarray.AllocArray[float64]

func badLoop(xs [][]float64) {
	ctx := scope.WithAllocator(context.Background(), bumper.NewSlabBuffer())
	var wg sync.WaitGroup
	for _, x := range xs {
		wg.Go(func() { println(lib.Smooth(ctx, x)) })
	}
	wg.Wait()
}

func badTwo(x array) {
	ctx := scope.WithAllocator(context.Background(), bumper.NewSlabBuffer())
	done := make(chan bool)
	go func() { allocarray.Abs(ctx, x).Fill(1); done <- true }()
	go func() { allocarray.Neg(ctx, x).Fill(1); done <- true }()
	<-done
	<-done
}

func badWithParent(x array) {
	ctx := scope.WithAllocator(context.Background(), bumper.NewAllocBuffer(1<<20))
	done := make(chan bool)
	go func() { allocarray.Abs(ctx, x).Fill(1); close(done) }()
	allocarray.Neg(ctx, x).Fill(1)
	<-done
}

func badScopes(x array) {
	buf := bumper.NewAutoscalingBuffer()
	ctx := scope.WithAllocator(context.Background(), buf)
	for range 4 {
		go scope.NoEscape(ctx, func(ctx context.Context) error {
			allocarray.Abs(ctx, x).Fill(1)
			return nil
		})
	}
}

func badErrgroup(xs []array) error {
	ctx := scope.WithAllocator(context.Background(), bumper.NewSlabBuffer())
	g, ctx := errgroup.WithContext(ctx)
	for _, x := range xs {
		g.Go(func() error { allocarray.Abs(ctx, x).Fill(1); return nil })
	}
	return g.Wait()
}

func badHandedOn(xs [][]float64) {
	ctx := scope.WithAllocator(context.Background(), bumper.NewSlabBuffer())
	for _, x := range xs {
		go smooth(ctx, x)
	}
}

func smooth(ctx context.Context, x []float64) { println(lib.Smooth(ctx, x)) }

func badGroup(xs []array) error {
	ctx := scope.WithAllocator(context.Background(), bumper.NewSlabBuffer())
	g := locked.NewGroup(ctx)
	for _, x := range xs {
		g.Go(func(ctx context.Context) error { allocarray.Abs(ctx, x).Fill(1); return nil })
	}
	return g.Wait()
}

func badGroupWrapped() error {
	buf := meter.New(bumper.NewSlabBuffer(), meter.Fallback())
	return locked.NewGroup(scope.WithAllocator(context.Background(), buf)).Wait()
}

func badGroupInScope() error {
	ctx := scope.WithAllocator(context.Background(), bumper.NewSlabBuffer())
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		g := locked.NewGroup(ctx)
		return g.Wait()
	})
}

func badInScope(x array) error {
	ctx := scope.WithAllocator(context.Background(), bumper.NewSlabBuffer())
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() { allocarray.Abs(ctx, x).Fill(1) })
		}
		wg.Wait()
		return nil
	})
}

func badReset(x array) {
	buf := bumper.NewSlabBuffer()
	ctx := scope.WithAllocator(context.Background(), buf)
	go func() { allocarray.Abs(ctx, x).Fill(1) }()
	_ = buf.Reset()
}

func badMade(xs []array) {
	ctx := newContext()
	for _, x := range xs {
		go func() { allocarray.Abs(ctx, x).Fill(1) }()
	}
}

func newContext() context.Context {
	return scope.WithAllocator(context.Background(), bumper.NewSlabBuffer())
}
