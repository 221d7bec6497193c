package arrowscope_test

import (
	"context"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/compute"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	arrowscope "github.com/allocarrays/allocarrays-go/contrib/arrow"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
)

// A column is built and computed with by Arrow, then by package allocarray, in one scope. One
// column outlives it.
func ExampleDo() {
	ctx := locked.WithLockedBumper(context.Background(), bumper.NewSlabBuffer())
	var kept arrow.Array
	err := scope.NoEscape(ctx, func(ctx context.Context) error {
		return arrowscope.Do(ctx, func(mem *arrowscope.Allocator) error {
			b := array.NewFloat64Builder(mem)
			b.AppendValues([]float64{1, 2, 3, 4}, nil)
			column := compute.NewDatum(b.NewArray())

			doubled, err := compute.CallFunction(compute.WithAllocator(ctx, mem), "add", nil, column, column)
			if err != nil {
				return err
			}
			kept = arrowscope.Detach(doubled.(*compute.ArrayDatum).MakeArray())

			a, err := arrowscope.From[float64](nil, kept) // on the Go heap
			if err != nil {
				return err
			}
			fmt.Println(allocarray.Mean(a))
			return nil
		})
	})
	fmt.Println(kept, err)
	// Output:
	// 5
	// [2 4 6 8] <nil>
}
