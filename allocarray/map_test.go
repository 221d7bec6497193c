package allocarray_test

import (
	"context"
	"fmt"
	"math"

	"github.com/allocarrays/allocarrays-go/allocarray"
)

// Map applies a function of one's own to every element. Its result has memory from
// the context, as that of any other operation.
func ExampleMap() {
	x := allocarray.Wrap([]float64{1, 4, 9, 16}, 2, 2)
	fmt.Println(allocarray.Map(context.Background(), x, func(v float64) float64 { return math.Sqrt(v) + 1 }))
	// Output:
	// [[2 3]
	//  [4 5]]
}
