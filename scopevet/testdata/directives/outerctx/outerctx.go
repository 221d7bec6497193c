package outerctx

import (
	"context"

	"github.com/allocarrays/allocarrays-go/scope"
)

func renamed(ctx context.Context) error {
	return scope.NoEscape(ctx, func(inner context.Context) error {
		println(scope.Make[float64](ctx, 3)[0]) // want `a context from outside`
		return nil
	})
}

func middle(a context.Context) error {
	return scope.NoEscape(a, func(b context.Context) error {
		return scope.NoEscape(b, func(c context.Context) error {
			println(scope.Make[float64](b, 3)[0]) // want `a context from outside`
			return nil
		})
	})
}

// The parameter has no name, or its name means something else: nothing is offered.
func unnamed(ctx context.Context) error {
	return scope.NoEscape(ctx, func(context.Context) error {
		println(scope.Make[float64](ctx, 3)[0]) // want `a context from outside`
		return nil
	})
}

func hidden(ctx context.Context) error {
	return scope.NoEscape(ctx, func(c context.Context) error {
		if c := 3; c > 2 {
			println(scope.Make[float64](ctx, c)[0]) // want `a context from outside`
		}
		return nil
	})
}
