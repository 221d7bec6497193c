package nn

import (
	"context"

	"github.com/allocarrays/allocarrays-go/internal/pieces"
	"github.com/allocarrays/allocarrays-go/scope"
)

// helpersOf returns the helpers of ctx for a layer of so many multiply-adds; nil if it is too small.
func helpersOf(ctx context.Context, multiplyAdds float64) scope.Helpers {
	if multiplyAdds < pieces.Worthwhile {
		return nil
	}
	return scope.HelpersFrom(ctx)
}

// helpersFor is helpersOf with the number of their workers.
func helpersFor(ctx context.Context, multiplyAdds float64) (scope.Helpers, int) {
	h := helpersOf(ctx, multiplyAdds)
	return h, pieces.Workers(h, multiplyAdds)
}
