package adopting

import (
	"context"
	"math"

	"github.com/allocarrays/allocarrays-go/scope"
)

// WarpBefore returns the dynamic time warping distance of two series (Sakoe and
// Chiba, 1978): the least sum of distances of an alignment that keeps the order of
// both.
func WarpBefore(a, b []float64) float64 {
	last := make([]float64, len(b)+1)
	next := make([]float64, len(b)+1)
	return warp(a, b, last, next)
}

// WarpAfter is WarpBefore with the memory of ctx.
func WarpAfter(ctx context.Context, a, b []float64) float64 {
	last := scope.Make[float64](ctx, len(b)+1)
	next := scope.Make[float64](ctx, len(b)+1)
	return warp(a, b, last, next)
}

// warp fills the table of partial distances row by row; last and next have one
// element more than b and are zero.
func warp(a, b, last, next []float64) float64 {
	for j := range b {
		last[j+1] = math.Inf(1)
	}
	for _, x := range a {
		next[0] = math.Inf(1)
		for j, y := range b {
			next[j+1] = math.Abs(x-y) + min(last[j], last[j+1], next[j])
		}
		last, next = next, last
	}
	return last[len(b)]
}
