package escape

import (
	"context"

	"github.com/allocarrays/allocarrays-go/scope"
)

var kept, last []float64

func plain(ctx context.Context) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		kept = scope.Make[float64](ctx, 3) // want `kept in the global variable escape.kept beyond the end of the scope`
		return nil
	})
}

func silenced(ctx context.Context) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		//scopevet:ignore escape the caller clears it
		kept = scope.Make[float64](ctx, 3)
		last = scope.Make[float64](ctx, 3) // want `escape.last`
		return nil
	})
}

func sameLine(ctx context.Context) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		kept = scope.Make[float64](ctx, 3) //scopevet:ignore escape the caller clears it
		return nil
	})
}

// all is silenced as a whole.
//
//scopevet:ignore escape the caller clears both
func all(ctx context.Context) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		kept = scope.Make[float64](ctx, 3)
		last = scope.Make[float64](ctx, 3)
		return nil
	})
}

func otherRule(ctx context.Context) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		//scopevet:ignore loop not what is wrong here
		kept = scope.Make[float64](ctx, 3) // want `escape.kept`
		return nil
	})
}

func noReason(ctx context.Context) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		//scopevet:ignore escape
		kept = scope.Make[float64](ctx, 3) // want `escape.kept`
		return nil
	})
}
