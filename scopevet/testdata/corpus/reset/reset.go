package reset

import (
	"context"

	"corpus.example/lib"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
)

type array = allocarray.AllocArray[float64]

func badInScope(x array) error {
	buf := bumper.NewSlabBuffer()
	ctx := scope.WithAllocator(context.Background(), buf)
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		allocarray.Abs(ctx, x).Fill(1)
		return buf.Reset()
	})
}

func badCloseInScope(x array) error {
	buf := bumper.NewAllocBuffer(100)
	ctx := scope.WithAllocator(context.Background(), buf)
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		defer buf.Close()
		allocarray.Abs(ctx, x).Fill(1)
		return nil
	})
}

func badNested(x array) error {
	buf := bumper.NewSlabBuffer()
	ctx := scope.WithAllocator(context.Background(), buf)
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		return scope.NoEscape(ctx, func(ctx context.Context) error { return buf.Reset() })
	})
}

func badShared(x array) error {
	shared := locked.Share(bumper.NewSlabBuffer())
	ctx := scope.WithAllocator(context.Background(), shared)
	return scope.NoEscape(ctx, func(ctx context.Context) error { return shared.Reset() })
}

func badInner(x array) error {
	buf := bumper.NewSlabBuffer()
	ctx := locked.WithLockedBumper(context.Background(), buf)
	return scope.NoEscape(ctx, func(ctx context.Context) error { return buf.Reset() })
}

func badRestore(x array) error {
	buf := bumper.NewSlabBuffer()
	ctx := scope.WithAllocator(context.Background(), buf)
	cp := buf.Checkpoint()
	return scope.NoEscape(ctx, func(ctx context.Context) error { return buf.Restore(cp) })
}

func badOpen(x array) {
	buf := bumper.NewSlabBuffer()
	ctx, s := scope.Open(scope.WithAllocator(context.Background(), buf))
	allocarray.Abs(ctx, x).Fill(1)
	_ = buf.Reset()
	_ = s.End()
}

func badOpenDeferred(x array) {
	buf := bumper.NewSlabBuffer()
	ctx, s := scope.Open(scope.WithAllocator(context.Background(), buf))
	defer s.End()
	allocarray.Abs(ctx, x).Fill(1)
	_ = buf.Close()
}

func badDeferOrder(x array) {
	buf := bumper.NewSlabBuffer()
	ctx, s := scope.Open(scope.WithAllocator(context.Background(), buf))
	defer s.End()
	defer buf.Reset() // runs first
	allocarray.Abs(ctx, x).Fill(1)
}

func badGroup(xs []array) error {
	shared := locked.Share(bumper.NewSlabBuffer())
	g := locked.NewGroup(scope.WithAllocator(context.Background(), shared))
	for _, x := range xs {
		g.Go(func(ctx context.Context) error { allocarray.Abs(ctx, x).Fill(1); return nil })
	}
	if err := shared.Reset(); err != nil {
		return err
	}
	return g.Wait()
}

func badWorker(x array) error {
	shared := locked.Share(bumper.NewSlabBuffer())
	g := locked.NewGroup(scope.WithAllocator(context.Background(), shared))
	g.Go(func(ctx context.Context) error {
		allocarray.Abs(ctx, x).Fill(1)
		return shared.Reset()
	})
	return g.Wait()
}

type server struct {
	ctx context.Context
	buf *bumper.SlabBuffer
}

func (s *server) badField() error {
	return scope.NoEscape(s.ctx, func(ctx context.Context) error {
		println(lib.Smooth(ctx, []float64{1}))
		return s.buf.Reset()
	})
}

func badHelper() error {
	buf := bumper.NewSlabBuffer()
	ctx := scope.WithAllocator(context.Background(), buf)
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		release(buf)
		return nil
	})
}

func release(b bumper.Buffer) { _ = b.Reset() }

func goodAfter(x array) error {
	buf := bumper.NewSlabBuffer()
	ctx := scope.WithAllocator(context.Background(), buf)
	if err := scope.NoEscape(ctx, func(ctx context.Context) error {
		allocarray.Abs(ctx, x).Fill(1)
		return nil
	}); err != nil {
		return err
	}
	return buf.Reset()
}

func goodDeferred(x array) error {
	buf := bumper.NewSlabBuffer()
	defer buf.Close()
	ctx := scope.WithAllocator(context.Background(), buf)
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		allocarray.Abs(ctx, x).Fill(1)
		return nil
	})
}

func goodOther(ctx context.Context, x array) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		own := bumper.NewSlabBuffer()
		allocarray.Abs(scope.WithAllocator(ctx, own), x).Fill(1)
		return own.Reset()
	})
}

func goodOtherOutside(x array) error {
	a, b := bumper.NewSlabBuffer(), bumper.NewSlabBuffer()
	ctx := scope.WithAllocator(context.Background(), a)
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		allocarray.Abs(scope.WithAllocator(ctx, b), x).Fill(1)
		return b.Reset()
	})
}

func goodGroup(xs []array) error {
	shared := locked.Share(bumper.NewSlabBuffer())
	g := locked.NewGroup(scope.WithAllocator(context.Background(), shared))
	for _, x := range xs {
		g.Go(func(ctx context.Context) error { allocarray.Abs(ctx, x).Fill(1); return nil })
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return shared.Reset()
}

func goodOpen(x array) {
	buf := bumper.NewSlabBuffer()
	ctx, s := scope.Open(scope.WithAllocator(context.Background(), buf))
	allocarray.Abs(ctx, x).Fill(1)
	_ = s.End()
	_ = buf.Reset()
}

func goodDeferOrder(x array) {
	buf := bumper.NewSlabBuffer()
	defer buf.Reset()
	ctx, s := scope.Open(scope.WithAllocator(context.Background(), buf))
	defer s.End()
	allocarray.Abs(ctx, x).Fill(1)
}

func goodLoop(xs []array) {
	buf := bumper.NewSlabBuffer()
	ctx := scope.WithAllocator(context.Background(), buf)
	for _, x := range xs {
		_ = scope.NoEscape(ctx, func(ctx context.Context) error {
			allocarray.Abs(ctx, x).Fill(1)
			return nil
		})
		_ = buf.Reset()
	}
}

func goodCheckpointInside(x array) error {
	buf := bumper.NewSlabBuffer()
	ctx := scope.WithAllocator(context.Background(), buf)
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		cp := buf.Checkpoint()
		allocarray.Abs(ctx, x).Fill(1)
		return buf.Restore(cp)
	})
}

func (s *server) goodField(x array) error {
	if err := scope.NoEscape(s.ctx, func(ctx context.Context) error {
		allocarray.Abs(ctx, x).Fill(1)
		return nil
	}); err != nil {
		return err
	}
	return s.buf.Reset()
}
