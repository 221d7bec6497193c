package scopegonum_test

import (
	"context"
	"fmt"

	"gonum.org/v1/gonum/mat"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	scopegonum "github.com/allocarrays/allocarrays-go/contrib/gonum"
	"github.com/allocarrays/allocarrays-go/scope"
)

// A system is solved by gonum, and the rest computed with arrays, in one scope.
func Example() {
	ctx := scope.WithAllocator(context.Background(), bumper.NewSlabBuffer())
	err := scope.NoEscape(ctx, func(ctx context.Context) error {
		a := allocarray.New[float64](ctx, 2, 2)
		copy(a.Data(), []float64{2, 1, 1, 3})
		b := allocarray.New[float64](ctx, 2)
		copy(b.Data(), []float64{3, 5})

		m, err := scopegonum.Dense(a)
		if err != nil {
			return err
		}
		y, err := scopegonum.VecDense(b)
		if err != nil {
			return err
		}
		x := scopegonum.NewVecDense(ctx, 2)
		if err := x.SolveVec(m, y); err != nil {
			return err
		}
		solution, err := scopegonum.FromVec(ctx, x)
		if err != nil {
			return err
		}
		fmt.Printf("%.3f\n", mat.Formatted(x.T()))
		fmt.Printf("%.3f\n", allocarray.Sum(allocarray.Sub(ctx, allocarray.MatMul(ctx, a, solution), b)))
		return nil
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// [0.800  1.400]
	// 0.000
}
