// Package unknown gives memory of a scope to functions that nobody sees.
package unknown

import (
	"context"

	"github.com/allocarrays/allocarrays-go/scope"
)

type sink interface{ Take(x []float64) }

func throughInterface(ctx context.Context, s sink) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		s.Take(scope.Make[float64](ctx, 8)) // want "memory of a scope is given to .*, of which nothing is known"
		return nil
	})
}

func throughFunctionValue(ctx context.Context, take func([]float64)) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		take(scope.Make[float64](ctx, 8)) // want "memory of a scope is given to a function value, of which nothing is known"
		return nil
	})
}

func known(ctx context.Context, take func(float64)) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		x := scope.Make[float64](ctx, 8)
		x[0] = 1
		take(x[0]) // a copy of an element
		return nil
	})
}
