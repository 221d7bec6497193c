package sharedctx

import (
	"context"
	"sync"

	"corpus.example/lib"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
)

func goodLocked(xs []array) {
	ctx := locked.WithLockedBumper(context.Background(), bumper.NewSlabBuffer())
	var wg sync.WaitGroup
	for _, x := range xs {
		wg.Go(func() { allocarray.Abs(ctx, x).Fill(1) })
	}
	wg.Wait()
}

func goodShare(xs []array) {
	ctx := scope.WithAllocator(context.Background(), locked.Share(bumper.NewSlabBuffer()))
	for _, x := range xs {
		go func() { allocarray.Abs(ctx, x).Fill(1) }()
	}
}

func goodBufferEach(xs []array) {
	var wg sync.WaitGroup
	for _, x := range xs {
		wg.Go(func() {
			ctx := scope.WithAllocator(context.Background(), bumper.NewSlabBuffer())
			allocarray.Abs(ctx, x).Fill(1)
		})
	}
	wg.Wait()
}

func goodBufferEachOutside(xs []array) {
	for _, x := range xs {
		ctx := scope.WithAllocator(context.Background(), bumper.NewSlabBuffer())
		go func() { allocarray.Abs(ctx, x).Fill(1) }()
	}
}

func goodHandedOver(x array) {
	ctx := scope.WithAllocator(context.Background(), bumper.NewSlabBuffer())
	done := make(chan bool)
	go func() { allocarray.Abs(ctx, x).Fill(1); close(done) }()
	<-done
	allocarray.Abs(ctx, x).Fill(1)
}

func goodOne(x array) {
	ctx := scope.WithAllocator(context.Background(), bumper.NewSlabBuffer())
	go func() { allocarray.Abs(ctx, x).Fill(1) }()
}

func goodHeap(xs []array) {
	ctx := scope.WithAllocator(context.Background(), scope.Heap())
	for _, x := range xs {
		go func() { allocarray.Abs(ctx, x).Fill(1) }()
	}
}

func goodWatchers(stop func()) {
	ctx := scope.WithAllocator(context.Background(), bumper.NewSlabBuffer())
	for range 3 {
		go func() { <-ctx.Done(); stop() }()
	}
	println(lib.Smooth(ctx, []float64{1}))
}

func goodCallers(ctx context.Context, xs []array) {
	for _, x := range xs {
		go func() { allocarray.Abs(ctx, x).Fill(1) }()
	}
}

func goodGroup(xs []array) error {
	ctx := locked.WithLockedBumper(context.Background(), bumper.NewSlabBuffer())
	g := locked.NewGroup(ctx)
	for _, x := range xs {
		g.Go(func(ctx context.Context) error { allocarray.Abs(ctx, x).Fill(1); return nil })
	}
	return g.Wait()
}

func goodPair(x array) {
	a := scope.WithAllocator(context.Background(), bumper.NewSlabBuffer())
	b := scope.WithAllocator(context.Background(), bumper.NewSlabBuffer())
	done := make(chan bool)
	go func() { allocarray.Abs(a, x).Fill(1); close(done) }()
	allocarray.Neg(b, x).Fill(1)
	<-done
}
