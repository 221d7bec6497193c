package outerctx

import (
	"context"
	"net/http"
	"slices"

	"corpus.example/lib"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/nn"
	"github.com/allocarrays/allocarrays-go/scope"
)

type array = allocarray.AllocArray[float64]

func badMake(ctx context.Context) error {
	return scope.NoEscape(ctx, func(context.Context) error {
		x := scope.Make[float64](ctx, 10)
		x[0] = 1
		return nil
	})
}

func badIgnored(ctx context.Context, x array) (s float64) {
	_ = scope.NoEscape(ctx, func(_ context.Context) error {
		s = allocarray.Sum(allocarray.Abs(ctx, x))
		return nil
	})
	return s
}

func badOtherName(ctx context.Context, x array) error {
	return scope.NoEscape(ctx, func(inner context.Context) error {
		y := allocarray.Abs(inner, x)
		allocarray.Neg(ctx, y).Fill(1)
		return nil
	})
}

func badHelper(ctx context.Context) error {
	return scope.NoEscape(ctx, func(inner context.Context) error {
		println(lib.Smooth(ctx, []float64{1}))
		return inner.Err()
	})
}

func badMiddle(ctx context.Context, x array) error {
	return scope.NoEscape(ctx, func(a context.Context) error {
		return scope.NoEscape(a, func(b context.Context) error {
			y := allocarray.Abs(b, x)
			y = allocarray.Neg(a, y)
			y.Fill(1)
			return nil
		})
	})
}

func badOutermost(ctx context.Context, x array) error {
	return scope.NoEscape(ctx, func(a context.Context) error {
		return scope.NoEscape(a, func(b context.Context) error {
			_ = b
			y := allocarray.Neg(ctx, x)
			y.Fill(1)
			return nil
		})
	})
}

func badDerived(ctx context.Context, x array) error {
	timed, cancel := context.WithCancel(ctx)
	defer cancel()
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		allocarray.Abs(timed, x).Fill(1)
		return nil
	})
}

func badDerivedScope(ctx context.Context, x array) error {
	timed, cancel := context.WithCancel(ctx)
	defer cancel()
	return scope.NoEscape(timed, func(inner context.Context) error {
		allocarray.Abs(ctx, x).Fill(1)
		return inner.Err()
	})
}

func badConditional(ctx context.Context, x array, fast bool) error {
	return scope.NoEscape(ctx, func(inner context.Context) error {
		c := inner
		if fast {
			c = ctx
		}
		allocarray.Abs(c, x).Fill(1)
		return nil
	})
}

func badRequest(w http.ResponseWriter, r *http.Request, x array) {
	_ = scope.NoEscape(r.Context(), func(ctx context.Context) error {
		allocarray.Abs(r.Context(), x).Fill(1)
		return ctx.Err()
	})
}

type server struct {
	ctx   context.Context
	model *nn.Chain
}

func (s *server) badField(x array) error {
	return scope.NoEscape(s.ctx, func(ctx context.Context) error {
		allocarray.Abs(s.ctx, x).Fill(1)
		return ctx.Err()
	})
}

func (s *server) badForward(ctx context.Context, x nn.Tensor) error {
	return scope.NoEscape(ctx, func(inner context.Context) error {
		y := s.model.Forward(ctx, x)
		println(y.Len())
		return inner.Err()
	})
}

func badNestedScope(ctx context.Context, x array) error {
	return scope.NoEscape(ctx, func(inner context.Context) error {
		tmp := allocarray.Abs(inner, x)
		return scope.NoEscape(ctx, func(ctx context.Context) error {
			allocarray.Neg(ctx, tmp).Fill(1)
			return nil
		})
	})
}

func badGroupOfOuter(ctx context.Context, x array) error {
	return scope.NoEscape(ctx, func(inner context.Context) error {
		tmp := allocarray.Abs(inner, x)
		g := locked.NewGroup(ctx)
		g.Go(func(ctx context.Context) error {
			allocarray.Neg(ctx, tmp).Fill(1)
			return nil
		})
		return g.Wait()
	})
}

func badWorker(ctx context.Context, xs []array) error {
	g := locked.NewGroup(ctx)
	for _, x := range xs {
		g.Go(func(context.Context) error {
			allocarray.Abs(ctx, x).Fill(1)
			return nil
		})
	}
	return g.Wait()
}

func badScoped(ctx context.Context) (float64, error) {
	return lib.Scoped(ctx, func(context.Context) (float64, error) {
		return lib.Sum(scope.Make[float64](ctx, 3)), nil
	})
}

func badClosureInside(ctx context.Context, x array) error {
	return scope.NoEscape(ctx, func(inner context.Context) error {
		abs := func(x array) array { return allocarray.Abs(ctx, x) }
		abs(abs(x)).Fill(1)
		return inner.Err()
	})
}

func badHelperClosure(ctx context.Context, x array) error {
	abs := func(x array) array { return allocarray.Abs(ctx, x) }
	return scope.NoEscape(ctx, func(inner context.Context) error {
		abs(x).Fill(1)
		return inner.Err()
	})
}

func badOpen(ctx context.Context, x array) {
	inner, s := scope.Open(ctx)
	defer s.End()
	y := allocarray.Abs(inner, x)
	allocarray.Neg(ctx, y).Fill(1)
}

func badIterator(ctx context.Context, xs []array) error {
	return scope.NoEscape(ctx, func(inner context.Context) error {
		var all []array
		for x := range slices.Values(xs) {
			all = append(all, allocarray.Abs(ctx, x))
		}
		println(len(all))
		return inner.Err()
	})
}

func badGeneric[T allocarray.Element](ctx context.Context, x allocarray.AllocArray[T]) error {
	return scope.NoEscape(ctx, func(inner context.Context) error {
		allocarray.Abs(ctx, x).Fill(1)
		return inner.Err()
	})
}

func badMethodValue(ctx context.Context, x array) error {
	similar := x.Similar
	return scope.NoEscape(ctx, func(inner context.Context) error {
		similar(ctx).Fill(1)
		return inner.Err()
	})
}
