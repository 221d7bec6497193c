package outerctx

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"corpus.example/lib"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
)

func goodShadow(ctx context.Context, x array) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		allocarray.Abs(ctx, x).Fill(1)
		return nil
	})
}

func goodNotAllocating(ctx context.Context, x array) error {
	return scope.NoEscape(ctx, func(inner context.Context) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		slog.InfoContext(ctx, "begin")
		allocarray.Abs(inner, x).Fill(1)
		return nil
	})
}

func goodSelect(ctx context.Context, x array, in <-chan float64) error {
	return scope.NoEscape(ctx, func(inner context.Context) error {
		y := allocarray.Abs(inner, x)
		select {
		case v := <-in:
			y.Fill(v)
		case <-ctx.Done():
		}
		return nil
	})
}

func goodOtherBuffer(a, b context.Context, x array) error {
	return scope.NoEscape(a, func(a context.Context) error {
		y := allocarray.Abs(a, x)
		allocarray.Neg(b, y).Fill(1)
		return nil
	})
}

func goodOwnBuffer(ctx context.Context, x array) error {
	own := scope.WithAllocator(ctx, bumper.NewSlabBuffer())
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		y := allocarray.Abs(ctx, x)
		allocarray.Neg(own, y).Fill(1)
		return nil
	})
}

func goodHeap(ctx context.Context, x array) (y array) {
	heap := scope.WithAllocator(ctx, scope.Heap())
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		y = allocarray.Abs(ctx, x).Clone(heap)
		return nil
	})
	return y
}

func goodDerived(ctx context.Context, x array) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		allocarray.Abs(ctx, x).Fill(1)
		return nil
	})
}

func goodNested(ctx context.Context, x array) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		y := allocarray.Abs(ctx, x)
		if err := scope.NoEscape(ctx, func(ctx context.Context) error {
			allocarray.Neg(ctx, y).Fill(1)
			return nil
		}); err != nil {
			return err
		}
		allocarray.Exp(ctx, y).Fill(1)
		return nil
	})
}

func goodAfter(ctx context.Context, x array) array {
	var s float64
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		s = allocarray.Sum(allocarray.Abs(ctx, x))
		return nil
	})
	return allocarray.AddScalar(ctx, x, s)
}

func goodBefore(ctx context.Context, x array) array {
	y := x.Similar(ctx)
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		allocarray.Abs(ctx, x).CopyTo(y)
		return nil
	})
	return y
}

func goodOpen(ctx context.Context, x array) float64 {
	inner, s := scope.Open(ctx)
	sum := allocarray.Sum(allocarray.Abs(inner, x))
	_ = s.End()
	return sum + allocarray.Sum(allocarray.Neg(ctx, x))
}

func goodOpenShadow(ctx context.Context, x array) float64 {
	ctx, s := scope.Open(ctx)
	defer s.End()
	return allocarray.Sum(allocarray.Abs(ctx, x))
}

func goodWorker(ctx context.Context, xs []array) error {
	g := locked.NewGroup(ctx)
	for _, x := range xs {
		g.Go(func(ctx context.Context) error {
			allocarray.Abs(ctx, x).Fill(1)
			return nil
		})
	}
	return g.Wait()
}

func goodRequest(w http.ResponseWriter, r *http.Request, x array) {
	_ = scope.NoEscape(r.Context(), func(ctx context.Context) error {
		r = r.WithContext(ctx)
		allocarray.Abs(r.Context(), x).Fill(1)
		return nil
	})
}

func goodScoped(ctx context.Context) (float64, error) {
	return lib.Scoped(ctx, func(ctx context.Context) (float64, error) {
		return lib.Smooth(ctx, []float64{1}), nil
	})
}

func goodHelperClosure(ctx context.Context, x array) error {
	abs := func(ctx context.Context, x array) array { return allocarray.Abs(ctx, x) }
	y := abs(ctx, x)
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		abs(ctx, y).Fill(1)
		return nil
	})
}

func goodConditional(ctx context.Context, x array, scoped bool) error {
	run := func(ctx context.Context) error {
		allocarray.Abs(ctx, x).Fill(1)
		return nil
	}
	if scoped {
		return scope.NoEscape(ctx, run)
	}
	return run(ctx)
}

func goodRecursive(ctx context.Context, x array, depth int) error {
	if depth == 0 {
		allocarray.Abs(ctx, x).Fill(1)
		return nil
	}
	return scope.NoEscape(ctx, func(ctx context.Context) error { return goodRecursive(ctx, x, depth-1) })
}
