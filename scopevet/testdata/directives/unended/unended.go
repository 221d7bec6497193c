package unended

import (
	"context"

	"github.com/allocarrays/allocarrays-go/scope"
)

func sum(ctx context.Context) float64 {
	ctx, s := scope.Open(ctx) // want `never ended`
	println(s.Late())
	return scope.Make[float64](ctx, 3)[0]
}
