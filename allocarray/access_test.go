package allocarray_test

import (
	"fmt"

	"github.com/allocarrays/allocarrays-go/allocarray"
)

// Indices count from 0, the last one runs fastest, and strides count elements.
func ExampleAllocArray_At() {
	x := allocarray.Wrap([]int{1, 2, 3, 4, 5, 6}, 2, 3)
	x.Set(60, 1, 2)
	fmt.Println(x.At(0, 1), x.At(1, 2))
	fmt.Println(x.Shape(), x.Strides(), x.Rank(), x.Len())
	// Output:
	// 2 60
	// [2 3] [3 1] 2 6
}
