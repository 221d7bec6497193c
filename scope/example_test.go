package scope_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/scope"
)

// Norm is numeric code, perhaps of another package. It asks the context for memory.
func Norm(ctx context.Context, x []float64) (sum float64) {
	squares := scope.Make[float64](ctx, len(x))
	for i, v := range x {
		squares[i] = v * v
		sum += squares[i]
	}
	return sum
}

// Its caller decides where the memory comes from, and when it is released.
func Example() {
	buf := bumper.NewSlabBuffer()
	ctx := scope.WithAllocator(context.Background(), buf)
	x := []float64{3, 4}
	for range 1000 {
		err := scope.NoEscape(ctx, func(ctx context.Context) error {
			if n := Norm(ctx, x); n != 25 {
				return fmt.Errorf("norm is %v", n)
			}
			return nil
		})
		if err != nil {
			fmt.Println(err)
		}
	}
	s := buf.Stats()
	fmt.Printf("%d allocations, %d bytes at most\n", s.Allocations, s.HighWater)
	// Output: 1000 allocations, 16 bytes at most
}

func ExampleMake() {
	ctx := scope.WithAllocator(context.Background(), bumper.NewAllocBuffer(4096))
	type point struct{ X, Y float32 }
	points := scope.Make[point](ctx, 3)
	points[2].Y = 1
	fmt.Println(points, cap(points))

	defer func() { fmt.Println(recover()) }()
	scope.Make[struct{ Name string }](ctx, 3)
	// Output:
	// [{0 0} {0 0} {0 1}] 3
	// scope: element type struct { Name string } contains a pointer (struct { Name string }.Name is a string): the garbage collector does not see pointers in a buffer
}

// Running out of memory, wherever in the call tree, is an error of the scope.
func ExampleNoEscape() {
	ctx := scope.WithAllocator(context.Background(), bumper.NewAllocBuffer(4096))
	err := scope.NoEscape(ctx, func(ctx context.Context) error {
		Norm(ctx, make([]float64, 1000))
		return nil
	})
	fmt.Println(errors.Is(err, scope.ErrExhausted))
	fmt.Println(err)
	// Output:
	// true
	// bumper.AllocBuffer: out of memory: 8000 bytes requested, 4096 available, limit 4096
}

// Results that outlive the scope are allocated outside of it, here by giving the
// heap to the code that makes them.
func ExampleWithAllocator() {
	buf := bumper.NewSlabBuffer()
	ctx := scope.WithAllocator(context.Background(), buf)
	var result []float64
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		keep := scope.WithAllocator(ctx, scope.Heap())
		result = scope.Make[float64](keep, 2)
		result[0] = Norm(ctx, []float64{3, 4})
		return nil
	})
	fmt.Println(result, buf.Stats().Used)
	// Output: [25 0] 0
}

func ExampleTry() {
	ctx := scope.WithAllocator(context.Background(), bumper.NewAllocBuffer(1024))
	err := scope.Try(func() error {
		_ = scope.Make[float64](ctx, 1000)
		return nil
	})
	fmt.Println(err)
	// Output: bumper.AllocBuffer: out of memory: 8000 bytes requested, 1024 available, limit 1024
}

// An array type keeps the stamp of its memory and checks it on every access.
func ExampleAlloc() {
	ctx := scope.WithAllocator(context.Background(), bumper.NewSlabBuffer())
	var stamp scope.Stamp
	_ = scope.NoEscape(ctx, func(ctx context.Context) (err error) {
		_, stamp, err = scope.Alloc[float64](ctx, 10)
		fmt.Println(stamp.Live())
		return err
	})
	fmt.Println(stamp.Live())
	// Output:
	// true
	// false
}
