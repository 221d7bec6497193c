package adopting

import (
	"context"
	"math"
	"slices"

	"github.com/allocarrays/allocarrays-go/scope"
)

// OutliersBefore counts the elements of x that are more than limit median absolute
// deviations away from the median. Three helpers deep, each call allocates.
func OutliersBefore(x []float64, limit float64) (count int) {
	center := medianBefore(x)
	spread := deviationBefore(x, center)
	for _, v := range x {
		if math.Abs(v-center) > limit*spread {
			count++
		}
	}
	return count
}

func deviationBefore(x []float64, center float64) float64 {
	d := make([]float64, len(x))
	for i, v := range x {
		d[i] = math.Abs(v - center)
	}
	return medianBefore(d)
}

func medianBefore(x []float64) float64 {
	sorted := make([]float64, len(x))
	copy(sorted, x)
	slices.Sort(sorted)
	return sorted[len(sorted)/2]
}

// OutliersAfter is OutliersBefore with the memory of ctx. The helpers got the
// context as a parameter; the innermost also gives its memory back when it returns,
// because nothing of it is in the result.
func OutliersAfter(ctx context.Context, x []float64, limit float64) (count int) {
	center := medianAfter(ctx, x)
	spread := deviationAfter(ctx, x, center)
	for _, v := range x {
		if math.Abs(v-center) > limit*spread {
			count++
		}
	}
	return count
}

func deviationAfter(ctx context.Context, x []float64, center float64) float64 {
	d := scope.Make[float64](ctx, len(x))
	for i, v := range x {
		d[i] = math.Abs(v - center)
	}
	return medianAfter(ctx, d)
}

func medianAfter(ctx context.Context, x []float64) (median float64) {
	err := scope.NoEscape(ctx, func(ctx context.Context) error {
		sorted := scope.Make[float64](ctx, len(x))
		copy(sorted, x)
		slices.Sort(sorted)
		median = sorted[len(sorted)/2]
		return nil
	})
	if err != nil {
		panic(err) // exhausted memory: goes on to the caller's scope
	}
	return median
}
