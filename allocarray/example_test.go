package allocarray_test

import (
	"context"
	"fmt"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/scope"
)

// distances is numeric code that knows nothing of allocators: it asks the context
// for its temporaries.
func distances(ctx context.Context, points, centre allocarray.AllocArray[float64]) allocarray.AllocArray[float64] {
	d := allocarray.Sub(ctx, points, centre)
	return allocarray.Sqrt(ctx, allocarray.SumAxis(ctx, allocarray.Square(ctx, d), 1))
}

// The caller decides where the temporaries live: here in a bump buffer, released
// together when the scope ends. Only the result is copied out.
func Example() {
	points := allocarray.Wrap([]float64{0, 0, 3, 4, 6, 8}, 3, 2)
	centre := allocarray.Wrap([]float64{0, 0})
	ctx := scope.WithAllocator(context.Background(), bumper.NewSlabBuffer())
	var result allocarray.AllocArray[float64]
	err := scope.NoEscape(ctx, func(ctx context.Context) error {
		result = distances(ctx, points, centre).Heap()
		return nil
	})
	fmt.Println(result, err)
	// Output: [ 0  5 10] <nil>
}

func ExampleWrap() {
	data := []int{1, 2, 3, 4, 5, 6}
	m := allocarray.Wrap(data, 2, 3)
	m.Set(60, 1, 2) // the slice and the array share their elements
	fmt.Println(m)
	fmt.Println(data)
	// Output:
	// [[ 1  2  3]
	//  [ 4  5 60]]
	// [1 2 3 4 5 60]
}

func ExampleAllocArray_Similar() {
	ctx := context.Background() // no allocator: the Go heap
	x := allocarray.Wrap([]float32{1, 2, 3, 4}, 2, 2)
	y := x.Similar(ctx)    // same shape, uninitialised
	z := x.Similar(ctx, 3) // another shape
	allocarray.MulInto(y, x, x)
	z.Fill(7)
	fmt.Println(y, z)
	// Output:
	// [[ 1  4]
	//  [ 9 16]] [7 7 7]
}

func ExampleAdd() {
	ctx := context.Background()
	column := allocarray.Wrap([]int{10, 20}, 2, 1)
	row := allocarray.Wrap([]int{1, 2, 3})
	fmt.Println(allocarray.Add(ctx, column, row)) // broadcast to 2×3
	// Output:
	// [[11 12 13]
	//  [21 22 23]]
}

func ExampleAddInto() {
	x := allocarray.Wrap([]int{1, 2, 3})
	total := allocarray.Wrap([]int{0, 0, 0})
	for range 3 {
		allocarray.AddInto(total, total, x) // in place; nothing is allocated
	}
	fmt.Println(total)
	// Output: [3 6 9]
}

// Views share the elements of the array they are made from.
func ExampleAllocArray_Slice() {
	m := allocarray.Arange[int](context.Background(), 12).Reshape(3, 4)
	fmt.Println(m.Slice(1, 1, 3))
	fmt.Println(m.Index(0, 2), m.SliceStep(1, 0, 4, 2).Transpose().Shape())
	m.Index(1, 0).Fill(-1)
	fmt.Println(m)
	// Output:
	// [[ 1  2]
	//  [ 5  6]
	//  [ 9 10]]
	// [ 8  9 10 11] [2 3]
	// [[-1  1  2  3]
	//  [-1  5  6  7]
	//  [-1  9 10 11]]
}

// Heap copies a result out of the scope that made it.
func ExampleAllocArray_Heap() {
	ctx := scope.WithAllocator(context.Background(), bumper.NewAllocBuffer(4096))
	var kept, lost allocarray.AllocArray[int]
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		lost = allocarray.Arange[int](ctx, 3)
		kept = lost.Heap()
		return nil
	})
	fmt.Println(kept, kept.Live(), lost.Live())
	// Output: [0 1 2] true false
}

// Using an array after its scope has ended panics; nothing is ever read from memory
// that something else may have by now.
func Example_stale() {
	ctx := scope.WithAllocator(context.Background(), bumper.NewAllocBuffer(4096))
	var escaped allocarray.AllocArray[float32]
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		escaped = allocarray.New[float32](ctx, 3, 4)
		return nil
	})
	defer func() {
		err := recover().(*scope.StaleError)
		fmt.Println(err.What)
		fmt.Println(err.Fix)
	}()
	escaped.At(0, 0)
	// Output:
	// allocarray: At of a 3×4 float32 array
	// copy what must outlive a scope with Heap() or CopyTo before it ends
}

func ExampleMatMul() {
	ctx := context.Background()
	a := allocarray.Wrap([]float64{1, 2, 3, 4, 5, 6}, 2, 3)
	fmt.Println(allocarray.MatMul(ctx, a, a.Transpose()))
	fmt.Println(allocarray.MatMul(ctx, a, allocarray.Wrap([]float64{1, 0, -1})))
	// Output:
	// [[14 32]
	//  [32 77]]
	// [-2 -2]
}

func ExampleSoftmax() {
	ctx := context.Background()
	logits := allocarray.Wrap([]float64{0, 0, 0, 0, 1000, 0}, 3, 2)
	fmt.Println(allocarray.Softmax(ctx, logits))
	// Output:
	// [[0.5 0.5]
	//  [0.5 0.5]
	//  [  1   0]]
}

func ExampleWhere() {
	ctx := context.Background()
	x := allocarray.Wrap([]int{-2, -1, 0, 1, 2})
	zero := allocarray.New[int](ctx) // a scalar
	fmt.Println(allocarray.Where(ctx, allocarray.Less(ctx, x, zero), zero, x))
	// Output: [0 0 0 1 2]
}
